import Budgeting
import Testing
import Vocabulary

private let now = at("2026-03-11T12:00:00Z")

@Suite("An estimate")
struct EstimateTests {
    private func estimate(_ gate: BudgetGate, _ ask: ReservationAsk) -> MicroCredits? {
        gate.admit(ask, at: now).reservation?.estimate
    }

    private func teach(_ gate: BudgetGate, _ model: String, _ micros: Int64, pages: Int) throws {
        let reservation = try #require(gate.admit(ask(model: model), at: now).reservation)
        let rate = PageRate(credits: MicroCredits(micros: micros), pages: pages)
        #expect(gate.end(reservation, .settled(credits(1)), rate: rate))
    }

    @Test("is pages times what the plan says of the model, else its dearest model, else one credit")
    func fromPlan() {
        var plan = BudgetPlan(assumedPages: 10)
        #expect(estimate(BudgetGate(plan, at: now), ask(pages: 3)) == credits(3))
        plan.creditsPerPage = ["small": credits(2), "large": credits(5)]
        let gate = BudgetGate(plan, at: now)
        #expect(estimate(gate, ask(pages: 3, model: "small")) == credits(6))
        #expect(estimate(gate, ask(pages: 3, model: "unheard-of")) == credits(15))
        #expect(estimate(gate, ask(pages: nil, model: "small")) == credits(20))
    }

    @Test("follows the rate last seen of the model, rounded up")
    func learned() throws {
        let gate = BudgetGate(BudgetPlan(creditsPerPage: ["model": credits(7)]), at: now)
        try teach(gate, "model", 10, pages: 3)
        #expect(estimate(gate, ask(pages: 1)) == MicroCredits(micros: 4))
        #expect(estimate(gate, ask(pages: 3)) == MicroCredits(micros: 10))
        #expect(estimate(gate, ask(pages: 4)) == MicroCredits(micros: 14))
        try teach(gate, "model", 2_000_000, pages: 1)
        #expect(estimate(gate, ask(pages: 4)) == credits(8))
        #expect(estimate(gate, ask(pages: 4, model: "other")) == credits(28))
    }

    @Test("follows the rates that the store has kept, and a new plan does not forget them")
    func kept() {
        var opening = LedgerOpening()
        opening.rates = ["model": PageRate(credits: credits(3), pages: 1)]
        let gate = BudgetGate(plan: BudgetPlan(), opening: opening, node: 0, at: now)
        #expect(estimate(gate, ask(pages: 2)) == credits(6))
        gate.replace(plan: BudgetPlan(creditsPerPage: ["model": credits(9)]), at: now)
        #expect(estimate(gate, ask(pages: 2)) == credits(6))
    }

    @Test("L9: is never nothing: a rate of nothing is not learned, and a price of nothing counts as a millionth")
    func neverNothing() throws {
        let gate = BudgetGate(BudgetPlan(creditsPerPage: ["free": .zero]), at: now)
        try teach(gate, "model", 0, pages: 1)
        #expect(estimate(gate, ask(pages: 2)) == MicroCredits(micros: 1))
        try teach(gate, "model", 2_000_000, pages: 1)
        try teach(gate, "model", 0, pages: 1)
        #expect(estimate(gate, ask(pages: 2)) == credits(4))
        #expect(estimate(gate, ask(pages: 2, model: "free")) == MicroCredits(micros: 1))
        #expect(estimate(gate, ask(pages: 0)) == credits(2))
        #expect(estimate(gate, ask(pages: -7)) == credits(2))
    }

    @Test("L9: a budget that is spent to the last millionth refuses what costs nothing")
    func spentBudget() {
        let plan = BudgetPlan(organization: [enforced(.day, 5)], creditsPerPage: ["free": .zero])
        let gate = BudgetGate(plan, rows: [row("2026-03-11", spent: 5)], at: now)
        #expect(gate.admit(ask(model: "free"), at: now).denial?.estimate == MicroCredits(micros: 1))
    }

    @Test("stays at the greatest amount that is read, whatever pages and rates are claimed")
    func absurd() throws {
        let gate = BudgetGate(BudgetPlan(), at: now)
        #expect(estimate(gate, ask(pages: .max)) == .maximum)
        try teach(gate, "model", .max, pages: 1)
        #expect(estimate(gate, ask(pages: .max)) == .maximum)
        try teach(gate, "model", .max, pages: .max)
        #expect(estimate(gate, ask(pages: .max)) == .maximum)
        #expect(estimate(gate, ask(pages: 2)) == MicroCredits(micros: 2))
    }

    @Test("a thousand models are learned, and those that are known go on learning")
    func bounded() throws {
        let gate = BudgetGate(BudgetPlan(), at: now)
        for number in 0..<1_001 { try teach(gate, "model \(number)", 2_000_000, pages: 1) }
        #expect(estimate(gate, ask(model: "model 999")) == credits(2))
        #expect(estimate(gate, ask(model: "model 1000")) == credits(1))
        try teach(gate, "model 999", 3_000_000, pages: 1)
        #expect(estimate(gate, ask(model: "model 999")) == credits(3))
    }
}
