public import Budgeting
public import Vocabulary

/// The stored roll-ups of all teams, from which spend reports are made.
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at
/// once, on the caller's.
public protocol SpendStore: Sendable {
    /// What requests came to on these days, one item for each name. The sum of the items is the same for every
    /// grouping.
    ///
    /// By document at most `SpendReport.documentsMax` items have names, those that cost most; the item without a name
    /// has the rest.
    func spend(
        by grouping: SpendGrouping,
        over days: Range<BudgetDay>,
        then: @escaping @Sendable (Result<[SpendReport.Item], StoreFault>) -> Void
    )
}
