public import Budgeting
public import Reporting
public import Vocabulary

extension Store: ReplayStore {
    public func used(
        by team: TeamID,
        before day: BudgetDay,
        then: @escaping @Sendable (Result<TeamUse, StoreFault>) -> Void
    ) {
        list({ try UsageTable.used(by: team, before: day, on: $0) }, then: then)
    }

    public func replayRows(_ part: ReplayPart, then: @escaping @Sendable (Result<ReplayRows, StoreFault>) -> Void) {
        list({ try LedgerTable.rows(part, on: $0) }, then: then)
    }
}
