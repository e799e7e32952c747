import Budgeting
import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("GrantTable")
struct GrantTableTests {
    private let place = TemporaryStore()
    private let team = TeamID(rawValue: "a")
    /// Moments of the tests lie after the start of the program's clock, so that openings find what has not ended.
    private static let created = Timestamp(seconds: 4_000_000_000)

    private func grant(
        _ id: Int64,
        team: String = "a",
        window: BudgetWindow = .month,
        endsAt: Timestamp? = created + .seconds(60),
        at time: Timestamp = created
    ) -> Grant {
        Grant(
            id: id,
            team: TeamID(rawValue: team),
            window: window,
            start: BudgetDay(number: window == .total ? 0 : 46_296),
            credits: MicroCredits(micros: id),
            expiresAt: id % 2 == 0 ? endsAt : nil,
            endsAt: endsAt,
            reason: "r\u{308}\u{0}eason \(id)",
            actor: "ops",
            createdAt: time
        )
    }

    private func add(_ grant: Grant, to store: Store) throws -> GrantAnswer {
        try store.waitForAnswer { store.add(grant, audit: auditEntry("grant.create"), then: $0) }
    }

    private func page(_ store: Store, before id: Int64? = nil, atMost count: Int = 100) throws -> [Grant] {
        try store.waitForAnswer { store.grants(of: team, before: id, atMost: count, then: $0) }
    }

    @Test("a grant comes back with all its parts, after a kill too, with its entry in the audit log")
    func kept() throws {
        let store = try place.open()
        defer { store.close() }
        let grants = [grant(1), grant(2), grant(3, window: .total, endsAt: nil), grant(4, window: .day)]
        for grant in grants { #expect(try add(grant, to: store) == .done) }
        #expect(try add(grant(5, team: "b"), to: store) == .done)
        let killed = try place.killed().open()
        defer { killed.close() }
        for opened in [store, killed] {
            #expect(try page(opened) == grants.reversed())
            #expect(try opened.opening().grants == grants + [grant(5, team: "b")])
            #expect(try opened.opening().lastGrant == 5)
            #expect(try opened.auditAndWait().get().map(\.entry.action) == Array(repeating: "grant.create", count: 5))
            #expect(try opened.waitForAnswer { opened.grant(3, of: team, then: $0) } == grants[2])
            #expect(try opened.waitForAnswer { opened.grant(5, of: team, then: $0) } == nil)
        }
    }

    @Test("one whose audit entry cannot be written is not there")
    func oneTransaction() throws {
        let store = try place.open()
        defer { store.close() }
        #expect(try add(grant(1), to: store) == .done)
        try store.refuseInsertions(into: "audit")
        #expect(throws: StoreFault.self) { try add(grant(2), to: store) }
        #expect(throws: StoreFault.self) {
            try store.waitForAnswer { store.removeGrant(1, of: team, audit: auditEntry("grant.delete"), then: $0) }
        }
        #expect(try page(store).map(\.id) == [1])
    }

    @Test("a removal is done once, for its own team, and only then in the audit log")
    func removal() throws {
        let store = try place.open()
        defer { store.close() }
        #expect(try add(grant(1), to: store) == .done)
        func remove(_ id: Int64, of team: String) throws -> Bool {
            try store.waitForAnswer {
                store.removeGrant(id, of: TeamID(rawValue: team), audit: auditEntry("grant.delete"), then: $0)
            }
        }
        #expect(try !remove(1, of: "b"))
        #expect(try !remove(2, of: "a"))
        #expect(try remove(1, of: "a"))
        #expect(try !remove(1, of: "a"))
        #expect(try store.auditAndWait().get().map(\.entry.action) == ["grant.delete", "grant.create"])
        #expect(try store.opening().grants.isEmpty)
    }

