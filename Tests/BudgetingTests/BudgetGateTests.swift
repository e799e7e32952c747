import Budgeting
import Testing
import Vocabulary

private let now = at("2026-03-11T12:00:00Z")  // a Wednesday
private let team = TeamID(rawValue: "team")
private let key = TeamKeyID(rawValue: "key")
private let primary = UpstreamKeyID(rawValue: "primary")

/// A plan with one budget, in the scope of this index: organization, team, key, upstream key.
private func plan(_ scope: Int, _ window: BudgetWindow, _ limit: Int64) -> BudgetPlan {
    var plan = BudgetPlan()
    switch scope {
    case 0: plan.organization = [enforced(window, limit)]
    case 1: plan.teams = [team: [enforced(window, limit)]]
    case 2: plan.keys = [key: [enforced(window, limit)]]
    default: plan.upstreamKeys = [primary: credits(limit)]
    }
    return plan
}

@Suite("The budget gate")
struct BudgetGateTests {
    @Test("L1: an estimate that fits exactly is admitted, a millionth more is refused", arguments: 0..<4)
    func exactFit(_ scope: Int) {
        let rows = [row("2026-03-11", spent: 3, unconfirmed: 2)]
        let gate = BudgetGate(plan(scope, .month, 10), rows: rows, at: now)
        #expect(gate.admit(ask(pages: 6), at: now).reservation == nil)
        #expect(gate.admit(ask(pages: 4), at: now).reservation != nil)
        #expect(gate.admit(ask(pages: 1), at: now).reservation != nil)
        var dearer = plan(scope, .month, 10)
        dearer.creditsPerPage = ["model": MicroCredits(micros: 1)]
        gate.replace(plan: dearer, at: now)
        #expect(gate.admit(ask(), at: now).reservation == nil)
    }

    @Test("L1: a refusal in the last scope leaves nothing reserved in the others")
    func noPartialReservation() throws {
        var plan = plan(3, .month, 5)
        plan.organization = [enforced(.day, 6)]
        let gate = BudgetGate(plan, at: now)
        #expect(gate.admit(ask(pages: 6), at: now).denial?.scope == .upstreamKey(primary))
        #expect(gate.admit(ask(upstreamKey: "other", pages: 6), at: now).reservation != nil)
    }

    @Test("L1: a denial tells how the budget stands that refuses")
    func denial() throws {
        let rows = [row("2026-03-09", spent: 3, unconfirmed: 2), row("2026-03-08", spent: 100)]
        let gate = BudgetGate(plan(1, .week, 10), rows: rows, at: now)
        #expect(gate.admit(ask(pages: 4), at: now).reservation != nil)
        let denial = try #require(gate.admit(ask(pages: 2), at: now).denial)
        let expected = Denial(
            scope: .team(team),
            window: .week,
            limit: credits(10),
            spent: credits(3),
            unconfirmed: credits(2),
            reserved: credits(4),
            estimate: credits(2),
            resetsAt: at("2026-03-16T00:00:00Z")
        )
        #expect(denial == expected)
    }

    @Test("L1: of several budgets that refuse, the one is named that resets last")
    func resetsLast() {
        func named(_ plan: BudgetPlan) -> BudgetWindow? {
            let gate = BudgetGate(plan, at: now)
            return gate.admit(ask(pages: 100), at: now).denial?.window
        }
        var plan = BudgetPlan()
        plan.organization = [enforced(.day, 1), enforced(.week, 1)]
        #expect(named(plan) == .week)
        plan.keys = [key: [enforced(.month, 1), enforced(.day, 1)]]
        #expect(named(plan) == .month)
        plan.teams = [team: [enforced(.total, 1), enforced(.week, 1)]]
        #expect(named(plan) == .total)
        plan.teams = [team: [enforced(.total, 1_000), enforced(.week, 1)]]
        #expect(named(plan) == .month)
    }

