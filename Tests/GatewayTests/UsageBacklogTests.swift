import Authentication
import Budgeting
import Testing
import Vocabulary

@testable import Gateway

@Suite("Counts on their way to the store")
struct UsageBacklogTests {
    private let day = BudgetDay(number: 20_000)
    private let noon = Timestamp(seconds: 1_728_000_000)

    private func tally(_ key: String) -> UsageTally {
        let team = Team(
            id: TeamID(rawValue: "t"),
            name: "T",
            account: AccountID(rawValue: "default"),
            cacheScopeIsTeam: false
        )
        let digest = Digest(1, 2, 3, 4)
        return UsageTally(TeamKey(id: TeamKeyID(rawValue: key), team: team, secretDigest: digest, notAfter: nil))
    }

    private func refusals(_ count: Int) -> [ShadowRefusals] {
        (0..<count).map { ShadowRefusals(scope: .organization, window: .day, start: day, count: Int64($0)) }
    }

    @Test("what the store did not take is added to, and gone once it was taken")
    func kept() {
        var backlog = UsageBacklog()
        #expect(backlog.isEmpty)
        let tally = tally("k")
        tally.add(.miss, model: "m", document: "d")
        backlog.take(tally, day: day, usedAt: noon)
        backlog.add(refusals(1))
        // The store failed: the backlog is not emptied.
        tally.add(.miss, model: "m", document: "d")
        tally.add(.collapsed, model: "n", saved: MicroCredits(micros: 5))
        backlog.take(tally, day: day, usedAt: noon + .seconds(1))
        tally.add(.miss, model: "m")
        backlog.take(tally, day: BudgetDay(number: 20_001), usedAt: noon + .seconds(2))
        let rows = backlog.rows.sorted { ($0.day, $0.model) < ($1.day, $1.model) }
        #expect(rows.map(\.model) == ["m", "n", "m"])
        #expect(rows.map(\.counts.misses) == [2, 0, 1] && rows.map(\.counts.collapsed) == [0, 1, 0])
        #expect(rows[1].counts.saved == MicroCredits(micros: 5))
        let documents = [DocumentUsage(day: day, documentID: "d", counts: rows[0].counts)]
        #expect(backlog.documents == documents)
        #expect(backlog.uses.map(\.at) == [noon + .seconds(2)] && backlog.refusals == refusals(1))
        backlog.removeAll()
        #expect(backlog.isEmpty && backlog.rows.isEmpty && backlog.uses.isEmpty && backlog.refusals.isEmpty)
        #expect(backlog.documents.isEmpty)
    }

    @Test("a key that was only shown is a use without a row, and so are refusals alone something to report")
    func alone() {
        var backlog = UsageBacklog()
        let tally = tally("k")
        tally.touch()
        backlog.take(tally, day: day, usedAt: noon)
        #expect(!backlog.isEmpty && backlog.rows.isEmpty && backlog.uses.map(\.key.rawValue) == ["k"])
        var third = UsageBacklog()
        let upstream = UpstreamKeyID(rawValue: "u")
        third.add(upstream: [upstream: noon])
        third.add(upstream: [upstream: noon + .seconds(1)])
        #expect(!third.isEmpty && third.report(at: noon).rows.isEmpty)
        #expect(third.report(at: noon).upstreamUses == [UpstreamKeyUse(key: upstream, at: noon + .seconds(1))])
        third.removeAll()
        #expect(third.isEmpty)
        var other = UsageBacklog()
        other.add(refusals(2))
        #expect(!other.isEmpty && other.refusals.count == 2)
    }

    @Test("while the store takes nothing the newest rows are lost, and those that are there still count")
    func bounded() {
        var backlog = UsageBacklog()
        for number in 0..<UsageBacklog.rowsMax {
            let tally = tally("k\(number)")
            tally.add(.miss, model: "m")
            backlog.take(tally, day: day, usedAt: noon)
        }
        let (known, new) = (tally("k7"), tally("new"))
        for tally in [known, new] {
            tally.add(.miss, model: "m")
            backlog.take(tally, day: day, usedAt: noon + .seconds(1))
        }
        backlog.add(refusals(UsageBacklog.rowsMax + 5))
        let rows = backlog.rows
        #expect(rows.count == UsageBacklog.rowsMax && !rows.contains { $0.key.rawValue == "new" })
        #expect(rows.first { $0.key.rawValue == "k7" }?.counts.misses == 2)
        #expect(backlog.uses.count == UsageBacklog.rowsMax)
        #expect(backlog.uses.first { $0.key.rawValue == "k7" }?.at == noon + .seconds(1))
        #expect(backlog.refusals.count == UsageBacklog.rowsMax)
        #expect(new.isEmpty, "what is lost is not counted later")
    }
}
