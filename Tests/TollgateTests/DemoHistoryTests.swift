import Budgeting
import Testing
import Vocabulary

@testable import tollgate

@Suite("The history of the demo")
struct DemoHistoryTests {
    private let calendar = BudgetCalendar(timeZone: "UTC")!
    // 2026-11-29, a Sunday, at 12:00.
    private let now = Timestamp(seconds: 1_795_953_600)

    @Test("it ends now, covers a month, has no identifier twice, and is the same for the same moment")
    func month() throws {
        let history = try DemoHistory(calendar: calendar, now: now)
        #expect(Set(history.charges.map(\.reservation.id)).count == history.charges.count)
        #expect(history.charges.allSatisfy { $0.reservation.createdAt <= now && $0.endedAt <= now })
        #expect(history.charges.allSatisfy { calendar.day(of: $0.reservation.createdAt) == $0.reservation.day })
        let days = Set(history.usage.map(\.day.number))
        #expect(days.count == Int(DemoHistory.daysBack) && days.max() == calendar.day(of: now).number)
        #expect(Set(history.usage.map(\.team.rawValue)) == Set(DemoHistory.teams.map(\.id)))
        #expect(try DemoHistory(calendar: calendar, now: now).charges == history.charges)
    }

    @Test("it shows what the dashboard can show: repeats, unknown outcomes, refusals, savings that grow")
    func variety() throws {
        let history = try DemoHistory(calendar: calendar, now: now)
        let documents = Dictionary(grouping: history.charges, by: \.reservation.ask.documentID)
        #expect(documents.values.contains { Set($0.map(\.reservation.ask.cacheKey)).count > 1 })
        #expect(history.charges.contains { $0.outcome == .unconfirmed })
        #expect(history.usage.contains { $0.counts.denied > 0 } && history.usage.contains { $0.counts.collapsed > 0 })
        func rate(_ rows: ArraySlice<UsageRow>) -> Double {
            let counts = rows.reduce(into: UsageCounts()) { $0.add($1.counts) }
            return Double(counts.hits) / Double(counts.hits + counts.misses)
        }
        #expect(rate(history.usage.suffix(25)) > rate(history.usage.prefix(25)) + 0.1)
        let spent = history.charges.reduce(0) { $0 + $1.reservation.estimate.micros }
        #expect(spent > 0 && spent < Int64(DemoHistory.organizationBudget) * 1_000_000)
    }

    @Test("the first moment of a day and of a month are moments like others")
    func midnight() throws {
        for seconds in [1_795_910_400, 1_796_083_200, 1_796_083_201] as [Int64] {
            let history = try DemoHistory(calendar: calendar, now: Timestamp(seconds: seconds))
            #expect(!history.charges.isEmpty && history.charges.allSatisfy { $0.endedAt.wholeSeconds <= seconds })
        }
    }
}
