public import Vocabulary

/// The ledger's rows, which the admin side lists, and resolves where they are unconfirmed.
///
/// Callable from any thread; never blocks. Answers as `Ledger` does: exactly once, and success means durable. The note
/// of a change is durable in the same transaction; the user of the store chooses its type.
public protocol LedgerRowStore<Note>: Sendable {
    /// The note stored with a change: who made it.
    associatedtype Note: Sendable

    /// One part of the ledger, newest first.
    func rows(_ question: LedgerQuestion, then: @escaping @Sendable (Result<LedgerPage, StoreFault>) -> Void)

    /// One row; nil when there is none.
    func row(_ id: ReservationID, then: @escaping @Sendable (Result<LedgerRow?, StoreFault>) -> Void)

    /// Resolves an unconfirmed row, and moves its amounts in the roll-ups of its own day (L13).
    ///
    /// - Parameter then: anything but `.done` means that nothing changed and that the note is not stored.
    func resolve(
        _ resolution: Resolution,
        audit: Note,
        then: @escaping @Sendable (Result<ResolutionAnswer, StoreFault>) -> Void
    )
}

/// The answer to `resolve`.
public enum ResolutionAnswer: Sendable, Equatable {
    case done
    /// The row is in another state.
    case notUnconfirmed(ReservationState)
    case missing
}

/// Which rows of the ledger are wanted. What is nil is not looked at.
public struct LedgerQuestion: Sendable, Equatable {
    public var team: TeamID?
    public var key: TeamKeyID?
    public var account: AccountID?
    public var upstreamKey: UpstreamKeyID?
    /// A UUID in lower case.
    public var documentID: String?
    public var requestID: String?
    public var state: ReservationState?
    /// The first moment that a row may be created at.
    public var from: Timestamp?
    /// The first moment that is not wanted any more.
    public var end: Timestamp?
    /// Only rows with a lesser identifier; nil to start at the newest.
    public var before: ReservationID?
    /// The maximum number of rows.
    public var count: Int

    public init(count: Int) { self.count = count }

    /// An identifier is given before the row is created, which may wait for other nodes, or runs ahead of a clock that was
    /// set back: by no more than this, or the row is not found by its time.
    private static let slack = Duration.seconds(60)

    /// The identifiers that rows of the time and the page can have: they ascend in time, so that few others are read.
    public var identifiers: Range<Int64> {
        let first = from.map { ReservationID.smallest(at: $0 + (.zero - Self.slack)).rawValue } ?? 0
        var last = end.map { ReservationID.smallest(at: $0 + Self.slack).rawValue } ?? .max
        if let before { last = min(last, before.rawValue) }
        return first..<max(first, last)
    }

    /// Whether a row has all that is asked for. The identifiers and the time are not looked at.
    public func matches(_ row: LedgerRow) -> Bool {
        let ask = row.reservation.ask
        return (state ?? row.state) == row.state
            && (team ?? ask.team) == ask.team
            && (key ?? ask.key) == ask.key
            && (account ?? ask.account) == ask.account
            && (upstreamKey ?? ask.upstreamKey) == ask.upstreamKey
            && (documentID ?? ask.documentID) == ask.documentID
            && (requestID ?? ask.requestID) == ask.requestID
    }
}

/// One part of the ledger. It may hold fewer rows than are asked for, or none, and yet not be the last: a page reads a
/// bounded number of rows.
public struct LedgerPage: Sendable, Equatable {
    public let rows: [LedgerRow]
    /// The page goes on below this identifier; nil when nothing is left.
    public let next: ReservationID?

    public init(rows: [LedgerRow], next: ReservationID?) {
        self.rows = rows
        self.next = next
    }
}
