import Testing
import Vocabulary

@testable import Budgeting

private let now = at("2026-03-11T12:00:00Z")

@Suite("Charges without a reservation, and calls that are priced as one")
struct ChargeTests {
    private let team = TeamID(rawValue: "team")
    private let key = TeamKeyID(rawValue: "key")
    private let primary = UpstreamKeyID(rawValue: "primary")

    private func gate(_ limit: Int64, upstream: Int64? = nil, _ budgets: [Budget]? = nil) -> BudgetGate {
        BudgetGate(
            BudgetPlan(
                teams: [team: budgets ?? [enforced(.month, limit)]],
                upstreamKeys: upstream.map { [primary: credits($0)] } ?? [:]
            ),
            at: now
        )
    }

    private func exhaustion(_ gate: BudgetGate) -> Denial? {
        gate.exhaustion(team: team, key: key, upstreamKey: primary, at: now)
    }

    private func settle(_ gate: BudgetGate, _ reservation: Reservation, _ amount: MicroCredits) {
        gate.end(ReservationEnding(reservation: reservation, outcome: .settled(amount), endedAt: now))
    }

    @Test("L14: a charge is held above the limit at once, is spent in full, and the next admission counts it")
    func charge() throws {
        let gate = gate(10)
        let reservation = gate.charge(ask(), credits(25), at: now)
        #expect(reservation.estimate == credits(25))
        #expect(gate.openCount == 1)
        #expect(gate.remaining(of: .team(team), at: now) == .zero)
        let denial = try #require(exhaustion(gate))
        #expect(denial.reserved == credits(25) && denial.scope == .team(team))
        settle(gate, reservation, credits(25))
        #expect(gate.openCount == 0)
        #expect(try #require(exhaustion(gate)).spent == credits(25))
        guard case .denied = gate.admit(ask(), at: now) else { Issue.record("admitted"); return }
    }

    @Test("a budget is exhausted when nothing is left, not before, and asking reserves nothing")
    func exhausted() throws {
        let gate = gate(10)
        settle(gate, gate.charge(ask(), MicroCredits(micros: 9_999_999), at: now), MicroCredits(micros: 9_999_999))
        for _ in 0..<3 { #expect(exhaustion(gate) == nil) }
        #expect(gate.openCount == 0)
        settle(gate, gate.charge(ask(), MicroCredits(micros: 1), at: now), MicroCredits(micros: 1))
        #expect(try #require(exhaustion(gate)).resetsAt == at("2026-04-01T00:00:00Z"))
    }

    @Test("the month of an upstream key counts, and a shadow budget refuses nothing")
    func otherScopes() throws {
        let keyed = gate(100, upstream: 5)
        settle(keyed, keyed.charge(ask(), credits(5), at: now), credits(5))
        #expect(try #require(exhaustion(keyed)).scope == .upstreamKey(primary))
        #expect(keyed.exhaustion(team: team, key: key, upstreamKey: UpstreamKeyID(rawValue: "b"), at: now) == nil)
        let shadowed = gate(0, [shadow(.month, 1)])
        settle(shadowed, shadowed.charge(ask(), credits(5), at: now), credits(5))
        #expect(exhaustion(shadowed) == nil)
    }

    @Test("of all budgets that a request counts in, the one that admission would name is exhausted", arguments: 0..<16)
    func everyScope(spent: Int) throws {
        func budgets(_ bit: Int, _ window: BudgetWindow) -> [Budget] {
            spent & bit == 0 ? [] : [enforced(window, 1)]
        }
        let plan = BudgetPlan(
            organization: budgets(1, .day),
            teams: spent & 2 == 0 ? [:] : [team: budgets(2, .month)],
            keys: spent & 4 == 0 ? [:] : [key: budgets(4, .day)],
            upstreamKeys: spent & 8 == 0 ? [:] : [primary: credits(1)]
        )
        let gate = BudgetGate(plan, at: now)
        #expect(exhaustion(gate) == nil)
        settle(gate, gate.charge(ask(), credits(1), at: now), credits(1))
        guard case .denied(let denial) = gate.admit(ask(), at: now) else {
            #expect(spent == 0 && exhaustion(gate) == nil)
            return
        }
        let exhausted = try #require(exhaustion(gate))
        #expect(exhausted.scope == denial.scope && exhausted.window == denial.window)
    }

    @Test("the greatest charge does not trap, and exhausts what it counts in")
    func greatest() {
        let gate = gate(1_000_000_000)
        for _ in 0..<3 { settle(gate, gate.charge(ask(), .maximum, at: now), .maximum) }
        #expect(exhaustion(gate) != nil)
    }

    private func callAsk() -> ReservationAsk {
        ReservationAsk(
            team: team,
            key: key,
            account: AccountID(rawValue: "default"),
            upstreamKey: primary,
            documentID: "",
            model: "GET /route",
            pages: nil,
            cacheKey: CacheKey(Digest(0, 0, 0, 0)),
            requestID: "request",
            isPricedByCall: true
        )
    }

    @Test("a call that is priced as one is estimated at what the last one cost, before that at the assumed pages")
    func pricedByCall() {
        let gate = BudgetGate(BudgetPlan(assumedPages: 10), at: now)
        func next(costs amount: MicroCredits) -> MicroCredits? {
            guard case .admitted(let reservation) = gate.admit(callAsk(), at: now) else { return nil }
            let lesson = amount > .zero ? Lesson(rate: PageRate(credits: amount, pages: 1)) : Lesson()
            let settled = ReservationEnding.Outcome.settled(amount)
            gate.end(ReservationEnding(reservation: reservation, outcome: settled, endedAt: now, lesson: lesson))
            return reservation.estimate
        }
        #expect(next(costs: credits(700)) == credits(10))
        #expect(next(costs: MicroCredits(micros: 1)) == credits(700))
        // Nothing was learned from a free one.
        #expect(next(costs: .zero) == MicroCredits(micros: 1))
        #expect(next(costs: .maximum) == MicroCredits(micros: 1))
        #expect(next(costs: credits(3)) == .maximum)
        #expect(next(costs: credits(3)) == credits(3))
    }
}
