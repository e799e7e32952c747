import Budgeting
import Testing
import Vocabulary

private let now = at("2026-03-11T12:00:00Z")
private let team = TeamID(rawValue: "team")

@Suite("How budgets stand")
struct BudgetStandingTests {
    @Test("each budget has its own window's amounts, and what is left of it")
    func amounts() throws {
        let plan = BudgetPlan(teams: [team: [enforced(.day, 10), shadow(.week, 4), enforced(.total, 100)]])
        let rows = [
            row("2026-03-08", spent: 50), row("2026-03-10", spent: 3, unconfirmed: 2), row("2026-03-11", spent: 1),
        ]
        let gate = BudgetGate(plan, rows: rows, at: now)
        #expect(gate.admit(ask(pages: 2), at: now).reservation != nil)
        let standing = gate.standing(of: .team(team), days: 7, at: now)
        #expect(standing.scope == .team(team) && standing.at == now)
        #expect(standing.budgets.map(\.budget) == plan.teams[team])
        #expect(standing.budgets.map(\.spent) == [1, 4, 54].map(credits))
        #expect(standing.budgets.map(\.unconfirmed) == [0, 2, 2].map(credits))
        #expect(standing.budgets.map(\.reserved) == [2, 2, 2].map(credits))
        #expect(standing.budgets.map(\.remaining) == [7, 0, 42].map(credits))
        #expect(standing.budgets.map(\.nextStart) == [day("2026-03-12"), day("2026-03-16"), nil])
        #expect(standing.budgets.map(\.shadowRefusals) == [0, 1, 0])
        #expect(gate.standing(of: .team(TeamID(rawValue: "nobody")), days: 7, at: now).budgets.isEmpty)
    }

    @Test(
        "the spend of the last days is shown by day, without what is reserved",
        arguments: 1...8 as ClosedRange<Int32>
    )
    func used(_ days: Int32) {
        let dates = ["2026-03-04", "2026-03-05", "2026-03-09", "2026-03-11"]
        let rows = dates.map { row($0, spent: 2, unconfirmed: 1) }
        let gate = BudgetGate(BudgetPlan(teams: [team: [enforced(.day, 10)]]), rows: rows, at: now)
        #expect(gate.admit(ask(), at: now).reservation != nil)
        let used = gate.standing(of: .team(team), days: days, at: now).used
        #expect(used.map(\.day) == dates.map(day).filter { $0.number > day("2026-03-11").number - days })
        #expect(used.allSatisfy { $0.credits == credits(3) })
        #expect(gate.standing(of: .key(TeamKeyID(rawValue: "key")), days: days, at: now).used.count == used.count)
    }

    @Test("the refusals of a shadow budget are those of its window: stored, on their way to the store, and new")
    func refusals() {
        let plan = BudgetPlan(teams: [team: [shadow(.day, 0), shadow(.month, 0)]])
        var opening = LedgerOpening()
        opening.refusals = [
            ShadowRefusals(scope: .team(team), window: .day, start: day("2026-03-10"), count: 4),
            ShadowRefusals(scope: .team(team), window: .month, start: day("2026-03-01"), count: 5),
        ]
        let gate = BudgetGate(plan: plan, opening: opening, node: 1, at: now)
        func counts(at time: Timestamp = now) -> [Int64] {
            gate.standing(of: .team(team), days: 7, at: time).budgets.map(\.shadowRefusals)
        }
        #expect(counts() == [0, 5])
        #expect(gate.admit(ask(), at: now).reservation != nil)
        #expect(counts() == [1, 6])
        #expect(gate.takeShadowRefusals().map(\.count) == [1, 1])
        #expect(counts() == [1, 6])
        #expect(gate.admit(ask(), at: now + .seconds(86_400)).reservation != nil)
        #expect(counts(at: now + .seconds(86_400)) == [1, 7])
        #expect(counts(at: now + .seconds(40 * 86_400)) == [0, 0])
        opening.refusals[1].count = .max
        let full = BudgetGate(plan: plan, opening: opening, node: 1, at: now)
        #expect(full.admit(ask(), at: now).reservation != nil)
        #expect(full.standing(of: .team(team), days: 7, at: now).budgets[1].shadowRefusals == .max)
    }

    @Test("what other nodes counted is the stored row less what this one has added to it")
    func refusalsElsewhere() {
        let gate = BudgetGate(BudgetPlan(teams: [team: [shadow(.day, 0), shadow(.month, 0)]]), at: now)
        func stored(_ window: BudgetWindow, _ start: String, _ count: Int64) -> ShadowRefusals {
            ShadowRefusals(scope: .team(team), window: window, start: day(start), count: count)
        }
        func counts(at time: Timestamp = now) -> [Int64] {
            gate.standing(of: .team(team), days: 7, at: time).budgets.map(\.shadowRefusals)
        }
        gate.replaceShadowRefusals([stored(.day, "2026-03-11", 7)])
        #expect(counts() == [7, 0])
        for _ in 0..<2 { #expect(gate.admit(ask(), at: now).reservation != nil) }
        #expect(counts() == [9, 2])
        // Those on their way to the store are in no row yet.
        let taken = gate.takeShadowRefusals()
        gate.replaceShadowRefusals([stored(.day, "2026-03-11", 8)])
        #expect(counts() == [10, 2])
        gate.noteStored(taken)
        gate.replaceShadowRefusals([stored(.day, "2026-03-11", 10), stored(.month, "2026-03-01", 2)])
        #expect(counts() == [10, 2])
        // The next day begins with what others had of it.
        let tomorrow = now + .seconds(86_400)
        gate.replaceShadowRefusals([stored(.day, "2026-03-12", 3), stored(.month, "2026-03-01", 5)])
        #expect(counts(at: tomorrow) == [3, 5])
        // What is stored of yesterday now is no part of today's row.
        gate.noteStored([stored(.day, "2026-03-11", 1)])
        gate.replaceShadowRefusals([stored(.day, "2026-03-12", 4)])
        #expect(counts(at: tomorrow) == [4, 5])
    }

    @Test("a stored count may be anything", arguments: [Int64.min, -1, .max])
    func absurdRefusals(_ count: Int64) {
        let gate = BudgetGate(BudgetPlan(organization: [shadow(.total, 0)]), at: now)
        let row = ShadowRefusals(scope: .organization, window: .total, start: BudgetDay(number: 0), count: count)
        for _ in 0..<3 {
            #expect(gate.admit(ask(), at: now).reservation != nil)
            gate.noteStored([row, row])
            gate.replaceShadowRefusals([row])
        }
        let shown = gate.standing(of: .organization, days: 7, at: now).budgets[0].shadowRefusals
        #expect(count < 0 ? shown == 3 : shown == .max)
    }

    @Test("the windows of shadow budgets are found scope by scope")
    func windows() {
        let plan = BudgetPlan(
            organization: [shadow(.total, 1), enforced(.day, 5)],
            teams: [team: [shadow(.week, 2), shadow(.month, 5)]]
        )
        let gate = BudgetGate(plan, at: now)
        let (first, next) = gate.shadowWindows(from: 0, atMost: 1, at: now)
        let all = BudgetDay(number: 0)
        #expect(first == [ShadowWindow(scope: .organization, window: .total, start: all)] && next == 1)
        let (second, end) = gate.shadowWindows(from: 1, atMost: 5, at: now)
        #expect(end == nil && second.map(\.start) == [day("2026-03-09"), day("2026-03-01")])
        #expect(gate.shadowWindows(from: 900, atMost: 5, at: now).windows.isEmpty)
    }
}
