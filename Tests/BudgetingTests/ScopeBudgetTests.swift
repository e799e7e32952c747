import TestSupport
import Testing
import Vocabulary

@testable import Budgeting

private let now = at("2026-03-11T12:00:00Z")
private let team = TeamID(rawValue: "team")
private let key = TeamKeyID(rawValue: "key")
private let primary = UpstreamKeyID(rawValue: "primary")

@Suite("The budgets of one scope")
struct ScopeBudgetTests {
    @Test(
        "L8: are replaced alone, count what was spent before, and are shown",
        arguments: [.organization, .team(team), .key(key)] as [BudgetScope]
    )
    func replaced(_ scope: BudgetScope) throws {
        let gate = BudgetGate(BudgetPlan(), rows: [row("2026-03-11", spent: 3, unconfirmed: 1)], at: now)
        let meter = gate.meter(team: team, key: key)
        #expect(gate.admit(ask(pages: 2), at: now).reservation != nil)
        gate.set([enforced(.day, 10), enforced(.month, 9), shadow(.week, 1)], of: scope, at: now)
        #expect(gate.remaining(of: scope, at: now) == credits(3))
        #expect(meter.remaining(at: now) == credits(3))
        #expect(gate.admit(ask(pages: 4), at: now).denial?.scope == scope)
        gate.set([enforced(.day, 1)], of: scope, at: now)
        #expect(gate.remaining(of: scope, at: now) == .zero)
        #expect(meter.remaining(at: now) == .zero)
        gate.set([], of: scope, at: now)
        #expect(gate.remaining(of: scope, at: now) == nil)
        #expect(meter.remaining(at: now) == nil)
        #expect(gate.admit(ask(pages: 100), at: now).reservation != nil)
    }

    @Test("L8: an upstream key has one for the month, or none")
    func upstreamKey() {
        let gate = BudgetGate(BudgetPlan(), rows: [row("2026-03-01", spent: 3)], at: now)
        let scope = BudgetScope.upstreamKey(primary)
        gate.set([enforced(.month, 5)], of: scope, at: now)
        #expect(gate.remaining(of: scope, at: now) == credits(2))
        #expect(gate.admit(ask(pages: 3), at: now).denial?.scope == scope)
        #expect(gate.state.withLock { $0.book.plan.upstreamKeys } == [primary: credits(5)])
        gate.set([], of: scope, at: now)
        #expect(gate.remaining(of: scope, at: now) == nil)
        #expect(gate.admit(ask(pages: 3), at: now).reservation != nil)
        #expect(gate.state.withLock { $0.book.plan.upstreamKeys } == [:])
    }

    @Test("another budget than the month's for an upstream key is a bug")
    func upstreamKeyTraps() async {
        await #expect(processExitsWith: .failure) {
            let scope = BudgetScope.upstreamKey(UpstreamKeyID(rawValue: "primary"))
            BudgetGate(BudgetPlan(), at: at("2026-03-11T12:00:00Z")).set(
                [enforced(.day, 5)],
                of: scope,
                at: Timestamp(seconds: 0)
            )
        }
        await #expect(processExitsWith: .failure) {
            let scope = BudgetScope.upstreamKey(UpstreamKeyID(rawValue: "primary"))
            let budgets = [enforced(.month, 5), enforced(.month, 5)]
            BudgetGate(BudgetPlan(), at: at("2026-03-11T12:00:00Z")).set(budgets, of: scope, at: Timestamp(seconds: 0))
        }
    }

    @Test("are those of the day that they are set and asked about")
    func otherDay() {
        let gate = BudgetGate(BudgetPlan(), rows: [row("2026-03-11", spent: 3)], at: now)
        let meter = gate.meter(team: team, key: key)
        let tomorrow = at("2026-03-12T00:00:00Z")
        gate.set([enforced(.day, 10)], of: .team(team), at: tomorrow)
        #expect(meter.remaining(at: tomorrow) == credits(10))
        #expect(gate.remaining(of: .team(team), at: now) == credits(7))
        #expect(gate.remaining(of: .team(team), at: tomorrow) == credits(10))
        #expect(meter.remaining(at: now) == credits(7))
    }

    @Test("a scope that nobody knows is asked about, or relieved of its budgets, without getting an account")
    func unknown() {
        let gate = BudgetGate(BudgetPlan(keys: [key: [enforced(.day, 1)]]), at: now)
        let count = gate.state.withLock { $0.book.balances.count }
        for scope in [.team(team), .key(TeamKeyID(rawValue: "other")), .upstreamKey(primary)] as [BudgetScope] {
            #expect(gate.remaining(of: scope, at: now) == nil)
            gate.set([], of: scope, at: now)
        }
        #expect(gate.state.withLock { $0.book.balances.count } == count)
        gate.set([enforced(.day, 4)], of: .team(team), at: now)
        #expect(gate.remaining(of: .team(team), at: now) == credits(4))
        #expect(gate.state.withLock { $0.book.balances.count } == count + 1)
    }

    @Test("L8: at random: set one after the other, they come to what a whole new plan does")
    func random() {
        var random = SeededGenerator()
        let seed = random.seed
        for run in 0..<40 {
            var plan = Scenario.plan(&random)
            let (single, whole) = (BudgetGate(plan, at: now), BudgetGate(plan, at: now))
            for step in 0..<60 {
                let time = now + .seconds(Int.random(in: 0...60 * 86_400, using: &random))
                let scope = random.pick(Scenario.scopes)
                let budgets = Scenario.budgets(of: scope, &random)
                plan.set(budgets, of: scope)
                single.set(budgets, of: scope, at: time)
                whole.replace(plan: plan, at: time)
                let ask = Scenario.ask(&random)
                let verdicts = [single, whole].map { "\($0.admit(ask, at: time))" }
                #expect(verdicts[0] == verdicts[1], "seed \(seed), run \(run), step \(step)")
                for scope in Scenario.scopes {
                    let left = [single, whole].map { $0.remaining(of: scope, at: time) }
                    #expect(left[0] == left[1], "seed \(seed), run \(run), step \(step), \(scope)")
                }
            }
            let plans = [single, whole].map { $0.state.withLock { $0.book.plan } }
            #expect(plans[0].withoutEmpty == plans[1].withoutEmpty, "seed \(seed), run \(run)")
        }
    }
}

extension BudgetPlan {
    /// A scope listed in a plan with no budgets is the same as one that is not listed.
    fileprivate var withoutEmpty: BudgetPlan {
        var plan = self
        plan.teams = teams.filter { !$1.isEmpty }
        plan.keys = keys.filter { !$1.isEmpty }
        return plan
    }
}
