import Budgeting
import Testing
import Vocabulary

@testable import Reporting

@Suite("Spend reports")
struct SpendReportTests {
    private static let period = ReportPeriod(days: BudgetDay(number: 1)..<BudgetDay(number: 2))

    private static func item(_ name: String?, _ micros: Int64, hits: Int64 = 0) -> SpendReport.Item {
        var counts = SpendCounts()
        (counts.spent, counts.hits) = (MicroCredits(micros: micros), hits)
        return SpendReport.Item(name: name, counts: counts)
    }

    @Test("the most expensive comes first, equal ones by name, and what belongs to none before them")
    func order() {
        let items = [Self.item("b", 1), Self.item("c", 3), Self.item("a", 1), Self.item(nil, 1)]
        let report = SpendReport(.team, over: Self.period, items: items)
        #expect(report.items.map(\.name) == ["c", nil, "a", "b"])
    }

    @Test("days come in their order")
    func days() {
        let items = [Self.item("2026-11-02", 9), Self.item("2026-10-31", 1), Self.item("2026-11-01", 5)]
        let report = SpendReport(.day, over: Self.period, items: items)
        #expect(report.items.map(\.name) == ["2026-10-31", "2026-11-01", "2026-11-02"])
    }

    @Test("the total is the sum of the items, and stays at the greatest number")
    func total() {
        let report = SpendReport(.model, over: Self.period, items: [Self.item("a", 5, hits: 2), Self.item("b", 7)])
        #expect(report.total.spent == MicroCredits(micros: 12))
        #expect(report.total.requests == 2)
        let absurd = (0..<2).map { Self.item("\($0)", .max, hits: .max) }
        let greatest = SpendReport(.model, over: Self.period, items: absurd).total
        #expect(greatest.spent == MicroCredits(micros: .max))
        #expect(greatest.requests == .max)
        #expect(SpendReport(.model, over: Self.period, items: []).total == SpendCounts())
    }
}