    @Test(
        "L1: among budgets that reset together the organization's is named before the team's before the key's",
        arguments: BudgetWindow.allCases
    )
    func resetTogether(_ window: BudgetWindow) {
        var plan = BudgetPlan(keys: [key: [enforced(window, 1)]])
        #expect(BudgetGate(plan, at: now).admit(ask(pages: 2), at: now).denial?.scope == .key(key))
        plan.teams = [team: [enforced(window, 1)]]
        #expect(BudgetGate(plan, at: now).admit(ask(pages: 2), at: now).denial?.scope == .team(team))
        plan.organization = [enforced(window, 1)]
        #expect(BudgetGate(plan, at: now).admit(ask(pages: 2), at: now).denial?.scope == .organization)
    }

    @Test("L1: an upstream key's limit is named only when nothing else refuses")
    func upstreamKeyLast() {
        var plan = plan(3, .month, 1)
        plan.keys = [key: [enforced(.day, 10)]]
        let gate = BudgetGate(plan, at: now)
        let byUpstreamKey = gate.admit(ask(pages: 2), at: now).denial
        #expect(byUpstreamKey?.scope == .upstreamKey(primary))
        #expect(byUpstreamKey?.window == .month)
        #expect(byUpstreamKey?.resetsAt == at("2026-04-01T00:00:00Z"))
        #expect(gate.admit(ask(pages: 11), at: now).denial?.scope == .key(key))
    }

    @Test(
        "L1: a window that ends makes room, at the first instant of the next one in the plan's time zone",
        arguments: [
            (BudgetWindow.day, "2026-03-11T22:59:59.999999Z", "2026-03-11T23:00:00Z"),
            (.week, "2026-03-15T22:59:59.999999Z", "2026-03-15T23:00:00Z"),
            (.month, "2026-03-31T21:59:59.999999Z", "2026-03-31T22:00:00Z"),
        ]
    )
    func windowEnds(_ window: BudgetWindow, _ last: String, _ next: String) {
        var plan = plan(2, window, 5)
        plan.timeZone = "Europe/Zurich"
        let gate = BudgetGate(plan, rows: [row("2026-03-11", spent: 5)], at: now)
        #expect(gate.admit(ask(), at: now).denial?.resetsAt == at(next))
        #expect(gate.admit(ask(), at: at(last)).denial?.resetsAt == at(next))
        #expect(gate.admit(ask(), at: at(next)).reservation != nil)
    }

    @Test("L1: a total never makes room")
    func total() throws {
        let rows = [row("1999-01-01", spent: 2), row("2026-03-11", spent: 3)]
        let gate = BudgetGate(plan(2, .total, 5), rows: rows, at: now)
        let denial = try #require(gate.admit(ask(), at: at("2036-01-01T00:00:00Z")).denial)
        #expect(denial.resetsAt == nil)
        #expect(denial.spent == credits(5))
    }

    @Test("L2: what a reservation holds can be raised, and is never lowered")
    func raise() throws {
        let gate = BudgetGate(plan(1, .day, 10), at: now)
        let reservation = try #require(gate.admit(ask(pages: 4), at: now).reservation)
        #expect(gate.raise(reservation, to: credits(1)))
        #expect(gate.remaining(at: now) == credits(6))
        #expect(gate.raise(reservation, to: credits(9)))
        #expect(gate.raise(reservation, to: credits(8)))
        #expect(gate.remaining(at: now) == credits(1))
        #expect(gate.admit(ask(pages: 2), at: now).denial?.reserved == credits(9))
        #expect(gate.end(reservation, .settled(credits(9))))
        #expect(gate.remaining(at: now) == credits(1))
        #expect(gate.admit(ask(pages: 2), at: now).denial?.spent == credits(9))
    }

    @Test("L2: a cost above estimate and limit is booked in full, and the next admission is refused")
    func excess() throws {
        let gate = BudgetGate(plan(1, .day, 10), at: now)
        let reservation = try #require(gate.admit(ask(pages: 4), at: now).reservation)
        #expect(gate.raise(reservation, to: credits(30)))
        #expect(gate.admit(ask(), at: now).denial?.reserved == credits(30))
        #expect(gate.end(reservation, .settled(credits(30))))
        let denial = gate.admit(ask(), at: now).denial
        #expect(denial?.spent == credits(30))
        #expect(denial?.reserved == .zero)
        #expect(gate.remaining(at: now) == .zero)
    }

