public import Budgeting
public import Vocabulary

/// The stored roll-ups of one team, which the team may see itself.
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at once,
/// on the caller's.
public protocol TeamUsageStore: Sendable {
    /// What the team's requests came to over a window's days, by all of its keys.
    func usage(
        of team: TeamID,
        over days: Range<BudgetDay>,
        then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void
    )
}

/// The stored roll-ups of all teams together.
///
/// As `TeamUsageStore`.
public protocol TotalUsageStore: Sendable {
    /// What the requests of all teams came to since the start of a day.
    func usage(since day: BudgetDay, then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void)
}
