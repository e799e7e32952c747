import GRDB
import Vocabulary

/// Looks at a file that may become a store, from its first page to its last: whether SQLite finds it whole, whether it
/// is of this program, and whether its sums agree. The file may come from anywhere.
public enum StoreInspection {
    /// Lines of SQLite's own check that a fault repeats.
    private static let linesMax = 5

    /// Reads a file that no process has open, and changes nothing of it or beside it. Blocks for about a second for
    /// each 200 MB of it.
    ///
    /// - Throws: `corrupt`, `newerSchema`, else `unavailable`.
    public static func inspect(_ path: String) throws(StoreFault) -> (survey: StoreSurvey, sumFaults: [String]) {
        do {
            let byteCount = try wholeFile(path)
            var configuration = Configuration()
            configuration.readonly = true
            configuration.label = "store inspection"
            let database = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? database.close() }
            return try database.unsafeRead { database in
                // No function of an expression in a schema that is not ours is run, and no cell is believed.
                try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
                try StoreSchema.check(database)
                try checkIntegrity(database)
                let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                guard version > 0 else { throw StoreFault(code: .corrupt, detail: "the file is an empty database") }
                try StoreSchema.checkTables(database, schema: version)
                return (
                    try StoreSurvey(of: database, byteCount: byteCount),
                    try StoreSums.faults(database, schema: version)
                )
            }
        } catch {
            let fault = StoreFault(thrown: error)
            throw StoreFault(code: fault.code, detail: "\(path): \(fault.detail)")
        }
    }

    /// Refuses a file that is not whole by itself: what is in a log beside it is not in it.
    static func refuseLog(beside path: String) throws(StoreFault) {
        for suffix in ["-wal", "-journal"] where DiskPlace.byteCount(of: path + suffix) > 0 {
            throw StoreFault(
                code: .unavailable,
                detail: "\(path)\(suffix) lies beside the file, which is not whole without it: give a file that "
                    + "`tollgate backup` made"
            )
        }
    }

    /// The size of a file that is whole by itself.
    private static func wholeFile(_ path: String) throws(StoreFault) -> Int64 {
        try refuseLog(beside: path)
        let file = try DiskFile.read(path)
        let head = try file.bytes(at: 0, atMost: 20)
        guard head.starts(with: Array("SQLite format 3\0".utf8)), head.count == 20 else {
            throw StoreFault(code: .corrupt, detail: "the file is no SQLite database")
        }
        guard head[18] == 1, head[19] == 1 else {
            // SQLite would make files beside it.
            throw StoreFault(
                code: .unavailable,
                detail: "the file is that of a running or killed store: give a file that `tollgate backup` made"
            )
        }
        return try file.byteCount()
    }

    private static func checkIntegrity(_ database: Database) throws {
        let lines = try String.fetchAll(database, sql: "PRAGMA integrity_check(\(linesMax))")
        guard lines == ["ok"] else {
            throw StoreFault(code: .corrupt, detail: "the file is damaged: \(lines.joined(separator: "; "))")
        }
    }
}
