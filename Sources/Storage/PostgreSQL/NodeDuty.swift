import Vocabulary

/// What a node does again and again between two groups of operations, in transactions of its own: to look for news, to
/// end what dead nodes left. Confined to the writer's thread.
protocol NodeDuty: AnyObject {
    /// When it is to be done next. In the past: as soon as the thread can.
    var dueAt: MonotonicInstant { get }

    /// Does it, and says by `dueAt` when it is due again, also after a failure. No transaction is open, and no COMMIT
    /// in doubt.
    ///
    /// - Throws: `SeatLost`, and whatever else; the latter is tried again.
    func perform(on connection: StoreConnection) throws
}

extension MonotonicInstant {
    /// Of a duty that is due at once.
    static let longAgo = MonotonicInstant(nanoseconds: 0)
}
