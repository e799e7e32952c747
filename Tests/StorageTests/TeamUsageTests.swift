import Budgeting
import Reporting
import Testing
import Vocabulary

@testable import Storage

@Suite("The usage of a team")
struct TeamUsageTests {
    private let place = TemporaryStore()
    private let days = BudgetDay(number: 20_000)..<BudgetDay(number: 20_031)

    private func counts(_ store: Store, of team: String = "a") throws -> SpendCounts {
        try store.waitForAnswer { store.usage(of: TeamID(rawValue: team), over: days, then: $0) }
    }

    private func row(_ day: Int32, team: String = "a", key: String = "k", model: String = "m", hits: Int64) -> UsageRow
    {
        var counts = UsageCounts()
        counts.hits = hits
        counts.collapsed = 2 * hits
        counts.misses = 3 * hits
        counts.denied = 4 * hits
        counts.saved = MicroCredits(micros: 5 * hits)
        return UsageRow(
            day: BudgetDay(number: day),
            team: TeamID(rawValue: team),
            key: TeamKeyID(rawValue: key),
            model: model,
            counts: counts
        )
    }

    @Test("it is the sum over the days, keys and models of the team, and nothing of others")
    func sum() throws {
        let store = try place.open()
        defer { store.close() }
        #expect(try counts(store) == SpendCounts())
        let rows = [
            row(20_000, hits: 1), row(20_030, hits: 10), row(20_000, key: "l", hits: 100),
            row(20_000, model: "n", hits: 1_000), row(19_999, hits: 10_000), row(20_031, hits: 10_000),
            row(20_000, team: "b", hits: 10_000), row(20_000, team: "A", hits: 10_000),
        ]
        try store.addAndWait(rows).get()
        for (number, day) in [(1, 20_000), (2, 20_030), (3, 20_031)] as [(Int64, Int32)] {
            let (paid, lost) = (
                reservation(day: day, team: "a"), reservation(day: day, team: "a", estimate: 7 * number)
            )
            try store.reserveAndWait(paid).get()
            try store.reserveAndWait(lost).get()
            #expect(try store.endAndWait(settlement(of: paid, credits: number)).get() == .done)
            #expect(try store.endAndWait(ending(lost, .unconfirmed)).get() == .done)
        }
        let sum = try counts(store)
        #expect(sum.hits == 1_111 && sum.collapsed == 2_222 && sum.misses == 3_333 && sum.denied == 4_444)
        #expect(sum.saved.micros == 5_555 && sum.spent.micros == 3 && sum.unconfirmed.micros == 21)
        #expect(sum.requests == 11_110)
    }

    @Test("sums stay at the greatest number there is")
    func saturated() throws {
        let store = try place.open()
        defer { store.close() }
        try store.addAndWait([row(20_000, hits: 1), row(20_001, hits: 1)]).get()
        try store.execute("UPDATE usage SET hits = 9223372036854775807")
        #expect(try counts(store).hits == .max)
        #expect(try counts(store).requests == .max)
    }
}
