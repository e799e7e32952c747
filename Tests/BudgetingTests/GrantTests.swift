import Budgeting
import Testing
import Vocabulary

private let now = at("2026-03-11T12:00:00Z")
private let team = TeamID(rawValue: "team")

/// L12, and what L1 and L8 say of grants.
@Suite("A grant")
struct GrantTests {
    private func gate(_ budgets: [Budget], spent: Int64 = 0) -> BudgetGate {
        let rows = spent > 0 ? [row("2026-03-11", spent: spent)] : []
        return BudgetGate(BudgetPlan(teams: [team: budgets]), rows: rows, at: now)
    }

    private func terms(
        _ window: BudgetWindow,
        _ amount: MicroCredits,
        until expiry: Timestamp? = nil,
        team: TeamID = team
    ) -> GrantTerms {
        GrantTerms(team: team, window: window, credits: amount, expiresAt: expiry, reason: "why", actor: "ops")
    }

    @discardableResult
    private func grant(
        _ gate: BudgetGate,
        _ window: BudgetWindow,
        _ count: Int64,
        until expiry: Timestamp? = nil,
        at time: Timestamp = now
    ) -> Grant {
        let grant = gate.makeGrant(terms(window, credits(count), until: expiry), at: time)
        gate.add(grant, at: time)
        return grant
    }

    @Test("L1: it is room beside the limit, to the last millionth, and a refusal names it")
    func room() throws {
        let gate = gate([enforced(.month, 3)])
        let made = gate.makeGrant(terms(.month, credits(2)), at: now)
        #expect(gate.remaining(at: now) == credits(3), "it counts once it is added")
        gate.add(made, at: now)
        #expect(gate.remaining(at: now) == credits(5))
        #expect(gate.admit(ask(pages: 5), at: now).reservation != nil)
        #expect(gate.remaining(at: now) == .zero)
        let denial = try #require(gate.admit(ask(), at: now).denial)
        #expect(denial.limit == credits(3) && denial.granted == credits(2) && denial.reserved == credits(5))
        #expect(!denial.neverFits)
        let hopeless = try #require(gate.admit(ask(pages: 6), at: now).denial)
        #expect(hopeless.neverFits, "above limit and grant together")
    }

