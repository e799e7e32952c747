import Budgeting
import Dispatch
import Testing
import Vocabulary

private let now = at("2026-03-11T12:00:00Z")
private let tomorrow = at("2026-03-12T12:00:00Z")
private let team = TeamID(rawValue: "team")
private let key = KeyID(rawValue: "key")

@Suite("A budget meter")
struct BudgetMeterTests {
    @Test("shows the least that is left in any enforced budget, and no upstream key's")
    func least() {
        var plan = BudgetPlan(upstreamKeys: [KeyID(rawValue: "primary"): credits(1)])
        let gate = BudgetGate(plan, at: now)
        let meter = gate.meter(team: team, key: key)
        #expect(meter.remaining(at: now) == nil)
        plan.organization = [enforced(.month, 30), shadow(.day, 1)]
        gate.replace(plan: plan, at: now)
        #expect(meter.remaining(at: now) == credits(30))
        plan.teams = [
            team: [enforced(.day, 10), enforced(.total, 20)], TeamID(rawValue: "other"): [enforced(.day, 1)],
        ]
        gate.replace(plan: plan, at: now)
        #expect(meter.remaining(at: now) == credits(10))
        plan.keys = [key: [enforced(.week, 5)]]
        gate.replace(plan: plan, at: now)
        #expect(meter.remaining(at: now) == credits(5))
        gate.replace(plan: BudgetPlan(), at: now)
        #expect(meter.remaining(at: now) == nil)
    }

    @Test("follows each admission, withdrawal, raise and ending, also of other teams")
    func follows() throws {
        let gate = BudgetGate(BudgetPlan(organization: [enforced(.day, 10)]), at: now)
        let meter = gate.meter(team: team, key: key)
        let first = try #require(gate.admit(ask(pages: 2), at: now).reservation)
        #expect(meter.remaining(at: now) == credits(8))
        let second = try #require(gate.admit(ask(team: "other", key: "other", pages: 3), at: now).reservation)
        #expect(meter.remaining(at: now) == credits(5))
        #expect(gate.raise(second, to: credits(5)))
        #expect(meter.remaining(at: now) == credits(3))
        #expect(gate.end(second, .settled(credits(1))))
        #expect(meter.remaining(at: now) == credits(7))
        #expect(gate.withdraw(first))
        #expect(meter.remaining(at: now) == credits(9))
    }

    @Test("shows the budgets of the time that it is asked for, without anybody else noticing that a day has passed")
    func ownTime() throws {
        let gate = BudgetGate(BudgetPlan(teams: [team: [enforced(.day, 10)]]), at: now)
        let meter = gate.meter(team: team, key: key)
        let reservation = try #require(gate.admit(ask(pages: 4), at: now).reservation)
        #expect(meter.remaining(at: tomorrow) == credits(10))
        #expect(meter.remaining(at: now) == credits(6))
        #expect(meter.remaining(at: at("2026-03-11T23:59:59.999999Z")) == credits(6))
        #expect(meter.remaining(at: at("2026-03-12T00:00:00Z")) == credits(10))
        #expect(gate.end(reservation, .settled(credits(5))))
        #expect(meter.remaining(at: tomorrow) == credits(10))
        #expect(meter.remaining(at: now) == credits(5))
        #expect(meter.remaining(at: Timestamp(microseconds: .max)) == credits(10))
        #expect(meter.remaining(at: Timestamp(microseconds: .min)) == credits(10))
    }

    @Test("never shows the amount of one day at a time of another, while threads change the day under it")
    func noTornReading() {
        let rows = [row("2026-03-11", spent: 3), row("2026-03-12", spent: 7)]
        let gate = BudgetGate(BudgetPlan(teams: [team: [enforced(.day, 10)]]), rows: rows, at: now)
        let meter = gate.meter(team: team, key: key)
        let wrong = Guarded(0)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for round in 0..<5_000 {
                let isNow = (thread + round / 3) % 2 == 0
                let shown = meter.remaining(at: isNow ? now : tomorrow)
                if shown != credits(isNow ? 7 : 3) { wrong.withLock { $0 += 1 } }
            }
        }
        #expect(wrong.withLock { $0 } == 0)
    }
}
