public import Vocabulary

/// The alerts that were raised, and what became of them.
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at
/// once, on the caller's; success means durable.
public protocol AlertStore: Sendable {
    /// What is open and what has yet to be sent, for a start.
    func openAlerts(then: @escaping @Sendable (Result<AlertOpening, StoreFault>) -> Void)

    /// Records alerts. One whose condition is open already, raised by another node perhaps, is not recorded again.
    ///
    /// - Parameter then: called with those recorded, in order; an alert beyond `AlertLimits.pending` is recorded as
    ///   given up and not among them.
    func raise(_ alerts: [NewAlert], then: @escaping @Sendable (Result<[AlertOutbox.Item], StoreFault>) -> Void)

    /// Closes conditions by their names, so that they may be raised again.
    func closeAlerts(_ names: [String], then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Notes an attempt to send an alert.
    func note(_ delivery: AlertDelivery, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// The alerts, newest first.
    ///
    /// - Parameters:
    ///   - id: only alerts with a lesser identifier; nil to start at the newest.
    ///   - count: the maximum number of alerts.
    func alerts(
        before id: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[AlertRecord], StoreFault>) -> Void
    )
}

public enum AlertLimits {
    /// Alerts that wait to be sent.
    public static let pending: Int64 = 10_000
    /// How long an alert that is closed and no longer waits stays listed.
    public static let kept = Duration.seconds(90 * 86_400)
}

/// An alert to be recorded.
public struct NewAlert: Sendable {
    /// Of the condition.
    public let name: String
    public let course: AlertCondition.Course
    /// The JSON object without its identifier.
    public let facts: [UInt8]
    public let at: Timestamp

    public init(_ condition: AlertCondition, at moment: Timestamp) {
        name = condition.name
        course = condition.course
        facts = condition.facts.json(condition.kind, at: moment).text
        at = moment
    }
}

/// What a start finds in the store.
public struct AlertOpening: Sendable, Equatable {
    public let open: [AlertBook.Entry]
    /// In the order in which they were raised.
    public let pending: [AlertOutbox.Item]

    public init(open: [AlertBook.Entry], pending: [AlertOutbox.Item]) {
        self.open = open
        self.pending = pending
    }
}

/// What became of an alert so far.
public enum AlertState: String, Sendable, CaseIterable {
    case pending
    case delivered
    case givenUp = "given_up"
}

/// One attempt to send an alert, or the end of the attempts.
public struct AlertDelivery: Sendable {
    public let id: Int64
    public let state: AlertState
    /// How often it was tried.
    public let attempts: Int
    /// What the receiver said last, or why it could not be asked; without secrets, at most 200 characters.
    public let detail: String
    public let at: Timestamp

    public init(id: Int64, state: AlertState, attempts: Int, detail: String, at: Timestamp) {
        self.id = id
        self.state = state
        self.attempts = attempts
        self.detail = detail
        self.at = at
    }
}

/// A recorded alert.
public struct AlertRecord: Sendable {
    public let id: Int64
    /// The JSON object without its identifier.
    public let facts: [UInt8]
    public let state: AlertState
    public let attempts: Int
    public let detail: String?
    /// The time of the last attempt; nil if there was none.
    public let triedAt: Timestamp?

    public init(
        id: Int64,
        facts: [UInt8],
        state: AlertState,
        attempts: Int,
        detail: String?,
        triedAt: Timestamp?
    ) {
        self.id = id
        self.facts = facts
        self.state = state
        self.attempts = attempts
        self.detail = detail
        self.triedAt = triedAt
    }
}
