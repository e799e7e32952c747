public import Budgeting
public import Reporting
public import Vocabulary

extension Store: SpendStore {
    public func spend(
        by grouping: SpendGrouping,
        over days: Range<BudgetDay>,
        then: @escaping @Sendable (Result<[SpendReport.Item], StoreFault>) -> Void
    ) {
        list({ try UsageTable.items(by: grouping, over: days, on: $0) }, then: then)
    }
}
