import Budgeting
import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("KeyUseTable")
struct KeyUseTableTests {
    private let place = TemporaryStore()

    private func use(_ key: String, _ at: Timestamp) -> TeamKeyUse { TeamKeyUse(key: TeamKeyID(rawValue: key), at: at) }

    @Test("the later moment holds, in whatever order they come, after a kill too")
    func later() throws {
        let store = try place.open()
        defer { store.close() }
        let seconds = [5, 4, 7, 6].map { Timestamp(seconds: $0) }
        for (moment, latest) in zip(seconds, [5, 5, 7, 7]) {
            try store.addAndWait([], uses: [use("a", moment), use("b", moments[1]), use("c", moments[0])]).get()
            let uses = try store.usesAndWait(of: ["a", "b", "c", "never"].map(TeamKeyID.init(rawValue:))).get()
            #expect(uses.count == 3)
            #expect(uses[TeamKeyID(rawValue: "a")] == Timestamp(seconds: Int64(latest)))
            #expect(uses[TeamKeyID(rawValue: "b")] == moments[1])
            #expect(uses[TeamKeyID(rawValue: "c")] == moments[0])
        }
        let killed = try place.killed().open()
        defer { killed.close() }
        let asked = [TeamKeyID(rawValue: "a")]
        #expect(try killed.usesAndWait(of: asked).get() == [asked[0]: Timestamp(seconds: 7)])
        #expect(try killed.usesAndWait(of: []).get() == [:])
    }

    @Test(
        "many keys are looked up, used or not, and however many a statement asks for",
        arguments: [1, 31, 32, 33, 97]
    )
    func many(_ count: Int) throws {
        let store = try place.open()
        defer { store.close() }
        let used = (0..<count).map { use("key \($0)", Timestamp(seconds: Int64($0))) }
        try store.addAndWait([], uses: used).get()
        let never = (0..<count).map { TeamKeyID(rawValue: "never \($0)") }
        let uses = try store.usesAndWait(of: used.map(\.key) + never).get()
        #expect(uses == Dictionary(uniqueKeysWithValues: used.map { ($0.key, $0.at) }))
        // What an earlier question bound is not asked for again.
        #expect(try store.usesAndWait(of: used.map(\.key)).get().count == count)
        #expect(try store.usesAndWait(of: [never[0]]).get() == [:])
    }

    @Test("a use that cannot be noted takes the counts with it")
    func whole() throws {
        let store = try place.open()
        defer { store.close() }
        try store.refuseInsertions(into: "team_key_uses")
        let row = UsageRow(
            day: BudgetDay(number: 1),
            team: TeamID(rawValue: "a"),
            key: TeamKeyID(rawValue: "k"),
            model: "m",
            counts: UsageCounts()
        )
        #expect(throws: StoreFault.self) { try store.addAndWait([row], uses: [use("k", moments[2])]).get() }
        #expect(try store.rows("SELECT * FROM usage") == [])
    }
}
