public import Budgeting
public import Reporting
public import Vocabulary

extension SQLiteStore: TeamUsageStore {
    public func usage(
        of team: TeamID,
        over days: Range<BudgetDay>,
        then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void
    ) {
        list({ try UsageTable.counts(of: team, over: days, on: $0) }, then: then)
    }
}

extension SQLiteStore: TotalUsageStore {
    public func usage(since day: BudgetDay, then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void) {
        list({ try UsageTable.counts(since: day, on: $0) }, then: then)
    }
}
