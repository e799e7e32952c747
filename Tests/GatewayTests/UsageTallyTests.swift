import Authentication
import Budgeting
import Testing
import Vocabulary

@testable import Gateway

@Suite("Counts of a key's requests")
struct UsageTallyTests {
    private let day = BudgetDay(number: 20_000)

    private func tally() -> UsageTally {
        let team = Team(
            id: TeamID(rawValue: "t"),
            name: "T",
            account: AccountID(rawValue: "default"),
            cacheScopeIsTeam: false
        )
        let digest = Digest(1, 2, 3, 4)
        return UsageTally(TeamKey(id: TeamKeyID(rawValue: "k"), team: team, secretDigest: digest, notAfter: nil))
    }

    @Test("each kind is counted by model, and what was saved is added up")
    func counts() {
        let tally = tally()
        let two = MicroCredits(micros: 2_000_000)
        tally.addHit(model: "m", saved: two)
        tally.addHit(model: "n", saved: two)
        tally.addHit(model: "m", saved: two)
        tally.add(.collapsed, model: "m", saved: two)
        tally.add(.miss, model: "n")
        tally.add(.denied, model: nil)
        tally.add(.miss, model: nil)
        let rows = Dictionary(uniqueKeysWithValues: tally.take(day: day).map { ($0.model, $0) })
        #expect(rows["m"]?.counts.hits == 2 && rows["m"]?.counts.collapsed == 1)
        #expect(rows["m"]?.counts.saved == MicroCredits(micros: 6_000_000))
        #expect(rows["n"]?.counts.misses == 1 && rows["n"]?.counts.hits == 1 && rows["(other)"]?.counts.denied == 1)
        #expect(rows["(other)"]?.counts.misses == 1)
        #expect(rows.count == 3 && rows["m"]?.day == day && rows["m"]?.counts.requests == 3)
        #expect(tally.isEmpty && tally.take(day: day).isEmpty)
    }

    @Test("models that clients make up do not make rows without end")
    func manyModels() {
        let tally = tally()
        for number in 0..<1_000 { tally.add(.denied, model: "model-\(number)") }
        let rows = tally.take(day: day)
        #expect(rows.count == 65)
        #expect(rows.reduce(0) { $0 + $1.counts.denied } == 1_000)
    }
}
