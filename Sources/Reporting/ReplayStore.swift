public import Budgeting
public import Vocabulary

/// The part of the ledger that a replay reads (`WhatIf`).
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at
/// once, on the caller's. Each call reads a bounded number of rows.
public protocol ReplayStore: TeamUsageStore {
    /// What the team had spent before a day, from the roll-ups.
    func used(
        by team: TeamID,
        before day: BudgetDay,
        then: @escaping @Sendable (Result<TeamUse, StoreFault>) -> Void
    )

    /// The next rows of a replay.
    func replayRows(
        _ part: ReplayPart,
        then: @escaping @Sendable (Result<ReplayRows, StoreFault>) -> Void
    )
}

/// A part of the ledger.
public struct ReplayPart: Sendable, Equatable {
    /// Identifiers ascend in time.
    public var ids: Range<ReservationID>
    public var isNewestFirst: Bool
    public let team: TeamID
    /// Whether rows of other teams are wanted too.
    public let includesOthers: Bool
    /// The maximum number of rows to look at, wanted or not.
    public var count: Int

    public init(
        ids: Range<ReservationID>,
        isNewestFirst: Bool = false,
        team: TeamID,
        includesOthers: Bool,
        count: Int
    ) {
        self.ids = ids
        self.isNewestFirst = isNewestFirst
        self.team = team
        self.includesOthers = includesOthers
        self.count = count
    }

    /// What is left of it behind these rows; nil when nothing is.
    public func rest(behind rows: ReplayRows) -> ReplayPart? {
        guard rows.count >= count, let last = rows.last else { return nil }
        var rest = self
        if isNewestFirst {
            guard last > ids.lowerBound else { return nil }
            rest.ids = ids.lowerBound..<last
        } else {
            let next = ReservationID(rawValue: last.rawValue.saturatingAdd(1))
            guard next < ids.upperBound else { return nil }
            rest.ids = next..<ids.upperBound
        }
        return rest
    }
}

/// Rows of the ledger, in the order in which they were asked for.
public struct ReplayRows: Sendable {
    /// The rows that are wanted.
    public var rows: [ReplayRow] = []
    /// How many rows were looked at; fewer than were asked for at the end of the part.
    public var count = 0
    /// The last one that was looked at.
    public var last: ReservationID?

    public init() {}
}

/// One reservation as a replay needs it.
public struct ReplayRow: Sendable, Equatable {
    public enum Ending: Sendable, Equatable {
        /// Still under way.
        case open
        case settled(MicroCredits)
        case released
        case unconfirmed
        /// Was unconfirmed until it was said what it cost.
        case resolved(MicroCredits)
    }

    /// Whether it is of the team that the replay is about.
    public let isOfTeam: Bool
    public let cacheKey: CacheKey
    public let estimate: MicroCredits
    public let createdAt: Timestamp
    public let ending: Ending
    /// Nil while it is open.
    public let endedAt: Timestamp?

    /// Whether it was for a question that the cache could answer: what is passed through has no cache key.
    var isQuestion: Bool { cacheKey.digest != Digest(0, 0, 0, 0) }

    /// Whether it was charged without a reservation: such a row is made and ended in one step.
    var isCharge: Bool { !isQuestion && endedAt == createdAt && ending == .settled(estimate) }

    public init(
        isOfTeam: Bool,
        cacheKey: CacheKey,
        estimate: MicroCredits,
        createdAt: Timestamp,
        ending: Ending,
        endedAt: Timestamp?
    ) {
        self.isOfTeam = isOfTeam
        self.cacheKey = cacheKey
        self.estimate = estimate
        self.createdAt = createdAt
        self.ending = ending
        self.endedAt = endedAt
    }
}
