import Budgeting
import Testing
import Vocabulary

@testable import Reporting

@Suite("Spend reports")
struct SpendReportTests {
    private static let today = BudgetDay(number: 0)
    private static let period = ReportPeriod(days: BudgetDay(number: 1)..<BudgetDay(number: 2))

    private static func item(_ name: String?, _ micros: Int64, hits: Int64 = 0) -> SpendReport.Item {
        var counts = SpendCounts()
        (counts.spent, counts.hits) = (MicroCredits(micros: micros), hits)
        return SpendReport.Item(name: name, counts: counts)
    }

    @Test("the most expensive comes first, equal ones by name, and what belongs to none before them")
    func order() {
        let items = [Self.item("b", 1), Self.item("c", 3), Self.item("a", 1), Self.item(nil, 1)]
        let report = SpendReport(.team, over: Self.period, items: items, today: Self.today)
        #expect(report.items.map(\.name) == ["c", nil, "a", "b"])
    }

    @Test("days come in their order")
    func days() {
        let items = [Self.item("2026-11-02", 9), Self.item("2026-10-31", 1), Self.item("2026-11-01", 5)]
        let report = SpendReport(.day, over: Self.period, items: items, today: Self.today)
        #expect(report.items.map(\.name) == ["2026-10-31", "2026-11-01", "2026-11-02"])
    }

    @Test("each day up to today has an item, used or not, and so has a later one that was used")
    func unusedDays() throws {
        let november = BudgetDay("2026-11-01")!..<BudgetDay("2026-12-01")!
        let items = [Self.item("2026-11-02", 7), Self.item("2026-11-29", 1)]
        let period = ReportPeriod(days: november)
        let report = SpendReport(.day, over: period, items: items, today: BudgetDay("2026-11-04")!)
        let days = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-29"]
        #expect(report.items.map(\.name) == days)
        #expect(report.items.map(\.counts.spent.micros) == [0, 7, 0, 0, 1] && report.total.spent.micros == 8)
        let future = SpendReport(.day, over: period, items: [], today: BudgetDay("2026-10-01")!)
        #expect(future.items.isEmpty)
        let past = SpendReport(.day, over: period, items: [], today: BudgetDay("2027-10-01")!)
        #expect(past.items.count == 30 && past.items.last?.name == "2026-11-30")
        #expect(SpendReport(.team, over: period, items: [], today: BudgetDay("2027-10-01")!).items.isEmpty)
    }

    @Test("the total is the sum of the items, and stays at the greatest number")
    func total() {
        let items = [Self.item("a", 5, hits: 2), Self.item("b", 7)]
        let report = SpendReport(.model, over: Self.period, items: items, today: Self.today)
        #expect(report.total.spent == MicroCredits(micros: 12))
        #expect(report.total.requests == 2)
        let absurd = (0..<2).map { Self.item("\($0)", .max, hits: .max) }
        let greatest = SpendReport(.model, over: Self.period, items: absurd, today: Self.today).total
        #expect(greatest.spent == MicroCredits(micros: .max))
        #expect(greatest.requests == .max)
        #expect(SpendReport(.model, over: Self.period, items: [], today: Self.today).total == SpendCounts())
    }
}
