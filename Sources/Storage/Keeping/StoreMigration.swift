import GRDB
internal import PostgreSQL
import Vocabulary

/// Brings a store that no process has open to this program's schema.
public enum StoreMigration {
    /// What this program writes into a file.
    public static var schemaVersion: Int { StoreSchema.version }

    public struct Outcome: Sendable, Equatable {
        public let from: Int
        public let to: Int
        /// Which sums do not agree with the ledger, one line each.
        public let sumFaults: [String]
    }

    /// Takes all missing steps, or none. Blocks for as long as they take.
    ///
    /// - Parameter onStep: called before each step with its number and that of the last one.
    /// - Throws: `inUse` when a process has the store open, `newerSchema`, else what prevents it.
    public static func run(
        _ target: StoreTarget,
        onStep: (_ number: Int, _ last: Int) -> Void = { _, _ in }
    ) throws(StoreFault) -> Outcome {
        switch target.kind {
        case .sqlite(let path): return try run(path: path, onStep: onStep)
        case .postgreSQL(let address): return try run(address, onStep: onStep)
        }
    }

    private static func run(
        _ address: PostgreSQLAddress,
        onStep: (_ number: Int, _ last: Int) -> Void
    ) throws(StoreFault) -> Outcome {
        do {
            let connection = try PostgreSQLConnection(to: address, within: .seconds(10))
            defer { connection.close() }
            try PostgreSQLCheck.refuse(connection)
            let migration = PostgreSQLMigration(connection: connection, name: "tollgate migrate")
            let from = try migration.bringUp(migrates: true) { onStep($0, PostgreSQLSchema.version) }
            return Outcome(from: from, to: PostgreSQLSchema.version, sumFaults: [])
        } catch {
            let fault = StoreFault(thrown: error)
            throw StoreFault(code: fault.code, detail: "cannot migrate \(address): \(fault.detail)")
        }
    }

    static func run(
        path: String,
        onStep: (_ number: Int, _ last: Int) -> Void = { _, _ in }
    ) throws(StoreFault) -> Outcome {
        let path = try StoreFile.resolve(path)
        let lock = try StoreLock(path: path)
        defer { withExtendedLifetime(lock) {} }
        try StoreRestore.refuseUnfinished(path)
        guard DiskPlace.byteCount(of: path) > 0 else {
            throw StoreFault(
                code: .unavailable,
                detail: "there is no store at \(path); `tollgate serve` makes one of this schema"
            )
        }
        try StoreFile.prepare(path)
        do {
            let queue = try SQLiteEngine.writingConnection(path: path, busyTimeout: SQLiteEngine.busyTimeout)
            defer { try? queue.close() }
            return try queue.writeWithoutTransaction { database in
                try StoreSchema.check(database)
                let from = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                if from < StoreSchema.version {
                    try SQLiteEngine.setUp(database)
                    try StoreSchema.migrate(database) { onStep($0, StoreSchema.version) }
                    try StoreFile.syncFolder(of: path)
                }
                try StoreSchema.probe(database)
                let faults = try StoreSums.faults(database, schema: StoreSchema.version)
                return Outcome(from: from, to: StoreSchema.version, sumFaults: faults)
            }
        } catch {
            let fault = StoreFault(thrown: error)
            throw StoreFault(code: fault.code, detail: "cannot migrate \(path): \(fault.detail)")
        }
    }
}
