public import Budgeting
public import Vocabulary

/// The stored roll-ups of one team, which the team may see itself.
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at
/// once, on the caller's.
public protocol TeamUsageStore: Sendable {
    /// What the team's requests came to over a window's days, by all of its keys.
    func usage(
        of team: TeamID,
        over days: Range<BudgetDay>,
        then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void
    )
}

/// The stored counts of all teams together over the last 24 hours.
///
/// As `TeamUsageStore`.
public protocol RecentUsageStore: Sendable {
    /// What requests came to in the quarter of an hour that is running and the 95 before it.
    func recentUsage(at now: Timestamp, then: @escaping @Sendable (Result<RecentUsage, StoreFault>) -> Void)
}

/// What the requests of all teams came to lately.
public struct RecentUsage: Hashable, Sendable {
    /// The start of the first quarter of an hour that is counted: up to 24 hours ago, or when counting began after
    /// that.
    public let since: Timestamp
    /// Hits, collapsed requests, misses, and what was saved; nothing else is kept by quarters.
    public let counts: SpendCounts

    public init(since: Timestamp, counts: SpendCounts) {
        self.since = since
        self.counts = counts
    }
}
