import Reporting
import Vocabulary

/// What a store runs on: one kind of database, with the threads that speak to it.
///
/// Callable from any thread; each operation is answered exactly once.
protocol StoreEngine: Sendable {
    var writer: StoreWriter { get }

    /// The number of this process among those that share the database.
    var node: Int { get }

    /// How many reservations of an earlier process were made unconfirmed when it was opened.
    var recoveredCount: Int { get }

    /// Takes the password that new connections are made with.
    func replace(_ target: StoreTarget)

    /// Runs a read that a request waits for.
    func lookUp(_ operation: ReadOperation)

    /// Runs a read that no request waits for: a long one holds no look-up up.
    func list(_ operation: ReadOperation)

    /// Copies the whole store, where its file is the gateway's own.
    func copyAll(then: @escaping @Sendable (Result<any StoreCopy, BackupFault>) -> Void)

    /// Refuses from now on; what was asked before is still done. Blocks not.
    func stop()

    /// Does what was asked before, answers it, and gives the database up. Blocks; once.
    func close()
}

/// What the writer's thread has of its database. Confined to that thread.
protocol WriterBase: AnyObject {
    var connection: StoreConnection { get }

    /// What forbids to write now, found out without a transaction.
    func obstacle() -> StoreFault?

    /// Does operations in as few transactions as it can.
    func commit(_ operations: ArraySlice<WriteOperation>) -> GroupOutcome

    /// Notes that something was committed.
    func noteCommit(operations: Int)

    /// Does what is due between two transactions.
    ///
    /// - Parameter isIdle: whether there is nothing else to do.
    /// - Returns: a fault after which nothing may be acknowledged any more.
    func tend(isIdle: Bool) -> StoreFault?

    /// How long there is nothing to tend; nil while nothing is pending.
    var pause: Duration? { get }
}

/// The database of a writer, as it is lent to the writer's thread.
protocol WritableDatabase: Sendable {
    /// Calls the body with what the thread may use until it returns.
    func lend(_ metrics: StoreMetrics, to body: (any WriterBase) -> Void)

    /// Ends the connection; after the thread, and not after a fault that forbids to acknowledge anything.
    ///
    /// - Returns: a fault that says that what was acknowledged may be lost.
    func close() -> StoreFault?
}

/// What became of a group of operations.
struct GroupOutcome {
    /// One for each operation, in order: what to call.
    var answers: [@Sendable () -> Void] = []
    /// How many are committed.
    var committed = 0
    /// An error after which nothing more may be acknowledged.
    var fatal: StoreFault?
    /// How long the COMMIT took, until it was durable; nil without one.
    var commitTook: Duration?
}

/// One operation on the writer's connection, with its answer.
///
/// A message. Operations of a group share a transaction, and yet each is done whole or not at all, independently of the
/// others.
struct WriteOperation: Sendable {
    /// Does the work and gives what is to be called once it is durable. It may be called a second time after all that
    /// it did was rolled back, so it has no effect but on the database.
    let run: @Sendable (StoreConnection) throws -> @Sendable () -> Void
    /// Called instead when it failed.
    let refuse: @Sendable (StoreFault) -> Void

    init<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        run = { connection in
            let value = try work(connection)
            return { then(.success(value)) }
        }
        refuse = { then(.failure($0)) }
    }
}