    @Test("L2: sums of absurd amounts neither wrap nor trap, and what they held comes back exactly")
    func absurd() throws {
        let greatest = MicroCredits(micros: .max)
        let plan = BudgetPlan(teams: [team: [Budget(window: .total, limit: greatest, isEnforced: true)]])
        let gate = BudgetGate(plan, at: now)
        let small = try #require(gate.admit(ask(pages: 7), at: now).reservation)
        let large = try (0..<3).map { _ in try #require(gate.admit(ask(pages: 1), at: now).reservation) }
        for reservation in large { #expect(gate.raise(reservation, to: greatest)) }
        #expect(gate.admit(ask(), at: now).denial?.reserved == greatest)
        for reservation in large.prefix(2) { #expect(gate.end(reservation, .released)) }
        #expect(gate.end(large[2], .settled(MicroCredits(micros: -5))))
        #expect(gate.remaining(at: now) == greatest - credits(7))
        #expect(gate.end(small, .settled(greatest)))
        let other = try #require(gate.admit(ask(team: "other", key: "other"), at: now).reservation)
        #expect(gate.end(other, .settled(greatest)))
        let denial = gate.admit(ask(), at: now).denial
        #expect(denial?.spent == greatest)
        #expect(gate.remaining(at: now) == .zero)
    }

    @Test("L3: a reservation ends once; whatever comes after changes nothing and is reported", arguments: 0..<4)
    func endsOnce(_ first: Int) throws {
        let gate = BudgetGate(plan(1, .day, 100), at: now)
        let reservation = try #require(gate.admit(ask(pages: 10), at: now).reservation)
        switch first {
        case 0: #expect(gate.end(reservation, .settled(credits(4))))
        case 1: #expect(gate.end(reservation, .released))
        case 2: #expect(gate.end(reservation, .unconfirmed))
        default: #expect(gate.withdraw(reservation))
        }
        let left = gate.remaining(at: now)
        #expect(left == credits([96, 100, 90, 100][first]))
        #expect(!gate.end(reservation, .settled(credits(5)), rate: PageRate(credits: credits(9), pages: 1)))
        #expect(!gate.end(reservation, .released))
        #expect(!gate.end(reservation, .unconfirmed))
        #expect(!gate.withdraw(reservation))
        #expect(!gate.raise(reservation, to: credits(50)))
        #expect(gate.remaining(at: now) == left)
        #expect(gate.admit(ask(), at: now).reservation?.estimate == credits(1))
    }

    @Test("L3: a reservation of an earlier start is none of this one's")
    func foreign() throws {
        let before = BudgetGate(plan(1, .day, 100), at: now)
        let reservation = try #require(before.admit(ask(pages: 10), at: now).reservation)
        var opening = LedgerOpening()
        opening.rows = [row("2026-03-11", unconfirmed: 10)]
        opening.lastReservation = reservation.id
        let gate = BudgetGate(plan: plan(1, .day, 100), opening: opening, node: 1, at: now)
        let next = try #require(gate.admit(ask(), at: now).reservation)
        #expect(next.id > reservation.id)
        #expect(!gate.end(reservation, .settled(credits(10))))
        #expect(gate.remaining(at: now) == credits(89))
    }

    @Test("L4: a reservation is booked to its own day, over midnight and with a clock that was set back")
    func ownDay() throws {
        let yesterday = at("2026-03-10T23:59:59Z")
        let gate = BudgetGate(plan(1, .day, 10), at: yesterday)
        let reservation = try #require(gate.admit(ask(pages: 10), at: yesterday).reservation)
        #expect(reservation.day == day("2026-03-10"))
        #expect(gate.admit(ask(pages: 10), at: now).reservation != nil)
        #expect(gate.end(reservation, .settled(credits(10))))
        #expect(gate.remaining(at: now) == .zero)
        #expect(gate.admit(ask(), at: yesterday).denial?.spent == credits(10))
        #expect(gate.remaining(at: at("2026-03-12T00:00:00Z")) == credits(10))
    }

    @Test("L4: a reservation is booked to its own month in every scope", arguments: 0..<4)
    func ownMonth(_ scope: Int) throws {
        let lastMonth = at("2026-02-28T23:59:59Z")
        let gate = BudgetGate(plan(scope, .month, 10), at: lastMonth)
        let reservation = try #require(gate.admit(ask(pages: 6), at: lastMonth).reservation)
        #expect(gate.today(at: now) == day("2026-03-11"))
        #expect(gate.raise(reservation, to: credits(7)))
        #expect(gate.end(reservation, .settled(credits(8))))
        #expect(gate.admit(ask(pages: 3), at: lastMonth).denial?.spent == credits(8))
        #expect(gate.admit(ask(pages: 11), at: now).denial?.spent == .zero)
    }

    @Test("L4: a clock set back returns to the window with its spend, one set forward opens no spent window again")
    func steppedClock() throws {
        let gate = BudgetGate(plan(0, .month, 5), at: now)
        let reservation = try #require(gate.admit(ask(pages: 5), at: now).reservation)
        #expect(gate.end(reservation, .settled(credits(5))))
        let nextYear = at("2027-03-11T12:00:00Z")
        #expect(gate.remaining(at: nextYear) == credits(5))
        let later = try #require(gate.admit(ask(pages: 3), at: nextYear).reservation)
        #expect(gate.remaining(at: now) == .zero)
        #expect(gate.admit(ask(), at: now).denial?.spent == credits(5))
        #expect(gate.end(later, .settled(credits(2))))
        #expect(gate.remaining(at: nextYear) == credits(3))
        #expect(gate.remaining(at: now) == .zero)
    }

    @Test("L4: another time zone leaves a reservation on its day")
    func otherTimeZone() throws {
        let evening = at("2026-03-11T23:30:00Z")
        let gate = BudgetGate(plan(1, .day, 10), at: evening)
        let reservation = try #require(gate.admit(ask(pages: 4), at: evening).reservation)
        #expect(gate.today(at: evening) == day("2026-03-11"))
        var zurich = plan(1, .day, 10)
        zurich.timeZone = "Europe/Zurich"
        gate.replace(plan: zurich, at: evening)
        #expect(gate.today(at: evening) == day("2026-03-12"))
        #expect(gate.remaining(at: evening) == credits(10))
        #expect(gate.end(reservation, .settled(credits(4))))
        #expect(gate.remaining(at: evening) == credits(10))
        #expect(gate.remaining(at: now) == credits(6))
    }

    @Test("L4: a clock far behind books to the first day that is kept, whose windows count what they spent")
    func farBehind() throws {
        let rows = [row("2026-03-11", spent: 1), row("2025-03-01", spent: 2), row("2001-01-01", spent: 4)]
        let gate = BudgetGate(plan(0, .month, 10), rows: rows, at: now)
        let past = at("1980-01-01T00:00:00Z")
        let first = gate.today(at: past)
        #expect(first == day("2025-03-07"))
        let reservation = try #require(gate.admit(ask(pages: 3), at: past).reservation)
        #expect(reservation.day == first)
        #expect(gate.remaining(at: past) == credits(5))
        #expect(gate.remaining(at: at("2025-03-31T00:00:00Z")) == credits(5))
        gate.replace(plan: plan(0, .total, 10), at: past)
        #expect(gate.remaining(at: past) == .zero)
    }

    @Test("L4: a clock that stood far ahead once does not keep the present from being booked to its day")
    func farAhead() throws {
        let gate = BudgetGate(plan(0, .day, 10), rows: [row("2099-01-01", spent: 1)], at: now)
        #expect(gate.today(at: now) == day("2026-03-11"))
        let back = BudgetGate(plan(0, .day, 10), rows: [row("2026-03-11", spent: 1)], at: at("2099-01-01T00:00:00Z"))
        #expect(back.today(at: now) == day("2026-03-11"))
        #expect(back.remaining(at: now) == credits(9))
    }

    @Test("L5: when no reservation is open, nothing is reserved", arguments: 0..<4)
    func nothingLeaks(_ ending: Int) throws {
        let gate = BudgetGate(plan(1, .total, 10), at: now)
        for _ in 0..<100 {
            let reservation = try #require(gate.admit(ask(pages: 10), at: now).reservation)
            #expect(gate.raise(reservation, to: credits(12)))
            switch ending {
            case 0: #expect(gate.end(reservation, .settled(.zero)))
            case 1: #expect(gate.end(reservation, .released))
            default: #expect(gate.withdraw(reservation))
            }
            #expect(gate.remaining(at: now) == credits(10))
        }
    }

    @Test("L6: neither a refusal nor a reading changes a balance")
    func noTrace() {
        let gate = BudgetGate(plan(1, .day, 10), rows: [row("2026-03-11", spent: 3)], at: now)
        for _ in 0..<100 {
            #expect(gate.admit(ask(pages: 8), at: now).denial?.reserved == .zero)
            #expect(gate.remaining(at: now) == credits(7))
            #expect(gate.today(at: now) == day("2026-03-11"))
        }
        #expect(gate.admit(ask(pages: 7), at: now).reservation != nil)
    }

    @Test("L7: a balance is rebuilt from the store's rows in all scopes and windows", arguments: 0..<4)
    func rebuilt(_ scope: Int) throws {
        let rows = [
            row("2026-03-11", spent: 1), row("2026-03-09", unconfirmed: 2), row("2026-03-01", spent: 4),
            row("2026-03-11", spent: 8), row("2026-02-01", spent: 16), row("1990-01-01", spent: 32),
            row("2026-03-11", team: "other", key: "other", upstreamKey: "other", spent: 64),
        ]
        for (window, own) in [(.day, 9), (.week, 11), (.month, 15), (.total, 63)] as [(BudgetWindow, Int64)] {
            if scope == 3, window != .month { continue }
            let gate = BudgetGate(plan(scope, window, 1), rows: rows, at: now)
            let denial = try #require(gate.admit(ask(), at: now).denial)
            #expect(denial.spent + denial.unconfirmed == credits(scope == 0 ? own + 64 : own))
        }
    }

    @Test("L7: an unconfirmed reservation counts at its estimate")
    func unconfirmed() throws {
        let gate = BudgetGate(plan(1, .day, 10), at: now)
        let reservation = try #require(gate.admit(ask(pages: 4), at: now).reservation)
        #expect(gate.raise(reservation, to: credits(6)))
        #expect(gate.end(reservation, .unconfirmed))
        let denial = gate.admit(ask(pages: 7), at: now).denial
        #expect(denial?.unconfirmed == credits(4))
        #expect(denial?.spent == .zero)
        #expect(denial?.reserved == .zero)
    }

    @Test(
        "L8: a budget that is added counts what was spent before it, and one that comes back what was spent meanwhile"
    )
    func otherLimits() throws {
        let gate = BudgetGate(BudgetPlan(), at: now)
        let open = try #require(gate.admit(ask(pages: 2), at: now).reservation)
        let settled = try #require(gate.admit(ask(pages: 3), at: now).reservation)
        #expect(gate.end(settled, .settled(credits(5))))
        for scope in 0..<3 {
            gate.replace(plan: plan(scope, .week, 10), at: now)
            #expect(gate.remaining(at: now) == credits(3))
            gate.replace(plan: plan(scope, .week, 6), at: now)
            #expect(gate.remaining(at: now) == .zero)
        }
        gate.replace(plan: BudgetPlan(), at: now)
        #expect(gate.remaining(at: now) == nil)
        #expect(gate.end(open, .settled(credits(1))))
        gate.replace(plan: plan(1, .month, 10), at: now)
        #expect(gate.remaining(at: now) == credits(4))
    }

    @Test("a plan whose time zone does not exist traps")
    func unknownTimeZone() async {
        await #expect(processExitsWith: .failure) {
            _ = BudgetGate(BudgetPlan(timeZone: "Mars/Olympus_Mons"), at: Timestamp(microseconds: 0))
        }
    }
}