    @Test("it counts in every budget of its window, enforced or shadow, and in no other window, team or key")
    func budgets() throws {
        var plan = BudgetPlan(teams: [team: [enforced(.month, 3), shadow(.month, 1), enforced(.total, 9)]])
        plan.teams[TeamID(rawValue: "other")] = [enforced(.month, 3)]
        plan.keys = [TeamKeyID(rawValue: "key"): [enforced(.month, 8)]]
        plan.organization = [enforced(.month, 100)]
        let gate = BudgetGate(plan, at: now)
        grant(gate, .month, 4)
        #expect(
            gate.standing(of: .team(team), days: 7, at: now).budgets.map(\.granted) == [credits(4), credits(4), .zero]
        )
        for scope in [BudgetScope.organization, .team(TeamID(rawValue: "other")), .key(TeamKeyID(rawValue: "key"))] {
            #expect(gate.standing(of: scope, days: 7, at: now).budgets.map(\.granted) == [.zero])
        }
        #expect(gate.admit(ask(pages: 5), at: now).reservation != nil)
        #expect(gate.takeShadowRefusals().isEmpty, "1 + 4 has room for 5")
        #expect(gate.admit(ask(), at: now).reservation != nil)
        #expect(gate.takeShadowRefusals().map(\.count) == [1])
    }

    @Test("it ends at the very moment that it expires, for admissions and for what is shown without a lock")
    func expiry() throws {
        let gate = gate([enforced(.month, 1)], spent: 1)
        let end = at("2026-03-11T13:00:00Z")
        let before = Timestamp(microseconds: end.microseconds - 1)
        let made = grant(gate, .month, 5, until: end)
        #expect(made.endsAt == end && made.expiresAt == end)
        let meter = gate.meter(team: team, key: TeamKeyID(rawValue: "key"))
        #expect(meter.remaining(at: now) == credits(5))
        #expect(meter.remaining(at: before) == credits(5))
        #expect(meter.remaining(at: end) == .zero)
        #expect(meter.remaining(at: at("2026-03-11T23:59:59.999999Z")) == .zero)
        #expect(gate.admit(ask(), at: end).denial?.granted == .zero)
        // A clock that was ahead is set back: the grant is in force again.
        #expect(meter.remaining(at: before) == credits(5))
        let reservation = try #require(gate.admit(ask(pages: 2), at: before).reservation)
        #expect(meter.remaining(at: before) == credits(3))
        #expect(meter.remaining(at: end) == .zero)
        // A booking has no clock of its own: it must not make an old reading good for a time after the end.
        #expect(gate.end(reservation, .released))
        #expect(meter.remaining(at: end) == .zero)
        #expect(meter.remaining(at: before) == credits(5))
    }

    @Test("of several, each ends at its own time")
    func several() {
        let gate = gate([enforced(.day, 1)])
        let meter = gate.meter(team: team, key: TeamKeyID(rawValue: "key"))
        let (first, second) = (at("2026-03-11T13:00:00Z"), at("2026-03-11T15:00:00Z"))
        grant(gate, .day, 20, until: second)
        grant(gate, .day, 100)
        grant(gate, .day, 3, until: first)
        for (time, left) in [
            ("2026-03-11T14:59:59.999999Z", 121), ("2026-03-11T12:30:00Z", 124), ("2026-03-11T13:00:00Z", 121),
            ("2026-03-11T15:00:00Z", 101), ("2026-03-11T23:59:59.999999Z", 101), ("2026-03-12T00:00:00Z", 1),
            ("2026-03-11T12:59:59.999999Z", 124),
        ] as [(String, Int64)] {
            #expect(meter.remaining(at: at(time)) == credits(left), "\(time)")
        }
    }

    @Test(
        "it ends with its period, whatever the expiry that was given",
        arguments: [
            (BudgetWindow.day, "2026-03-12T00:00:00Z"), (.week, "2026-03-16T00:00:00Z"),
            (.month, "2026-04-01T00:00:00Z"),
        ]
    )
    func period(_ window: BudgetWindow, _ end: String) {
        let end = at(end)
        for expiry in [nil, at("2030-01-01T00:00:00Z")] {
            let gate = gate([enforced(window, 1)])
            let made = grant(gate, window, 5, until: expiry)
            #expect(made.endsAt == end && made.expiresAt == expiry)
            #expect(gate.remaining(at: Timestamp(microseconds: end.microseconds - 1)) == credits(6))
            #expect(gate.remaining(at: end) == credits(1))
            // The period before it is another one.
            #expect(gate.remaining(at: at("2026-01-20T00:00:00Z")) == credits(1))
        }
    }

    @Test("one of the total lasts for ever, or until it expires")
    func total() {
        let gate = gate([enforced(.total, 1)])
        #expect(grant(gate, .total, 5).endsAt == nil)
        #expect(gate.remaining(at: at("2099-01-01T00:00:00Z")) == credits(6))
        grant(gate, .total, 7, until: at("2027-01-01T00:00:00Z"))
        #expect(gate.remaining(at: now) == credits(13))
        #expect(gate.remaining(at: at("2027-01-01T00:00:00Z")) == credits(6))
    }

    @Test("withdrawn, what was spent of it stays spent and the budget is closed")
    func withdrawal() throws {
        let gate = gate([enforced(.month, 1)])
        let made = grant(gate, .month, 5)
        let reservation = try #require(gate.admit(ask(pages: 4), at: now).reservation)
        #expect(gate.end(reservation, .settled(credits(4))))
        gate.removeGrant(made.id, of: TeamID(rawValue: "other"), at: now)
        gate.removeGrant(made.id + 1, of: team, at: now)
        #expect(gate.remaining(at: now) == credits(2))
        gate.removeGrant(made.id, of: team, at: now)
        #expect(gate.remaining(at: now) == .zero)
        #expect(gate.admit(ask(), at: now).denial?.spent == credits(4))
    }

    @Test("L8: a limit below what is spent refuses at once; grants outlive new budgets and a new plan")
    func newBudgets() {
        let gate = gate([enforced(.month, 10)], spent: 6)
        #expect(gate.remaining(at: now) == credits(4))
        gate.set([enforced(.month, 5)], of: .team(team), at: now)
        #expect(gate.remaining(at: now) == .zero)
        #expect(gate.admit(ask(), at: now).denial?.limit == credits(5))
        grant(gate, .month, 3)
        #expect(gate.remaining(at: now) == credits(2))
        gate.set([], of: .team(team), at: now)
        #expect(gate.remaining(at: now) == nil)
        gate.set([enforced(.month, 5), enforced(.day, 100)], of: .team(team), at: now)
        #expect(gate.remaining(at: now) == credits(2))
        gate.replace(plan: BudgetPlan(teams: [team: [enforced(.month, 6)]]), at: now)
        #expect(gate.remaining(at: now) == credits(3))
    }

    @Test("absurd sums saturate, and negative ones count as nothing")
    func absurd() throws {
        let most = MicroCredits(micros: .max)
        let gate = gate([Budget(window: .month, limit: most, isEnforced: true)])
        for _ in 0..<3 { gate.add(gate.makeGrant(terms(.month, most), at: now), at: now) }
        let standing = try #require(gate.standing(of: .team(team), days: 7, at: now).budgets.first)
        #expect(standing.granted == most && standing.remaining == most)
        #expect(gate.admit(ask(pages: .max), at: now).reservation != nil)
        #expect(gate.remaining(at: now) != nil)
        let other = self.gate([enforced(.month, 1)])
        other.add(other.makeGrant(terms(.month, MicroCredits(micros: .min)), at: now), at: now)
        #expect(other.remaining(at: now) == credits(1))
    }

    @Test("L7: a restart finds it again, and identifiers ascend even if the clock was set back")
    func restart() {
        let first = gate([enforced(.month, 1)])
        let grants = [
            grant(first, .month, 5), grant(first, .month, 7, until: at("2026-03-20T00:00:00Z")), grant(first, .day, 9),
        ]
        #expect(grants.map(\.id) == grants.map(\.id).sorted() && Set(grants.map(\.id)).count == 3)
        var opening = LedgerOpening()
        opening.grants = grants
        opening.lastGrant = grants[2].id
        let plan = BudgetPlan(teams: [team: [enforced(.month, 1)]])
        let next = BudgetGate(plan: plan, opening: opening, node: 1, at: now)
        #expect(next.remaining(at: now) == credits(13))
        #expect(next.remaining(at: at("2026-03-20T00:00:00Z")) == credits(6))
        #expect(next.remaining(at: at("2026-04-01T00:00:00Z")) == credits(1))
        let id = next.makeGrant(terms(.day, credits(1)), at: Timestamp(microseconds: 0)).id
        #expect(id > grants[2].id && id <= grants[2].id + 1_024 && id % 1_024 == 1, "which no other node gives")
        // One of another node's that was made later, or by a clock that is ahead.
        next.add(first.makeGrant(terms(.day, credits(1)), at: now + .seconds(3_600)), at: now)
        #expect(next.makeGrant(terms(.day, credits(1)), at: now).createdAt == now)
        #expect(next.makeGrant(terms(.day, credits(1)), at: now).id > (now + .seconds(3_600)).microseconds)
    }

    @Test("those that ended long ago are let go of, and one that is added twice counts once")
    func bounded() {
        let gate = gate([enforced(.day, 1)])
        let made = grant(gate, .day, 5)
        gate.add(made, at: now)
        #expect(gate.remaining(at: now) == credits(6))
        grant(gate, .day, 2, at: at("2026-04-05T12:00:00Z"))
        #expect(gate.remaining(at: now) == credits(6), "a clock that is set back finds it")
        grant(gate, .day, 2, at: at("2026-04-30T12:00:00Z"))
        #expect(gate.remaining(at: now) == credits(1))
    }
}
