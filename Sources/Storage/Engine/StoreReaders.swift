import EventLoops
import Vocabulary

/// A connection that only reads, as it is lent to a reader's thread.
protocol ReadableDatabase: Sendable {
    /// Calls the body with what the thread may use until it returns.
    func lend(to body: (StoreConnection) -> Void)

    /// Ends the connection; after the thread.
    func close()
}

/// Threads that read, each with a connection of its own that can do nothing else, and the queue that they share.
///
/// Immutable. Each read sees all that was answered as durable before it began.
final class StoreReaders: Sendable {
    private struct Reader {
        let database: any ReadableDatabase
        let thread: SystemThread
    }

    private let work: WorkQueue<ReadOperation>
    private let readers: [Reader]

    /// - Parameters:
    ///   - name: of the threads.
    ///   - isBackground: whether they give way to the threads that answer requests.
    ///   - open: makes the connection of one of them, which has this name.
    init(
        name: String,
        isBackground: Bool = false,
        count: Int,
        queueMax: Int,
        open: (_ name: String) throws -> any ReadableDatabase
    ) throws {
        work = WorkQueue(itemsMax: queueMax)
        var readers: [Reader] = []
        do {
            for number in 1...count {
                let name = "\(name)-\(number)"
                readers.append(try Self.start(try open(name), name, isBackground, work))
            }
        } catch {
            work.close()
            Self.end(readers)
            throw error
        }
        self.readers = readers
    }

    private static func start(
        _ database: any ReadableDatabase,
        _ name: String,
        _ isBackground: Bool,
        _ work: WorkQueue<ReadOperation>
    ) throws -> Reader {
        let thread = try SystemThread.ofStore(name, isBackground: isBackground) {
            database.lend { connection in
                while case .items(let operations) = work.take(atMost: 1, waiting: nil) {
                    for operation in operations { operation.run(connection) }
                }
            }
        }
        return Reader(database: database, thread: thread)
    }

    private static func end(_ readers: [Reader]) {
        for reader in readers {
            reader.thread.join()
            reader.database.close()
        }
    }

    /// Runs a read on the next reader that is free.
    func submit(_ operation: ReadOperation) {
        switch work.put(operation) {
        case .taken: break
        case .full: operation.refuse(StoreFault(code: .overloaded, detail: "too many reads wait for the store"))
        case .closed: operation.refuse(StoreFault(code: .unavailable, detail: "the store is closed"))
        }
    }

    /// Refuses from now on; what was asked before is still done.
    func stop() { work.close() }

    /// Does what was asked before, then closes the connections.
    func close() {
        stop()
        Self.end(readers)
    }
}
