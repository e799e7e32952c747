import Vocabulary

/// What the writer's thread has of its database. Confined to that thread.
protocol WriterBase: AnyObject {
    var connection: StoreConnection { get }

    /// What forbids to write now, found out without a transaction.
    func obstacle() -> StoreFault?

    /// Whether the obstacle is that the process has lost its seat: `commit` then does what may be done late.
    var hasLostSeat: Bool { get }

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
