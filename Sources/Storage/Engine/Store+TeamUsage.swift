public import Budgeting
public import Reporting
public import Vocabulary

extension Store: TeamUsageStore {
    public func usage(
        of team: TeamID,
        over days: Range<BudgetDay>,
        then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void
    ) {
        list({ try UsageTable.counts(of: team, over: days, on: $0) }, then: then)
    }
}

extension Store: RecentUsageStore {
    public func recentUsage(
        at now: Timestamp,
        then: @escaping @Sendable (Result<RecentUsage, StoreFault>) -> Void
    ) {
        list({ try UsageQuarterTable.recent(at: now, on: $0) }, then: then)
    }
}