    @Test("pages go from the newest to the oldest and leave none out", arguments: 1...4)
    func pages(_ count: Int) throws {
        let store = try place.open()
        defer { store.close() }
        for id in 1...7 as ClosedRange<Int64> {
            #expect(try add(grant(id, team: id == 3 ? "b" : "a"), to: store) == .done)
        }
        var (found, before): ([Int64], Int64?) = ([], nil)
        repeat {
            let ids = try page(store, before: before, atMost: count).map(\.id)
            #expect(ids.count <= count)
            found += ids
            before = ids.last
        } while before != nil
        #expect(found == [7, 6, 5, 4, 2, 1])
        #expect(try page(store, atMost: 0).isEmpty)
        #expect(try page(store, atMost: -1).isEmpty)
    }

    @Test("a hundred of a team may be open; of those that have ended the oldest go, beyond a thousand in all")
    func bounded() throws {
        let store = try place.open()
        defer { store.close() }
        let later = Self.created + .seconds(60)
        for id in 1...100 as ClosedRange<Int64> { #expect(try add(grant(id), to: store) == .done) }
        #expect(try add(grant(101), to: store) == .full)
        #expect(try add(grant(102, team: "b"), to: store) == .done)
        #expect(try store.auditAndWait(atMost: 1_000).get().count == 101)
        // At that moment the first hundred have ended.
        #expect(try add(grant(103, endsAt: nil, at: later), to: store) == .done)
        try store.execute(
            """
            \(TestSQL.numbers(950)) INSERT INTO grants SELECT n + 1000, 'a', 'day', 1, 1, NULL, 1, 'r', 'a', 1 FROM numbers
            """
        )
        #expect(try add(grant(5_000, endsAt: nil, at: later), to: store) == .done)
        let ids = try page(store, atMost: 2_000).map(\.id)
        #expect(ids.first == 5_000 && ids.contains(103), "what has not ended stays")
        #expect(ids.count == 1_000)
    }

    @Test("a start reads only grants that have not ended, or ended lately")
    func opening() throws {
        let store = try place.open()
        defer { store.close() }
        for (id, ends) in [(1, nil), (2, Timestamp(seconds: 1_000)), (3, Self.created)] as [(Int64, Timestamp?)] {
            #expect(try add(grant(id, endsAt: ends), to: store) == .done)
        }
        #expect(try store.opening().grants.map(\.id) == [1, 3])
    }

    @Test(
        "a damaged row is a fault",
        arguments: ["budget_window = 'year'", "start = 9223372036854775807"]
    )
    func damage(_ change: String) throws {
        let store = try place.open()
        defer { store.close() }
        #expect(try add(grant(1), to: store) == .done)
        try store.spoil("grants", "UPDATE grants SET \(change)")
        #expect(throws: StoreFault.self) { try page(store) }
        #expect(throws: StoreFault.self) { _ = try store.opening() }
    }

    @Test("the refusals of shadow budgets are there at the next start, of the latest window of each")
    func refusals() throws {
        let store = try place.open()
        defer { store.close() }
        func row(_ scope: BudgetScope, _ window: BudgetWindow, _ start: Int32, _ count: Int64) -> ShadowRefusals {
            ShadowRefusals(scope: scope, window: window, start: BudgetDay(number: start), count: count)
        }
        let key = BudgetScope.key(TeamKeyID(rawValue: "a"))
        try store.addAndWait(
            [],
            [
                row(.team(team), .day, 20_001, 2), row(.team(team), .day, 20_000, 9), row(.team(team), .day, 20_001, 3),
                row(.team(team), .total, 0, 4), row(key, .day, 20_000, 1), row(.organization, .week, 20_000, 7),
            ]
        ).get()
        let refusals = try store.opening().refusals
        let expected = [
            row(.organization, .week, 20_000, 7), row(key, .day, 20_000, 1), row(.team(team), .day, 20_001, 5),
            row(.team(team), .total, 0, 4),
        ]
        #expect(refusals.count == 4 && expected.allSatisfy(refusals.contains), "\(refusals)")
    }
}
