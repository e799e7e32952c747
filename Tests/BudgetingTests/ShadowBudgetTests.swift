import Budgeting
import Testing
import Vocabulary

private let now = at("2026-03-11T12:00:00Z")
private let team = TeamID(rawValue: "team")

@Suite("A shadow budget")
struct ShadowBudgetTests {
    @Test("refuses nothing, and counts what it would have refused in its window")
    func counts() {
        let plan = BudgetPlan(organization: [shadow(.total, 7)], teams: [team: [shadow(.week, 2), shadow(.day, 5)]])
        let gate = BudgetGate(plan, at: now)
        for _ in 0..<8 { #expect(gate.admit(ask(), at: now).reservation != nil) }
        let counted = Set(gate.takeShadowRefusals().map { "\($0.scope) \($0.window) \($0.start.number) \($0.count)" })
        let monday = day("2026-03-09").number
        let expected = [
            "organization total 0 1", "team(team) week \(monday) 6", "team(team) day \(monday + 2) 3",
        ]
        #expect(counted == Set(expected))
        #expect(gate.takeShadowRefusals().isEmpty)
        #expect(gate.remaining(at: now) == nil)
    }

    @Test("counts what an enforced budget refuses too, if it would have refused as well")
    func besideEnforced() {
        let plan = BudgetPlan(organization: [enforced(.day, 1)], teams: [team: [shadow(.day, 5)]])
        let gate = BudgetGate(plan, at: now)
        #expect(gate.admit(ask(pages: 5), at: now).denial?.scope == .organization)
        #expect(gate.takeShadowRefusals().isEmpty)
        #expect(gate.admit(ask(pages: 6), at: now).denial?.scope == .organization)
        #expect(gate.takeShadowRefusals().map(\.count) == [1])
    }

    @Test("counts by the window that it was in")
    func byWindow() {
        let gate = BudgetGate(BudgetPlan(organization: [shadow(.day, 0)]), at: now)
        for _ in 0..<2 { #expect(gate.admit(ask(), at: now).reservation != nil) }
        #expect(gate.admit(ask(), at: now + .seconds(86_400)).reservation != nil)
        let counted = gate.takeShadowRefusals().sorted { $0.start < $1.start }
        #expect(counted.map(\.count) == [2, 1])
        #expect(counted.map(\.start) == [day("2026-03-11"), day("2026-03-12")])
    }

    @Test("loses counts beyond ten thousand windows, and none within")
    func bounded() {
        let gate = BudgetGate(BudgetPlan(organization: [shadow(.day, 0)]), at: now)
        for number in 0..<10_100 as Range<Int64> {
            _ = gate.admit(ask(), at: now + .seconds(86_400 * number))
        }
        _ = gate.admit(ask(), at: now)
        let counted = gate.takeShadowRefusals()
        #expect(counted.count == 10_000)
        #expect(counted.map(\.count).reduce(0, +) == 10_001)
    }
}
