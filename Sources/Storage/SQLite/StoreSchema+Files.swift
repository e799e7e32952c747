import GRDB
import Vocabulary

/// What a file has of the schema, looked at without changing it.
extension StoreSchema {
    private static func version(_ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    }

    /// Refuses a file that has steps missing, where none may be taken; one without tables is no such file.
    static func refuseOlder(_ database: Database) throws {
        let version = try version(database)
        guard version > 0, version < Self.version else { return }
        throw StoreFault(
            code: .olderSchema,
            detail:
                "the file has schema \(version), this program needs \(Self.version), and store.migrate is false: make a "
                + "backup with the program that wrote it, then type: tollgate migrate --config FILE"
        )
    }

    /// Refuses a file whose tables are not those that its version has: a trigger or a view would run with the gateway's
    /// writes. Indexes beside those that are needed do no harm.
    static func checkTables(_ database: Database, schema version: Int) throws {
        let expected = try tables(ofSchema: version)
        let found = try tables(database)
        for (name, sql) in found where expected[name] != sql {
            if expected[name] == nil, sql.hasPrefix("index ") { continue }
            let what =
                expected[name] == nil
                ? "has \(name), which no gateway made" : "has another \(name) than schema \(version)"
            throw StoreFault(code: .corrupt, detail: "the file \(what)")
        }
        if let missing = expected.keys.filter({ found[$0] == nil }).min() {
            throw StoreFault(code: .corrupt, detail: "the file lacks \(missing) of schema \(version)")
        }
    }

    private static func tables(ofSchema version: Int) throws -> [String: String] {
        let fresh = try DatabaseQueue()
        defer { try? fresh.close() }
        return try fresh.writeWithoutTransaction { database in
            for step in steps[..<version] { try database.execute(sql: step) }
            return try tables(database)
        }
    }

    /// By name, with kind and text. Those that SQLite makes by itself have no text or names of its own.
    private static func tables(_ database: Database) throws -> [String: String] {
        let sql =
            "SELECT name, type || ' ' || sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        var tables: [String: String] = [:]
        for row in try Row.fetchAll(database, sql: sql) {
            guard let name = String.fromDatabaseValue(row[0]), let text = String.fromDatabaseValue(row[1]) else {
                continue
            }
            tables[name] = text
        }
        return tables
    }
}
