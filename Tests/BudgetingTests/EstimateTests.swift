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

    @Test("follows the median of a model's last 15 paid replies, rounded up")
    func learned() throws {
        let gate = BudgetGate(BudgetPlan(creditsPerPage: ["model": MicroCredits(micros: 4)]), at: now)
        try teach(gate, "model", 10, pages: 3)
        #expect(estimate(gate, ask(pages: 1)) == MicroCredits(micros: 4))
        #expect(estimate(gate, ask(pages: 3)) == MicroCredits(micros: 10))
        #expect(estimate(gate, ask(pages: 4)) == MicroCredits(micros: 14))
        // Seven replies of 3 and eight of 5: the eighth of 15 is the median.
        for _ in 0..<7 { try teach(gate, "model", 3, pages: 1) }
        for _ in 0..<8 { try teach(gate, "model", 5, pages: 1) }
        #expect(estimate(gate, ask(pages: 4)) == MicroCredits(micros: 20))
        #expect(estimate(gate, ask(pages: 4, model: "other")) == MicroCredits(micros: 16))
        for _ in 0..<8 { try teach(gate, "model", 6, pages: 2) }
        #expect(estimate(gate, ask(pages: 4)) == MicroCredits(micros: 12))
    }

    @Test("one wrong bill keeps nobody out, however early it comes and wrong it is", arguments: [0, 1, 2, 14, 15])
    func wrongBill(_ rightOnes: Int) throws {
        let plan = BudgetPlan(teams: [TeamID(rawValue: "team"): [enforced(.total, 1_000_000)]], assumedPages: 10)
        let gate = BudgetGate(plan, at: now)
        for _ in 0..<rightOnes { try teach(gate, "model", 2_000_000, pages: 1) }
        for micros in [15_000_000_000, Int64.max, 1] {
            try teach(gate, "model", micros, pages: 1)
            // From the plan, or from the correct replies.
            let prices = rightOnes < 2 ? [credits(10), credits(20)] : [credits(20)]
            let found = try #require(estimate(gate, ask(pages: nil)))
            #expect(prices.contains(found), "\(found) with \(micros) after \(rightOnes)")
            gate.forget(model: "model")
            for _ in 0..<rightOnes { try teach(gate, "model", 2_000_000, pages: 1) }
        }
    }

    @Test("a price that the plan does not know is believed when a second reply says it too")
    func secondReply() throws {
        let gate = BudgetGate(BudgetPlan(), at: now)
        try teach(gate, "model", 50_000_000, pages: 1)
        #expect(estimate(gate, ask(pages: 1)) == credits(1))
        try teach(gate, "model", 60_000_000, pages: 1)
        #expect(estimate(gate, ask(pages: 1)) == credits(50))
        try teach(gate, "model", 70_000_000, pages: 1)
        #expect(estimate(gate, ask(pages: 1)) == credits(60))
        #expect(gate.lesson(of: "model")?.rate == PageRate(credits: credits(60), pages: 1))
        gate.forget(model: "model")
        #expect(estimate(gate, ask(pages: 1)) == credits(1))
        #expect(gate.lesson(of: "model") == nil)
    }

    @Test("the last replies are those that were asked for last, whatever the order in which they come")
    func order() throws {
        let gate = BudgetGate(BudgetPlan(), at: now)
        let early = try #require(gate.admit(ask(), at: now).reservation)
        for _ in 0..<8 { try teach(gate, "model", 2_000_000, pages: 1) }
        for _ in 0..<7 { try teach(gate, "model", 3_000_000, pages: 1) }
        #expect(gate.end(early, .settled(credits(1)), rate: PageRate(credits: credits(9), pages: 1)))
        #expect(gate.lesson(of: "model")?.replies.count == 15)
        #expect(estimate(gate, ask(pages: 1)) == credits(2))
    }

    @Test("follows the replies that the store has kept, and a new plan does not forget them")
    func kept() throws {
        var opening = LedgerOpening()
        let rates = [3, 4, 5].map { PageRate(credits: credits($0), pages: 1) }
        opening.rates = [
            "model": rates.enumerated().map {
                PaidReply(reservation: ReservationID(rawValue: Int64($0.offset)), rate: $0.element)
            }
        ]
        let gate = BudgetGate(plan: BudgetPlan(), opening: opening, node: 0, at: now)
        #expect(estimate(gate, ask(pages: 2)) == credits(8))
        gate.replace(plan: BudgetPlan(creditsPerPage: ["model": credits(9)]), at: now)
        #expect(estimate(gate, ask(pages: 2)) == credits(8))
    }

    @Test(
        "the pages of a document are learned only when they agree with what was charged",
        arguments: [
            (3, 3_000_000, 3), (1, 3_000_000, 1), (12, 3_000_000, 12), (13, 3_000_000, nil), (1, 5_000_000, nil),
            (1_000_000, 2_000_000, nil), (1, 15_000_000_000, nil), (2, 0, nil), (.max, .max, nil), (.max, 1, nil),
            (1, .max, nil),
        ] as [(Int, Int64, Int?)]
    )
    func pages(_ pages: Int, _ micros: Int64, _ learned: Int?) {
        let gate = BudgetGate(BudgetPlan(), at: now)
        let charged = MicroCredits(micros: micros)
        let lesson = gate.lesson(pages: pages, credits: charged, model: "model", isWholeDocument: true)
        #expect(lesson.documentPages == learned)
        #expect(lesson.rate == (micros > 0 ? PageRate(credits: charged, pages: pages) : nil))
        let part = gate.lesson(pages: pages, credits: charged, model: "model", isWholeDocument: false)
        #expect(part.documentPages == nil)
        #expect(part.rate == lesson.rate)
    }

    @Test("what is known of models is told by name, a page at a time")
    func told() throws {
        let gate = BudgetGate(BudgetPlan(), at: now)
        for model in ["b", "a", "c"] { try teach(gate, model, 2_000_000, pages: 3) }
        #expect(gate.lessons(after: nil, atMost: 2).map(\.model) == ["a", "b"])
        #expect(gate.lessons(after: "b", atMost: 2).map(\.model) == ["c"])
        #expect(gate.lessons(after: "c", atMost: 2).isEmpty)
        #expect(gate.lesson(of: "a")?.rate.creditsPerPage == MicroCredits(micros: 666_667))
    }

    @Test("L9: is never nothing: a rate of nothing is not learned, and a price of nothing counts as a millionth")
    func neverNothing() throws {
        let gate = BudgetGate(BudgetPlan(creditsPerPage: ["free": .zero]), at: now)
        try teach(gate, "model", 0, pages: 1)
        #expect(estimate(gate, ask(pages: 2)) == MicroCredits(micros: 1))
        for _ in 0..<3 { try teach(gate, "model", 2_000_000, pages: 1) }
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
        for _ in 0..<3 { try teach(gate, "model", .max, pages: 1) }
        #expect(estimate(gate, ask(pages: .max)) == .maximum)
        for _ in 0..<4 { try teach(gate, "model", .max, pages: .max) }
        #expect(estimate(gate, ask(pages: .max)) == .maximum)
        #expect(estimate(gate, ask(pages: 2)) == MicroCredits(micros: 2))
    }

    @Test("a thousand models are learned, and those that are known go on learning")
    func bounded() throws {
        let gate = BudgetGate(BudgetPlan(), at: now)
        for number in 0..<1_001 { try teach(gate, "model \(number)", 2_000_000, pages: 1) }
        #expect(estimate(gate, ask(model: "model 999")) == credits(2))
        #expect(estimate(gate, ask(model: "model 1000")) == credits(1))
        for _ in 0..<2 { try teach(gate, "model 999", 3_000_000, pages: 1) }
        #expect(estimate(gate, ask(model: "model 999")) == credits(3))
        gate.forget(model: "model 999")
        let long = String(repeating: "m", count: 129)
        for name in [long, String(long.dropLast())] { try teach(gate, name, 2_000_000, pages: 1) }
        #expect(gate.lesson(of: long) == nil && gate.lesson(of: String(long.dropLast())) != nil)
    }
}
