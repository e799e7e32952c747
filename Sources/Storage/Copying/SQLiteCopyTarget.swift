import GRDB
import Vocabulary

/// The new file that a copy is written to. Until it is whole it has another name, no fsync, and a journal in memory,
/// which pages that are appended are not in. Confined to the thread of the copy.
final class SQLiteCopyTarget: CopyTarget {
    let database: Database
    private var statement: (table: String, statement: SQLiteStatement)?

    private init(_ database: Database) { self.database = database }

    /// Makes the file, has the body fill it, and gives it its name, durably.
    ///
    /// - Throws: `unavailable` when something is there already; what the body throws. There is nothing then.
    static func make<Value>(_ path: String, _ body: (SQLiteCopyTarget) throws -> Value) throws -> Value {
        let path = try StoreFile.resolve(path)
        let lock = try StoreLock(path: path)
        defer { withExtendedLifetime(lock) {} }
        for suffix in ["", "-wal", "-journal"] where DiskPlace.byteCount(of: path + suffix) > 0 {
            throw StoreFault(
                code: .unavailable,
                detail: "there is a file \(path)\(suffix) already: give the name of a new one, or move it away"
            )
        }
        let unfinished = path + UnfinishedStore.suffix
        do {
            let file = try DiskFile.make(unfinished)
            let value = try fill(unfinished, body)
            try file.sync()
            // An empty file may have the name.
            try DiskPlace.rename(unfinished, to: path)
            try StoreFile.syncFolder(of: path)
            return value
        } catch {
            DiskPlace.remove(unfinished)
            throw error
        }
    }

    private static func fill<Value>(_ path: String, _ body: (SQLiteCopyTarget) throws -> Value) throws -> Value {
        let queue = try SQLiteEngine.writingConnection(path: path, busyTimeout: SQLiteEngine.busyTimeout)
        let value = try queue.writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    PRAGMA journal_mode = MEMORY;
                    PRAGMA synchronous = OFF;
                    PRAGMA locking_mode = EXCLUSIVE;
                    PRAGMA cache_size = -16384;
                    PRAGMA temp_store = MEMORY;
                    """
            )
            try StoreSchema.migrate(database)
            try database.execute(sql: "BEGIN IMMEDIATE")
            for table in CopiedTable.preset { try database.execute(sql: "DELETE FROM \(table)") }
            let target = SQLiteCopyTarget(database)
            do {
                let value = try body(target)
                target.statement = nil
                try database.execute(sql: "COMMIT")
                return value
            } catch {
                target.statement = nil
                // A full disk has ended it already.
                if database.isInsideTransaction { try? database.execute(sql: "ROLLBACK") }
                throw error
            }
        }
        try queue.close()
        return value
    }

    func insert(_ rows: [[CopiedValue]], into table: CopiedTable) throws {
        let statement = try inserting(into: table)
        for row in rows {
            for (index, value) in row.enumerated() {
                let number = Int32(index) + 1
                switch value {
                case .null: statement.bind(nil as Int64?, at: number)
                case .integer(let integer): statement.bind(integer, at: number)
                case .text(let text): statement.bind(text, at: number)
                case .bytes(let bytes): statement.bind(bytes: bytes, at: number)
                }
            }
            try statement.run()
        }
    }

    private func inserting(into table: CopiedTable) throws -> SQLiteStatement {
        if let (name, statement) = statement, name == table.name { return statement }
        let values = table.columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        let made = try SQLiteStatement(
            text: "INSERT INTO \(table.name) (\(table.columnList)) VALUES (\(values))",
            on: database
        )
        statement = (table.name, made)
        return made
    }

    func tally(of table: CopiedTable) throws -> CopyTally { try SQLiteCopySource.tally(of: table, in: database) }

    /// Balances of a file are in memory, from its roll-ups.
    func derive(from tallies: [String: CopyTally]) throws {
        try database.execute(
            sql: """
                UPDATE ledger_floor SET open_from =
                    coalesce((SELECT min(id) FROM ledger WHERE state = 0), (SELECT max(id) FROM ledger), 0)
                """
        )
    }
}

/// The file that a copy of a whole store is written to before it has its name.
enum UnfinishedStore {
    static let suffix = ".unfinished-store"

    /// Refuses a place where a copy was cut off: a start would make an empty store there, whose budgets know of
    /// nothing. Beside a store it is of no use, and goes.
    static func refuse(_ path: String) throws(StoreFault) {
        guard DiskPlace.exists(path + suffix) else { return }
        guard !DiskPlace.exists(path) else { return DiskPlace.remove(path + suffix) }
        throw StoreFault(
            code: .unavailable,
            detail: "a copy to \(path) was cut off: run tollgate store copy again, or remove \(path)\(suffix) to begin "
                + "with an empty store"
        )
    }
}
