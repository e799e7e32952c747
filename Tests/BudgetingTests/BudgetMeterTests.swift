import Dispatch
import Testing
import Vocabulary

@testable import Budgeting

private let now = at("2026-03-11T12:00:00Z")
private let tomorrow = at("2026-03-12T12:00:00Z")
private let team = TeamID(rawValue: "team")
private let key = TeamKeyID(rawValue: "key")

@Suite("A budget meter")
struct BudgetMeterTests {
    @Test("shows the least that is left in any enforced budget, and no upstream key's")
    func least() {
        var plan = BudgetPlan(upstreamKeys: [UpstreamKeyID(rawValue: "primary"): credits(1)])
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
        let plan = BudgetPlan(organization: [enforced(.day, 10)], keys: [key: [enforced(.day, 9)]])
        let gate = BudgetGate(plan, at: now)
        let meter = gate.meter(team: team, key: key)
        let first = try #require(gate.admit(ask(pages: 2), at: now).reservation)
        #expect(meter.remaining(at: now) == credits(7))
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

    @Test("never shows the amount of one day at a time of another, while a thread changes the day under it")
    func noTornReading() {
        let dial = MeterDial(position: 0)
        let (today, next) = (now..<tomorrow, tomorrow..<tomorrow + .seconds(86_400))
        // The readers may finish before the writer gets a thread, so there is something to read from the start.
        dial.show(credits(7), during: today)
        let counts = Guarded((reading: 2, shown: 0, wrong: 0))
        DispatchQueue.concurrentPerform(iterations: 3) { thread in
            guard thread > 0 else {
                while counts.withLock({ $0.reading }) > 0 {
                    for _ in 0..<100 {
                        dial.show(credits(7), during: today)
                        dial.show(credits(3), during: next)
                    }
                }
                return
            }
            var (shown, wrong) = (0, 0)
            for round in 0..<100_000 {
                let isToday = round % 2 == 0
                guard let micros = dial.read(at: isToday ? now : tomorrow) else { continue }
                shown += 1
                if micros != (isToday ? 7_000_000 : 3_000_000) { wrong += 1 }
            }
            counts.withLock { $0 = ($0.reading - 1, $0.shown + shown, $0.wrong + wrong) }
        }
        let (_, shown, wrong) = counts.withLock { $0 }
        #expect(shown > 0)
        #expect(wrong == 0)
    }
}
