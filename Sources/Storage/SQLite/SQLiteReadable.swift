import GRDB
import Vocabulary

/// A connection to the file that can do nothing but read. In WAL mode a reader waits for no writer. Immutable.
struct SQLiteReadable: ReadableDatabase {
    private let queue: DatabaseQueue

    init(path: String, busyTimeout: Duration, name: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Double(busyTimeout.wholeNanoseconds) / 1e9)
        configuration.label = name
        queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.unsafeRead { database in
            // Only the writer checkpoints: SQLite 3.40.1 has a race between a checkpoint and a writer that resets the
            // log when both are different connections (fixed in 3.51.3).
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = 1")
        }
    }

    func lend(to body: (StoreConnection) -> Void) { queue.unsafeRead { body(StoreConnection($0)) } }

    func close() { try? queue.close() }
}
