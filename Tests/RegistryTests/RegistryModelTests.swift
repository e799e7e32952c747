import Budgeting
import TestSupport
import Testing
import UpstreamKeys
import Vocabulary

@testable import Registry

/// Random changes, with a store that applies every step in parallel with the registry.
@Suite("The registry and the store that it is rebuilt from")
struct RegistryModelTests {
    @Test("R2: after any changes, a start from the store finds what is in memory", arguments: 0..<40)
    func rebuilt(run: Int) throws {
        var random = SeededGenerator()
        var walk = Walk(registry: try Samples.registry())
        for step in 0..<60 {
            walk.step(step, &random)
            let again = try Registry(file: walk.file, rows: walk.store.rows, sealer: Samples.sealer)
            let same = View(again, walk.now) == View(walk.registry, walk.now)
            guard same else {
                Issue.record("step \(step) of seed \(random.seed)")
                return
            }
        }
        // A run that changes nothing would test nothing.
        #expect(walk.changeCount > 5, "seed \(random.seed)")
    }

    /// The registry as other modules and the API see it.
    private struct View: Equatable {
        let teams: [TeamRecord]
        let keys: [TeamKeyRecord]
        let good: [TeamKeyID?]
        let upstream: [String]
        let plan: BudgetPlan

        init(_ registry: Registry, _ now: Timestamp) {
            teams = registry.teamIDs.compactMap { registry.team($0)?.record }
            keys = registry.teamIDs.flatMap { registry.teamKeyIDs(of: $0) }.compactMap { registry.teamKey($0)?.record }
            let directory = registry.directory()
            good = (0..<60).map { directory.find(secretDigest: Samples.secret($0).digest, at: now)?.id }
            upstream = registry.upstreamKeys.map { "\($0.id) \($0.weight) \($0.operatorState) \($0.secretDigest)" }
            plan = registry.budgetPlan(BudgetPlan())
        }
    }

    /// A registry, its store and its file during a run.
    private struct Walk {
        var registry: Registry
        var store = StoreModel()
        var file = Samples.file()
        var now = Samples.now
        var changeCount = 0

        mutating func make(_ change: RegistryChange?) {
            guard let change else { return }
            changeCount += 1
            for write in change.writes {
                registry.apply(write)
                store.apply(write)
            }
        }

        mutating func step(_ step: Int, _ random: inout SeededGenerator) {
            now = now + .seconds(Int64.random(in: 0...30, using: &random))
            let team = ["filed", "sales", "legal"].randomElement(using: &random)! as TeamID
            let key = ["filed-key", "k1", "k2", "k3"].randomElement(using: &random)! as TeamKeyID
            let upstream = ["primary", "u1", "u2"].randomElement(using: &random)! as UpstreamKeyID
            // A refused change has no effect, which is a valid step too.
            try? change(Int.random(in: 0...9, using: &random), step, team, key, upstream)
        }

        private mutating func change(
            _ kind: Int,
            _ step: Int,
            _ team: TeamID,
            _ key: TeamKeyID,
            _ upstream: UpstreamKeyID
        ) throws {
            let secret = Samples.secret(step)
            switch kind {
            case 0: make(try registry.creating(Samples.team(team.rawValue)))
            case 1:
                let budget = Budget(window: .month, limit: MicroCredits(micros: Int64(step)), isEnforced: true)
                make(try registry.changing(Samples.team(team.rawValue, budgets: [budget])))
            case 2 where step % 5 == 0: make(try registry.deleting(team))
            case 2, 3:
                make(
                    try registry.issuing(
                        key,
                        for: team,
                        name: "",
                        notAfter: now + .seconds(100),
                        budgets: [],
                        secret: secret,
                        at: now
                    )
                )
            case 4: make(try registry.rotating(key, of: team, grace: .seconds(40), secret: secret, at: now))
            case 5: make(try registry.revoking(key, of: team, at: now))
            case 6:
                let terms = UpstreamKeyTerms(weight: step + 1)
                let bytes = Array("vendor-\(step)".utf8)
                make(try registry.adding(upstream, account: "default", terms: terms, secret: bytes, at: now))
            case 7:
                let state = [UpstreamKey.OperatorState.active, .draining, .disabled][step % 3]
                make(try registry.changing(upstream, terms: nil, state: state, at: now))
            case 8: make(try registry.rotating(upstream: upstream, secret: Array("vendor-\(step)".utf8)))
            default: reload(step)
            }
        }

        private mutating func reload(_ step: Int) {
            let next = Samples.file(keySecret: "file-key-secret-\(step % 3)", vendorSecret: "vendor-secret-\(step % 2)")
            for write in registry.following(next) {
                registry.apply(write)
                store.apply(write)
            }
            file = next
            registry.replace(file: next)
            changeCount += 1
        }
    }
}
