import Budgeting
import Testing
import Vocabulary

private let now = at("2026-03-11T12:00:00Z")
private let team = TeamID(rawValue: "team")

@Suite("Which shares of budgets are used up")
struct ThresholdTests {
    private func budget(_ window: BudgetWindow, _ limit: Int64, _ shares: [Int64], isEnforced: Bool = true) -> Budget {
        Budget(window: window, limit: credits(limit), isEnforced: isEnforced, alertAtMillionths: shares)
    }

    private func shares(_ gate: BudgetGate, at now: Timestamp = now) -> [Int64] {
        gate.crossings(from: 0, atMost: .max / 2, at: now).crossings.map(\.threshold)
    }

    @Test("a share is crossed when what is spent and unconfirmed reaches it, and what is reserved does not count")
    func reached() {
        let plan = BudgetPlan(teams: [team: [budget(.month, 10, [500_000, 800_000, 1_000_000])]])
        func crossed(spent: Int64, unconfirmed: Int64 = 0, reserved: Int = 0) -> [Int64] {
            let gate = BudgetGate(plan, rows: [row("2026-03-10", spent: spent, unconfirmed: unconfirmed)], at: now)
            if reserved > 0 { #expect(gate.admit(ask(pages: reserved), at: now).reservation != nil) }
            return shares(gate)
        }
        #expect(crossed(spent: 4) == [])
        #expect(crossed(spent: 4, reserved: 6) == [])
        #expect(crossed(spent: 5) == [500_000])
        #expect(crossed(spent: 4, unconfirmed: 4) == [500_000, 800_000])
        #expect(crossed(spent: 12) == [500_000, 800_000, 1_000_000])
    }

    @Test("every scope and window has its own; shadow budgets too; a window that is over counts no more")
    func scopes() throws {
        let plan = BudgetPlan(
            organization: [budget(.total, 100, [10_000])],
            teams: [team: [budget(.day, 5, [1_000_000]), budget(.month, 5, [1_000_000], isEnforced: false)]],
            keys: [TeamKeyID(rawValue: "key"): [budget(.week, 9, [1_000_000])]]
        )
        let gate = BudgetGate(plan, rows: [row("2026-03-10", spent: 5), row("2026-03-11", spent: 4)], at: now)
        let crossings = gate.crossings(from: 0, atMost: 100, at: now).crossings
        #expect(crossings.map(\.scope) == [.organization, .team(team), .key(TeamKeyID(rawValue: "key"))])
        #expect(crossings.map(\.budget.window) == [.total, .month, .week])
        #expect(crossings.map(\.start) == [BudgetDay(number: 0), day("2026-03-01"), day("2026-03-09")])
        #expect(crossings.map(\.resetsAt) == [nil, at("2026-04-01T00:00:00Z"), at("2026-03-16T00:00:00Z")])
        #expect(shares(gate, at: at("2026-04-01T00:00:00Z")) == [10_000])
    }

    @Test("grants are part of what it is a share of")
    func grants() throws {
        let plan = BudgetPlan(teams: [team: [budget(.month, 10, [1_000_000])]])
        let gate = BudgetGate(plan, rows: [row("2026-03-10", spent: 10)], at: now)
        #expect(shares(gate) == [1_000_000])
        let terms = GrantTerms(
            team: team,
            window: .month,
            credits: credits(1),
            expiresAt: at("2026-03-11T13:00:00Z"),
            reason: "",
            actor: "ops"
        )
        gate.add(gate.makeGrant(terms, at: now), at: now)
        #expect(shares(gate) == [])
        #expect(shares(gate, at: at("2026-03-11T13:00:00Z")) == [1_000_000])
    }

    @Test("a limit of nothing is crossed by the first credit; the largest amounts do not overflow")
    func extremes() {
        let none = BudgetPlan(teams: [team: [budget(.month, 0, [1])]])
        #expect(shares(BudgetGate(none, at: now)) == [])
        #expect(shares(BudgetGate(none, rows: [row("2026-03-10", spent: 1)], at: now)) == [1])
        let most = Budget(
            window: .total,
            limit: MicroCredits(micros: .max),
            isEnforced: true,
            alertAtMillionths: [.max, 1_000_000, 1]
        )
        let plan = BudgetPlan(organization: [most])
        let gate = BudgetGate(plan, rows: [LargestRow.row, LargestRow.row], at: now)
        #expect(shares(gate) == [1_000_000, 1])
    }

    private enum LargestRow {
        static let row = LedgerOpening.Row(
            day: day("2026-03-10"),
            team: team,
            key: TeamKeyID(rawValue: "key"),
            upstreamKey: UpstreamKeyID(rawValue: "primary"),
            spent: MicroCredits(micros: .max),
            unconfirmed: .zero
        )
    }

    @Test("pieces of the scopes make up the whole")
    func pieces() {
        var plan = BudgetPlan(organization: [budget(.month, 1, [1])])
        for number in 0..<10 { plan.teams[TeamID(rawValue: "team-\(number)")] = [budget(.month, 1, [1])] }
        let rows = (0..<10).map { row("2026-03-10", team: "team-\($0)", key: "key-\($0)", spent: 1) }
        let gate = BudgetGate(plan, rows: rows, at: now)
        let whole = gate.crossings(from: 0, atMost: 1_000, at: now)
        #expect(whole.crossings.count == 11 && whole.next == nil)
        var parts: [ThresholdCrossing] = []
        var position: Int? = 0
        while let start = position {
            let (crossings, next) = gate.crossings(from: start, atMost: 3, at: now)
            #expect(crossings.count <= 3)
            parts += crossings
            position = next
        }
        #expect(parts == whole.crossings)
        #expect(gate.crossings(from: 1_000, atMost: 3, at: now).next == nil)
    }

    @Test("what was used on the last days, today included")
    func used() {
        let rows = [row("2026-03-04", spent: 1), row("2026-03-05", spent: 2), row("2026-03-11", unconfirmed: 4)]
        let gate = BudgetGate(BudgetPlan(), rows: rows, at: now)
        func used(_ days: Int32) -> [MicroCredits] {
            let used = gate.used(by: .organization, lastDays: days, at: now)
            return [used.spent, used.unconfirmed]
        }
        #expect(used(1) == [credits(0), credits(4)])
        #expect(used(7) == [credits(2), credits(4)])
        #expect(used(8) == [credits(3), credits(4)])
        #expect(gate.used(by: .team(TeamID(rawValue: "nobody")), lastDays: 7, at: now).spent == .zero)
    }
}
