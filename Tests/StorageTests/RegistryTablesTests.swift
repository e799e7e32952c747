import Budgeting
import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("RegistryTables")
struct RegistryTablesTests {
    private let place = TemporaryStore()

    private static let writes: [(table: String, write: RegistryWrite)] = [
        ("teams", .saveTeam(team("a", budgets: budgets))),
        ("registry_budgets", .saveTeamKey(wholeTeamKey("k"))),
        ("retiring_secrets", .saveTeamKey(wholeTeamKey("k"))),
        ("team_keys", .saveTeamKey(wholeTeamKey("k"))),
        ("upstream_keys", .saveUpstreamKey(upstreamKey("u"))),
        ("key_rulings", .saveRuling(ruling("r"))),
        ("rotation_receipts", .saveReceipt(receipt("k"), now: moments[0])),
        ("audit", .removeRuling(.teamKey(TeamKeyID(rawValue: "none")))),
    ]

    @Test("a new store has nothing of any kind, and what is saved is there after it was opened again")
    func reopening() throws {
        let store = try place.open()
        #expect(try store.registry() == RegistryRows())
        try store.applyAndWait(Self.writes.map(\.write), audit: auditEntry("all"))
        let rows = try store.registry()
        store.close()
        let again = try place.open()
        defer { again.close() }
        #expect(try again.registry() == rows)
        #expect(rows.teams.count == 1 && rows.teamKeys.count == 1 && rows.upstreamKeys.count == 1)
        #expect(rows.rulings.count == 1 && rows.receipts.count == 1)
        #expect(try again.auditAndWait().get().map(\.entry) == [auditEntry("all")])
    }

    @Test("a change of which any part fails leaves nothing, and can be made again", arguments: writes.map(\.table))
    func whole(_ table: String) throws {
        let store = try place.open()
        defer { store.close() }
        let saves = Self.writes.map(\.write)
        try store.applyAndWait([.saveTeam(team("old", budgets: [emptyBudget]))], audit: auditEntry("before"))
        let before = try store.registry()
        try store.refuseInsertions(into: table)
        let removal = RegistryWrite.removeTeam(TeamID(rawValue: "old"))
        let fault = #expect(throws: StoreFault.self) {
            try store.applyAndWait([removal] + saves, audit: auditEntry("all"))
        }
        #expect(fault?.detail.contains("refused") == true)
        #expect(try store.registry() == before)
        #expect(try store.auditAndWait().get().map(\.entry.action) == ["before"])
        try store.allowChanges(of: table)
        try store.applyAndWait([removal] + saves, audit: auditEntry("all"))
        #expect(try store.registry().teams.map(\.id.rawValue) == ["a"])
        #expect(try store.auditAndWait().get().map(\.entry.action) == ["all", "before"])
    }

    @Test("a change that fails takes nothing of another that waits with it")
    func apart() throws {
        let store = try place.open()
        defer { store.close() }
        try store.refuseInsertions(into: "teams", when: "new.id = 'b'")
        let gate = Gate(store)
        let answers = ["a", "b", "c"].map { name in
            let answer = Answer<Result<Void, StoreFault>>()
            let saves = [RegistryWrite.saveTeamKey(teamKey(name, of: name)), .saveTeam(team(name))]
            store.apply(saves, audit: auditEntry(name), decidedAt: nil) { answer.give($0) }
            return answer
        }
        gate.open()
        #expect(answers.map { (try? $0.wait().get()) != nil } == [true, false, true])
        let rows = try store.registry()
        #expect(rows.teams.map(\.id.rawValue) == ["a", "c"])
        #expect(rows.teamKeys.map(\.id.rawValue) == ["a", "c"])
        let records = try store.auditAndWait().get()
        #expect(records.map(\.entry.action) == ["c", "a"])
        #expect(records.map(\.id) == [2, 1])
    }

    @Test("all is read as of one moment, although a change is made meanwhile")
    func oneMoment() throws {
        let store = try place.open()
        defer { store.close() }
        // Between the teams and the rulings there is so much to read that the change comes while it is read.
        try store.applyAndWait((0..<1_000).map { .saveTeamKey(teamKey("\($0)")) }, audit: nil)
        for round in 0..<20 {
            let verdict = [KeyRuling.Verdict.draining, .disabled][round % 2]
            let saves: [RegistryWrite] = [
                .saveTeam(team("a", name: verdict.rawValue)), .saveRuling(ruling("k", verdict)),
            ]
            let answer = Answer<Result<Void, StoreFault>>()
            store.apply(saves, audit: nil, decidedAt: nil) { answer.give($0) }
            let rows = try store.registry()
            #expect(rows.teams.first?.name == rows.rulings.first?.verdict.rawValue)
            try answer.wait().get()
        }
    }

    @Test("steps that are done again change nothing")
    func idempotence() throws {
        let rows = try place.registry(after: Self.writes.map(\.write))
        for count in 1...Self.writes.count {
            #expect(try place.registry(after: Self.writes.suffix(count).map(\.write)) == rows)
        }
    }

    @Test("a store that is closed answers each call with a fault")
    func closed() throws {
        let store = try place.open()
        store.close()
        for fault in [
            #expect(throws: StoreFault.self, performing: { _ = try store.registry() }),
            #expect(throws: StoreFault.self, performing: { try store.applyAndWait([], audit: nil) }),
            #expect(throws: StoreFault.self, performing: { _ = try store.auditAndWait().get() }),
            #expect(throws: StoreFault.self, performing: { _ = try store.usesAndWait(of: []).get() }),
        ] {
            #expect(fault?.code == .unavailable)
        }
    }
}
