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

    @Test("forwarded and collapsed requests are counted by document too, of a bounded number of documents")
    func documents() {
        let tally = tally()
        let two = MicroCredits(micros: 2_000_000)
        tally.add(.miss, model: "m", document: "d")
        tally.add(.collapsed, model: "n", document: "d", saved: two)
        tally.add(.miss, model: "m", document: "e")
        tally.add(.denied, model: nil)
        tally.addHit(model: "m", saved: two)
        let documents = tally.takeDocuments(day: day).sorted { $0.documentID < $1.documentID }
        #expect(documents.map(\.documentID) == ["d", "e"] && documents.allSatisfy { $0.day == day })
        #expect(documents.map(\.counts.misses) == [1, 1] && documents.map(\.counts.collapsed) == [1, 0])
        #expect(documents[0].counts.saved == two && documents.allSatisfy { $0.counts.hits == 0 })
        #expect(tally.takeDocuments(day: day).isEmpty)
        for number in 0..<1_100 { tally.add(.miss, model: "m", document: "document \(number % 1_050)") }
        let many = tally.takeDocuments(day: day)
        #expect(many.count == 1_000 && many.reduce(0) { $0 + $1.counts.misses } == 1_050)
        #expect(tally.take(day: day).reduce(0) { $0 + $1.counts.misses } == 1_102)
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
