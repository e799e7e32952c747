import Budgeting
import Reporting
import Testing
import Vocabulary

@testable import Storage

@Suite("UsageQuarterTable")
struct UsageQuarterTableTests {
    private let place = TemporaryStore()
    /// A start of a quarter of an hour, far ahead of the one in which the store is made.
    private let noon = Timestamp(seconds: 4_000_000_500 / 900 * 900)

    private func row(hits: Int64, key: String = "k") -> UsageRow {
        var counts = UsageCounts()
        counts.hits = hits
        counts.collapsed = 2 * hits
        counts.misses = 3 * hits
        counts.denied = 4 * hits
        counts.saved = MicroCredits(micros: 5 * hits)
        return UsageRow(
            day: BudgetDay(number: 20_000),
            team: TeamID(rawValue: "t"),
            key: TeamKeyID(rawValue: key),
            model: "m",
            counts: counts
        )
    }

    private func recent(_ store: Store, at now: Timestamp) throws -> RecentUsage {
        try store.waitForAnswer { store.recentUsage(at: now, then: $0) }
    }

    @Test("counts are of the quarter of an hour that is running and the 95 before it, of all teams and keys")
    func window() throws {
        let store = try place.open()
        defer { store.close() }
        try store.addAndWait([row(hits: 1), row(hits: 10, key: "l")], at: noon).get()
        try store.addAndWait([row(hits: 100)], at: noon + .seconds(899)).get()
        try store.addAndWait([row(hits: 1_000)], at: noon + .seconds(900)).get()
        try store.addAndWait([row(hits: 10_000)], at: noon + .seconds(86_399)).get()
        let before = try recent(store, at: noon + .seconds(86_399))
        #expect(before.since == noon && before.counts.hits == 11_111 && before.counts.saved.micros == 55_555)
        #expect(before.counts.collapsed == 22_222 && before.counts.misses == 33_333)
        #expect(before.counts.denied == 0 && before.counts.spent == .zero)
        let after = try recent(store, at: noon + .seconds(86_400))
        #expect(after.since == noon + .seconds(900) && after.counts.hits == 11_000)
        // What lies ahead of a clock that was set back is not counted.
        #expect(try recent(store, at: noon + .seconds(901)).counts.hits == 1_111)
    }

    @Test("before there are 24 hours of counts, they begin with the first one, over a restart too")
    func beginning() throws {
        var store = try place.open()
        try store.execute("UPDATE usage_quarters SET quarter = 7")
        let (first, now) = (Timestamp(seconds: 7 * 900), Timestamp(seconds: 9 * 900 + 1))
        #expect(try recent(store, at: now) == RecentUsage(since: first, counts: SpendCounts()))
        try store.addAndWait([row(hits: 3)], at: now).get()
        store.close()
        store = try place.open()
        defer { store.close() }
        #expect(try recent(store, at: now).since == first && recent(store, at: now).counts.hits == 3)
        // A clock before the first count.
        #expect(try recent(store, at: Timestamp(seconds: -1)).counts == SpendCounts())
    }

    @Test("rows that are a day old are removed, but for the first one")
    func removal() throws {
        let store = try place.open()
        defer { store.close() }
        for hour in 0..<100 { try store.addAndWait([row(hits: 1)], at: noon + .seconds(hour * 3_600)).get() }
        // The first one is that of the store's making.
        #expect(try store.rows("SELECT count(*) FROM usage_quarters") == ["25"])
        #expect(try recent(store, at: noon + .seconds(99 * 3_600)).counts.hits == 24)
    }

    @Test("sums stay at the greatest number there is")
    func saturated() throws {
        let store = try place.open()
        defer { store.close() }
        for second in [0, 0, 900] { try store.addAndWait([row(hits: .max / 20)], at: noon + .seconds(second)).get() }
        try store.execute("UPDATE usage_quarters SET hits = 9223372036854775807")
        try store.addAndWait([row(hits: 1)], at: noon).get()
        #expect(try recent(store, at: noon + .seconds(900)).counts.hits == .max)
        // Within one report too.
        var most = row(hits: 1)
        most.counts.misses = .max
        try store.addAndWait([most, row(hits: 1, key: "l")], at: noon + .seconds(900)).get()
        #expect(try recent(store, at: noon + .seconds(900)).counts.misses == .max)
    }
}
