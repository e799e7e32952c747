import Budgeting
import Foundation
import Testing
import Vocabulary

@testable import Storage

@Suite("UsageTable")
struct UsageTableTests {
    private let place = TemporaryStore()

    private func spend(_ store: Store, _ reservation: Reservation, _ credits: Int64) throws {
        try store.reserveAndWait(reservation).get()
        #expect(try store.endAndWait(settlement(of: reservation, credits: credits)).get() == .done)
    }

    @Test("I8: what is spent is booked to the day of its reservation, by team, key, model and upstream key")
    func days() throws {
        let store = try place.open()
        defer { store.close() }
        try spend(store, reservation(day: 19_999), 1)
        try spend(store, reservation(day: 20_000), 10)
        try spend(store, reservation(day: 20_000), 20)
        try spend(store, reservation(day: 20_000, team: "b"), 100)
        try spend(store, reservation(day: 20_000, key: "22222222"), 1_000)
        try spend(store, reservation(day: 20_000, upstreamKey: "other"), 10_000)
        try spend(store, reservation(day: 20_000, model: "gpt-4o"), 100_000)
        #expect(
            try store.rows("SELECT day, team, key, model, upstream_key, spent FROM usage ORDER BY 1, 2, 3, 4, 5") == [
                "19999 accounts-payable 11111111 gpt-4o-mini main 1",
                "20000 accounts-payable 11111111 gpt-4o main 100000",
                "20000 accounts-payable 11111111 gpt-4o-mini main 30",
                "20000 accounts-payable 11111111 gpt-4o-mini other 10000",
                "20000 accounts-payable 22222222 gpt-4o-mini main 1000",
                "20000 b 11111111 gpt-4o-mini main 100",
            ]
        )
    }

    @Test("models that clients make up have bounded rows on a day, over all keys of the team and restarts")
    func manyModels() throws {
        var store = try place.open()
        for number in 0..<40 { try spend(store, reservation(model: "model \(number)"), 1) }
        let counts = (30..<100).map { number in
            var row = usage(day: 20_000, hits: 1)
            row.key = TeamKeyID(rawValue: "key \(number % 3)")
            row.team = TeamID(rawValue: "accounts-payable")
            row.model = "model \(number)"
            return row
        }
        try store.addAndWait(counts).get()
        store.close()
        store = try place.open()
        defer { store.close() }
        try spend(store, reservation(model: "model 1000"), 5)
        try spend(store, reservation(model: "model 39"), 1)
        let models = try store.rows("SELECT DISTINCT model FROM usage ORDER BY model")
        #expect(models.count == 65 && models.contains("(other)") && models.contains("model 63"))
        #expect(!models.contains("model 64"))
        #expect(try store.rows("SELECT sum(hits), sum(spent) FROM usage") == ["70 46"])
        #expect(try store.rows("SELECT spent FROM usage WHERE model = '(other)' AND spent > 0") == ["5"])
        // Another day and another team have room of their own.
        try spend(store, reservation(day: 20_001, model: "model 1000"), 1)
        try spend(store, reservation(team: "b", model: "model 1000"), 1)
        let named = try store.rows("SELECT day, team FROM usage WHERE model = 'model 1000' ORDER BY day")
        #expect(named == ["20000 b", "20001 accounts-payable"])
    }

    @Test("what a crash leaves open is booked under its model, or as another one where there is no room")
    func recoveredModels() throws {
        var store = try place.open()
        for number in 0..<63 { try spend(store, reservation(model: "model \(number)"), 1) }
        for model in ["last", "too many"] {
            try store.reserveAndWait(reservation(model: model, estimate: 7)).get()
        }
        store.close()
        store = try place.open()
        defer { store.close() }
        let rows = try store.rows("SELECT model, unconfirmed FROM usage WHERE unconfirmed > 0 ORDER BY model")
        #expect(rows == ["(other) 7", "last 7"])
    }

    @Test("the opening sums over models, and leaves out rows of counts alone")
    func opening() throws {
        let store = try place.open()
        defer { store.close() }
        for (model, upstreamKey, credits) in [
            ("a", "main", 1), ("a", "other", 10), ("b", "main", 100), ("b", "other", 1_000), ("c", "third", 10_000),
        ] {
            try spend(store, reservation(upstreamKey: upstreamKey, model: model), Int64(credits))
        }
        try spend(store, reservation(day: 20_001, model: "a"), 7)
        try spend(store, reservation(day: 20_001, key: "0", model: "a"), 8)
        let open = reservation(id: 1 << 60, day: 20_001, model: "b", estimate: 9)
        try store.reserveAndWait(open).get()
        _ = try store.endAndWait(ending(open, .unconfirmed)).get()
        try store.addAndWait([usage(day: 20_002, hits: 1)]).get()
        let rows = try store.rollUps().map {
            "\($0.day.number) \($0.team) \($0.key) \($0.upstreamKey) \($0.spent.micros) \($0.unconfirmed.micros)"
        }
        #expect(
            rows == [
                "20000 accounts-payable 11111111 main 101 0", "20000 accounts-payable 11111111 other 1010 0",
                "20000 accounts-payable 11111111 third 10000 0", "20001 accounts-payable 0 main 8 0",
                "20001 accounts-payable 11111111 main 7 9",
            ]
        )
        #expect(try store.opening().lastReservation == ReservationID(rawValue: 1 << 60))
        #expect(try store.opening().recoveredCount == 0)
    }

    @Test("sums end at the greatest number instead of failing, in the roll-ups, in recovery and in the opening")
    func saturation() throws {
        let store = try place.open()
        defer { store.close() }
        for _ in 1...2 { try spend(store, reservation(), .max) }
        try spend(store, reservation(), 1)
        try spend(store, reservation(model: "other"), .max)
        for _ in 1...2 {
            let reservation = reservation(estimate: .max)
            try store.reserveAndWait(reservation).get()
            _ = try store.endAndWait(ending(reservation, .unconfirmed)).get()
        }
        for _ in 1...2 { try store.reserveAndWait(reservation(day: 1, estimate: .max)).get() }
        for _ in 1...2 { try store.addAndWait([usage(hits: .max)]).get() }
        let crashed = try place.killed().open()
        defer { crashed.close() }
        let sums = try crashed.rollUps()
        #expect(sums.map(\.spent.micros) == [0, .max])
        #expect(sums.map(\.unconfirmed.micros) == [.max, .max])
        #expect(try crashed.rows("SELECT max(hits) FROM usage") == ["\(Int64.max)"])
    }

    private func usage(
        day: Int32 = 20_000,
        hits: Int64 = 0,
        collapsed: Int64 = 0,
        misses: Int64 = 0,
        denied: Int64 = 0,
        saved: Int64 = 0,
        model: String = "gpt-4o-mini"
    ) -> UsageRow {
        var counts = UsageCounts()
        (counts.hits, counts.collapsed, counts.misses, counts.denied) = (hits, collapsed, misses, denied)
        counts.saved = MicroCredits(micros: saved)
        return UsageRow(
            day: BudgetDay(number: day),
            team: TeamID(rawValue: "accounts-payable"),
            key: TeamKeyID(rawValue: "11111111"),
            model: model,
            counts: counts
        )
    }

    @Test("counts are added to those of their day, apart from what is spent")
    func counts() throws {
        let store = try place.open()
        defer { store.close() }
        try spend(store, reservation(), 5)
        try store.addAndWait([usage(hits: 1, collapsed: 2, misses: 3, denied: 4, saved: 5), usage(day: 1, hits: 9)])
            .get()
        try store.addAndWait([usage(hits: 10, collapsed: 20, misses: 30, denied: 40, saved: 50)]).get()
        let columns = "day, upstream_key, hits, collapsed, misses, denied, saved, spent, unconfirmed"
        #expect(
            try store.rows("SELECT \(columns) FROM usage ORDER BY day, upstream_key") == [
                "1  9 0 0 0 0 0 0", "20000  11 22 33 44 55 0 0", "20000 main 0 0 0 0 0 5 0",
            ]
        )
    }

    @Test("would-be refusals are added up by scope and window")
    func refusals() throws {
        let store = try place.open()
        defer { store.close() }
        func refusals(_ scope: BudgetScope, _ window: BudgetWindow, _ start: Int32, _ count: Int64) -> ShadowRefusals {
            ShadowRefusals(scope: scope, window: window, start: BudgetDay(number: start), count: count)
        }
        let rows = [
            refusals(.organization, .total, 0, 1), refusals(.team(TeamID(rawValue: "a")), .day, 20_000, 2),
            refusals(.team(TeamID(rawValue: "a")), .day, 20_001, 4),
            refusals(.key(TeamKeyID(rawValue: "a")), .day, 20_000, 8),
            refusals(.upstreamKey(UpstreamKeyID(rawValue: "a")), .month, 20_000, 16),
        ]
        for _ in 1...2 { try store.addAndWait([], rows).get() }
        #expect(
            try store.rows("SELECT * FROM shadow_refusals ORDER BY scope, scope_id, budget_window, start") == [
                "key a day 20000 16", "organization  total 0 2", "team a day 20000 4", "team a day 20001 8",
                "upstream_key a month 20000 32",
            ]
        )
    }

    @Test("counts of which one cannot be added are added none of")
    func whole() throws {
        let store = try place.open()
        defer { store.close() }
        try store.refuseInsertions(into: "shadow_refusals")
        let refusals = ShadowRefusals(scope: .organization, window: .day, start: BudgetDay(number: 1), count: 1)
        #expect(throws: StoreFault.self) { try store.addAndWait([usage(hits: 1)], [refusals]).get() }
        #expect(try store.rows("SELECT * FROM usage") == [])
    }

    @Test("a model's name of any length is cut in the same way in the ledger and in the roll-ups")
    func longModel() throws {
        let store = try place.open()
        defer { store.close() }
        let model = String(repeating: "x", count: 127) + "é" + String(repeating: "y", count: 10_000)
        try spend(store, reservation(model: model), 1)
        try store.reserveAndWait(reservation(estimate: 3)).get()
        try store.reserveAndWait(reservation(model: model, estimate: 3)).get()
        try store.addAndWait([usage(hits: 1, model: model)]).get()
        let crashed = try place.killed().open()
        defer { crashed.close() }
        let cut = String(repeating: "x", count: 127)
        #expect(try crashed.rows("SELECT DISTINCT model FROM ledger ORDER BY model DESC") == [cut, "gpt-4o-mini"])
        #expect(
            try crashed.rows("SELECT model, upstream_key, spent, unconfirmed, hits FROM usage ORDER BY model DESC")
                == ["\(cut)  0 0 1", "\(cut) main 1 3 0", "gpt-4o-mini main 0 3 0"]
        )
    }
}
