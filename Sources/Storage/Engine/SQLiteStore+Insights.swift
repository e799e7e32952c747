public import Budgeting
public import Reporting
public import Vocabulary

extension SQLiteStore: InsightStore {
    public func insights(
        over range: Range<ReservationID>,
        team: TeamID?,
        then: @escaping @Sendable (Result<InsightReport, StoreFault>) -> Void
    ) {
        list({ try RepeatTable.report(over: range, team: team, on: $0) }, then: then)
    }
}
