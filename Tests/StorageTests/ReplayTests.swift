import Budgeting
import GRDB
import Reporting
import Testing
import Vocabulary

@testable import Storage

@Suite("The rows of a replay")
struct ReplayTests {
    private let place = TemporaryStore()
    private let team = TeamID(rawValue: "accounts-payable")

    private func rows(_ store: Store, _ part: ReplayPart) throws -> ReplayRows {
        try store.waitForAnswer { store.replayRows(part, then: $0) }
    }

    private func part(_ ids: Range<Int64>, count: Int = 10, newestFirst: Bool = false, others: Bool = false)
        -> ReplayPart
    {
        ReplayPart(
            ids: ReservationID(rawValue: ids.lowerBound)..<ReservationID(rawValue: ids.upperBound),
            isNewestFirst: newestFirst,
            team: team,
            includesOthers: others,
            count: count
        )
    }

    @Test("each row has its state, its amounts and its moments, in the order of identifiers")
    func states() throws {
        let store = try place.open()
        defer { store.close() }
        let outcomes: [ReservationEnding.Outcome] = [.settled(MicroCredits(micros: 7)), .released, .unconfirmed]
        for (index, outcome) in outcomes.enumerated() {
            let reservation = reservation(id: Int64(index + 1), document: UInt64(index), estimate: 9)
            try store.reserveAndWait(reservation).get()
            _ = try store.endAndWait(ending(reservation, outcome)).get()
        }
        try store.reserveAndWait(reservation(id: 4)).get()
        try store.reserveAndWait(reservation(id: 5, team: "other")).get()
        try store.execute("UPDATE ledger SET state = 4, credits = 3 WHERE id = 3")
        let found = try rows(store, part(1..<9))
        #expect(found.count == 5 && found.last == ReservationID(rawValue: 5) && found.rows.count == 4)
        #expect(
            found.rows.map(\.ending)
                == [.settled(MicroCredits(micros: 7)), .released, .resolved(MicroCredits(micros: 3)), .open]
        )
        #expect(found.rows.map { $0.endedAt == nil } == [false, false, false, true])
        #expect(found.rows[0].estimate == MicroCredits(micros: 9) && found.rows[0].cacheKey == key(0))
        #expect(found.rows[0].createdAt == Timestamp(seconds: 1_728_000_000))
        #expect(try rows(store, part(1..<9, others: true)).rows.map(\.isOfTeam) == [true, true, true, true, false])
    }

    @Test("the parts that follow one another have every row once, forwards and backwards")
    func parts() throws {
        let store = try place.open()
        defer { store.close() }
        for id in [Int64](1...7) {
            try store.reserveAndWait(reservation(id: id, team: id % 2 == 0 ? "other" : team.rawValue)).get()
        }
        for isNewestFirst in [false, true] {
            for count in 1...8 {
                var next: ReplayPart? = part(2..<7, count: count, newestFirst: isNewestFirst, others: true)
                var seen: [Int64] = []
                var ofTeam = 0
                while let part = next {
                    let found = try rows(store, part)
                    #expect(found.count <= count)
                    seen += found.last.map { [$0.rawValue] } ?? []
                    ofTeam += found.rows.filter(\.isOfTeam).count
                    next = part.rest(behind: found)
                }
                #expect(ofTeam == 2, "3 and 5, \(count) at a time")
                #expect(seen == (isNewestFirst ? seen.sorted(by: >) : seen.sorted()))
            }
        }
    }

    @Test(
        "a part is a range of the primary key, and the days of the roll-ups are found by their key",
        .filesOnly("it is about SQLite's plans")
    )
    func plans() throws {
        let store = try place.open()
        defer { store.close() }
        let plan = { (sql: String) in
            try store.performAndWait { connection in
                try Row.fetchAll(connection.database, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
            }.get().joined()
        }
        for order in ["", " DESC"] {
            let text = try plan("SELECT id FROM ledger WHERE id >= 1 AND id < 9 ORDER BY id\(order) LIMIT 5")
            #expect(text.contains("SEARCH ledger USING INTEGER PRIMARY KEY"), "\(text)")
            #expect(!text.contains("TEMP"), "\(text)")
        }
        let days = try plan("SELECT day FROM usage WHERE day >= 1 ORDER BY day LIMIT 1")
        #expect(days.contains("SEARCH usage USING") && !days.contains("TEMP"), "\(days)")
    }

    @Test("what a team used before a day is by days where these are near, and one sum where they are far")
    func used() throws {
        let store = try place.open()
        defer { store.close() }
        for (day, team, amount) in [
            (20_000, team.rawValue, 1), (19_999, team.rawValue, 2), (19_950, team.rawValue, 4),
            (-5_000_000, team.rawValue, 8), (20_001, team.rawValue, 16), (19_999, "other", 32),
        ] as [(Int32, String, Int64)] {
            let spending = reservation(day: day, team: team, estimate: 100 * amount)
            let lost = reservation(day: day, team: team, estimate: 100 * amount)
            for reservation in [spending, lost] { try store.reserveAndWait(reservation).get() }
            _ = try store.endAndWait(settlement(of: spending, credits: amount)).get()
            _ = try store.endAndWait(ending(lost, .unconfirmed)).get()
        }
        let end = BudgetDay(number: 20_001)
        let used = try store.waitForAnswer { store.used(by: team, before: end, then: $0) }
        var expected = TeamUse(before: end)
        for (day, amount) in [(0, 12), (19_999, 2), (20_000, 1)] as [(Int32, Int64)] {
            expected.add(
                spent: MicroCredits(micros: amount),
                unconfirmed: MicroCredits(micros: 100 * amount),
                on: BudgetDay(number: day)
            )
        }
        #expect(used.rows.sorted { $0.day.number < $1.day.number } == expected.rows, "in whatever order they come")
    }

    @Test("a damaged row is told, not guessed")
    func damaged() throws {
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation(id: 1)).get()
        try store.spoil("ledger", "UPDATE ledger SET state = 9")
        let fault = #expect(throws: StoreFault.self) { try rows(store, part(0..<9)) }
        #expect(fault?.code == .corrupt)
    }
}
