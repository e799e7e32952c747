import EventLoops
import GRDB
import Vocabulary

/// Threads that read, each with a connection of its own that can do nothing else, and the queue that they share.
///
/// Immutable. In WAL mode a reader waits for no writer, and each read sees all that was answered as durable before it
/// began.
final class SQLiteReaders: Sendable {
    private struct Reader {
        let database: DatabaseQueue
        let thread: SystemThread
    }

    private let work: WorkQueue<ReadOperation>
    private let readers: [Reader]

    /// - Parameters:
    ///   - name: of the threads.
    ///   - isBackground: whether they give way to the threads that answer requests.
    init(
        path: String,
        busyTimeout: Duration,
        name: String,
        isBackground: Bool = false,
        count: Int,
        queueMax: Int
    ) throws {
        work = WorkQueue(itemsMax: queueMax)
        var readers: [Reader] = []
        do {
            for number in 1...count {
                readers.append(try Self.start(path, busyTimeout, "\(name)-\(number)", isBackground, work))
            }
        } catch {
            work.close()
            try Self.end(readers)
            throw error
        }
        self.readers = readers
    }

    private static func start(
        _ path: String,
        _ busyTimeout: Duration,
        _ name: String,
        _ isBackground: Bool,
        _ work: WorkQueue<ReadOperation>
    ) throws -> Reader {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Double(busyTimeout.wholeNanoseconds) / 1e9)
        configuration.label = name
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.unsafeRead { database in
            // Only the writer checkpoints: SQLite 3.40.1 has a race between a checkpoint and a writer that resets the
            // log when both are different connections (fixed in 3.51.3).
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = 1")
        }
        let thread = try SystemThread.ofStore(name, isBackground: isBackground) {
            database.unsafeRead { database in
                let connection = StoreConnection(database)
                while case .items(let operations) = work.take(atMost: 1, waiting: nil) {
                    for operation in operations { operation.run(connection) }
                }
            }
        }
        return Reader(database: database, thread: thread)
    }

    private static func end(_ readers: [Reader]) throws {
        for reader in readers {
            reader.thread.join()
            try reader.database.close()
        }
    }

    /// Runs a read on the next reader that is free.
    func submit(_ operation: ReadOperation) {
        switch work.put(operation) {
        case .taken: break
        case .full: operation.refuse(StoreFault(code: .overloaded, detail: "too many reads wait for the disk"))
        case .closed: operation.refuse(StoreFault(code: .unavailable, detail: "the store is closed"))
        }
    }

    /// Refuses from now on; what was asked before is still done.
    func stop() { work.close() }

    /// Does what was asked before, then closes the connections.
    func close() throws {
        stop()
        try Self.end(readers)
    }
}
