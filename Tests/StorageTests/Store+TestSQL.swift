import GRDB
import PostgreSQL

@testable import Storage

extension StoreConnection {
    /// Of a file.
    var database: Database { (link as! SQLiteLink).database }

    /// Runs one statement of the test's own in an operation.
    func execute(_ sql: String) throws {
        guard let link = link as? PostgreSQLLink else { return try database.execute(sql: sql) }
        _ = try link.query(PostgreSQLCommand(sql))
    }
}

/// SQL of a test's own, when all that was asked of the store before is done: on the writer's connection to a file, or
/// on another connection to the store's database.
extension Store {
    /// The name of the database; nil for a file.
    private func databaseName() throws -> String? {
        try performAndWait { connection in
            guard let link = connection.link as? PostgreSQLLink else { return nil }
            return try link.query(PostgreSQLCommand("SELECT current_database()")).text(0, 0)
        }.get()
    }

    func execute(_ statements: String...) throws { try execute(statements) }

    private func execute(_ statements: [String]) throws {
        if let name = try databaseName() { return try TestDatabases.execute(statements, in: name) }
        try performAndWait { connection in
            for statement in statements { try connection.database.execute(sql: statement) }
        }.get()
    }

    /// The rows of a query as text, one column after the other, `-` for NULL.
    func rows(_ sql: String) throws -> [String] {
        if let name = try databaseName() { return try TestDatabases.rows(sql, in: name) }
        return try performAndWait { connection in
            try Row.fetchAll(connection.database, sql: sql).map { row in
                row.databaseValues.map { $0.isNull ? "-" : String.fromDatabaseValue($0) ?? "\($0)" }
                    .joined(separator: " ")
            }
        }.get()
    }

    // MARK: What goes wrong

    private func kind() throws -> StoreKind { try databaseName() == nil ? .file : .postgreSQL }

    /// Makes every insertion into a table fail, until changes are allowed again.
    func refuseInsertions(into table: String, when condition: String = "true") throws {
        try execute(Refusal.begin(kind(), "INSERT", table, when: condition))
    }

    func refuseUpdates(of table: String) throws {
        try execute(Refusal.begin(kind(), "UPDATE", table, when: "true"))
    }

    func refuseDeletions(from table: String, when condition: String = "true") throws {
        try execute(Refusal.begin(kind(), "DELETE", table, when: condition))
    }

    func allowChanges(of table: String) throws { try execute(Refusal.end(kind(), table)) }

    /// Changes a table without its checks, as a damaged page is.
    func spoil(_ table: String, _ sql: String) throws {
        switch try kind() {
        case .file:
            try execute("PRAGMA ignore_check_constraints = 1", sql, "PRAGMA ignore_check_constraints = 0")
        case .postgreSQL:
            let checks = "SELECT conname FROM pg_constraint WHERE conrelid = '\(table)'::regclass AND contype = 'c'"
            let removal = "EXECUTE format('ALTER TABLE \(table) DROP CONSTRAINT %I', name)"
            try execute("DO $$ DECLARE name TEXT; BEGIN FOR name IN \(checks) LOOP \(removal); END LOOP; END $$", sql)
        }
    }
}
