import GRDB
import Vocabulary

/// A read for one of the reader threads, with its answer. A message.
struct ReadOperation: Sendable {
    let run: @Sendable (StoreConnection) -> Void
    let refuse: @Sendable (StoreFault) -> Void

    init<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        run = { connection in
            do { then(.success(try work(connection))) } catch { then(.failure(StoreFault(thrown: error))) }
        }
        refuse = { then(.failure($0)) }
    }
}

/// A thread that reads, with a connection of its own that can do nothing else.
///
/// Immutable. Readers share a queue. In WAL mode a reader waits for no writer, and each read sees all that was answered
/// as durable before it began.
final class StoreReader: Sendable {
    private let database: DatabaseQueue
    private let thread: StoreThread

    init(path: String, busyTimeout: Duration, work: WorkQueue<ReadOperation>, number: Int) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Double(busyTimeout.wholeNanoseconds) / 1e9)
        configuration.label = "store reader \(number)"
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.unsafeRead { database in
            // Only the writer checkpoints: SQLite 3.40.1 has a race between a checkpoint and a writer that resets the
            // log when both are different connections (fixed in 3.51.3).
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = 1")
        }
        self.database = database
        thread = try StoreThread(name: "store-read-\(number)") {
            database.unsafeRead { database in
                let connection = StoreConnection(database)
                while case .items(let operations) = work.take(atMost: 1, waiting: nil) {
                    for operation in operations { operation.run(connection) }
                }
            }
        }
    }

    /// Waits until the queue, which was closed, is empty, and closes the connection.
    func close() throws {
        thread.join()
        try database.close()
    }
}
