import TestSupport
import Testing
import Vocabulary

@testable import Budgeting

@Suite("The budget gate beside its model")
struct BudgetModelTests {
    private static let parts = 4
    /// A sanitizer looks at the memory of a run, which is the same in each; other seeds come with other runs of the
    /// tests.
    private static let runsPerPart = Sanitizer.isOn ? 125 : 1_250
    private static let stepsPerRun = 200

    @Test("L1 to L10: whatever happens in whatever order, the gate is where the model is", arguments: 0..<parts)
    func agrees(_ part: Int) {
        let seed = SeededGenerator().seed
        var run = GateAndModel(random: SeededGenerator(seed: seed &+ UInt64(part)))
        for number in 0..<Self.runsPerPart {
            run.start()
            for step in 0..<Self.stepsPerRun where run.difference == nil {
                run.step()
                if step % 100 == 0 { run.compareAll() }
            }
            run.endAll()
            if let difference = run.difference {
                Issue.record("\(difference), run \(number) of part \(part), TOLLGATE_TEST_SEED=\(seed)")
                return
            }
        }
    }
}

/// The gate and the model, driven by the same events.
private struct GateAndModel {
    private(set) var difference: String?
    private var random: SeededGenerator
    private var now: Timestamp
    private var plan: BudgetPlan
    private var gate: BudgetGate
    private var model = BudgetModel()
    private var meters: [BudgetMeter] = []
    private var lastID: ReservationID?

    init(random: SeededGenerator) {
        self.random = random
        now = at("2026-03-27T12:00:00Z")
        plan = BudgetPlan()
        gate = BudgetGate(plan, at: now)
    }

    /// Starts over with an empty ledger.
    mutating func start() {
        now = at("2026-03-27T12:00:00Z") + .seconds(Int.random(in: 0...400 * 86_400, using: &random))
        plan = Scenario.plan(&random)
        model.start(plan: plan, at: now)
        open(LedgerOpening())
    }

    private mutating func open(_ opening: LedgerOpening) {
        gate = BudgetGate(plan: plan, opening: opening, node: 7, at: now)
        meters = Scenario.keys.indices.map {
            gate.meter(team: Scenario.teams[Scenario.team(ofKey: $0)], key: Scenario.keys[$0])
        }
        lastID = opening.lastReservation
    }

    private mutating func expect(_ isRight: Bool, _ what: @autoclosure () -> String) {
        if !isRight, difference == nil { difference = what() }
    }

    mutating func step() {
        switch Int.random(in: 0..<1_000, using: &random) {
        case ..<400: admit()
        case ..<560: if let index = pick(isOpen: true) { model.entries[index].isDurable = true }
        case ..<600: withdraw()
        case ..<680: raise()
        case ..<860: end()
        case ..<900: endAgain()
        case ..<965: now = now + .seconds(Int.random(in: 0...20_000, using: &random))
        case ..<980: jump()
        case ..<986:
            plan = Scenario.plan(&random)
            gate.replace(plan: plan, at: now)
            model.replace(plan: plan)
        case ..<988: setBudgets()
        case ..<990: open(model.crash(at: now))
        default: compareShadows()
        }
        if random.chance(1, in: 4) { compareMeter() }
    }

    private mutating func pick(isOpen: Bool) -> Int? {
        let start = Int.random(in: 0...max(model.entries.count - 1, 0), using: &random)
        return model.entries[min(start, model.entries.count)...].firstIndex { $0.isOpen == isOpen }
    }

    private func reservation(_ index: Int) -> Reservation { model.reservations[model.entries[index].id]! }

    private mutating func admit() {
        let ask = Scenario.ask(&random)
        switch (gate.admit(ask, at: now), model.verdict(on: ask, at: now)) {
        case (.admitted(let reservation), .admitted(let estimate, let day)):
            expect(
                reservation.estimate.micros == estimate && reservation.day.number == day && reservation.ask == ask
                    && reservation.createdAt == now && lastID.map { $0 < reservation.id } ?? true,
                "\(reservation) for the estimate \(estimate) on day \(day)"
            )
            lastID = reservation.id
            let entry = BudgetModel.Entry(
                id: reservation.id,
                team: Scenario.number(of: .team(ask.team)),
                key: Scenario.number(of: .key(ask.key)),
                upstreamKey: Scenario.number(of: .upstreamKey(ask.upstreamKey)),
                day: day,
                held: estimate
            )
            model.entries.append(entry)
            model.reservations[reservation.id] = reservation
        case (.denied(let denial), .denied(let expected)):
            expect(denial == expected, "\(denial) instead of \(expected)")
        case (let admission, let verdict):
            expect(false, "\(admission) instead of \(verdict)")
        }
    }

    private mutating func withdraw() {
        guard let index = pick(isOpen: true), !model.entries[index].isDurable else { return }
        expect(gate.withdraw(reservation(index)), "a withdrawal was not taken")
        model.entries.remove(at: index)
    }

    private mutating func raise() {
        guard let index = pick(isOpen: true) else { return }
        let amount = Int.random(in: 0...10_000_000, using: &random)
        let isTaken = gate.raise(reservation(index), to: MicroCredits(micros: Int64(amount)))
        expect(isTaken, "a raise was not taken")
        model.entries[index].held = max(model.entries[index].held, amount)
    }

    private mutating func end() {
        guard let index = pick(isOpen: true), model.entries[index].isDurable else { return }
        let reservation = self.reservation(index)
        model.entries[index].isOpen = false
        model.entries[index].held = 0
        let outcome: ReservationEnding.Outcome
        var lesson = Lesson()
        switch Int.random(in: 0..<6, using: &random) {
        case 0: outcome = .released
        case 1:
            outcome = .unconfirmed
            model.entries[index].unconfirmed = Int(reservation.estimate.micros)
        default:
            let charged = Int.random(in: 0...9_000_000, using: &random)
            outcome = .settled(MicroCredits(micros: Int64(charged)))
            model.entries[index].spent = charged
            if random.chance(1, in: 10) {
                let pages = Int.random(in: 1...7, using: &random)
                lesson.rate = PageRate(credits: MicroCredits(micros: Int64(charged)), pages: pages)
                if charged > 0 { model.learn(charged, pages, by: reservation) }
            }
        }
        let ending = ReservationEnding(reservation: reservation, outcome: outcome, endedAt: now, lesson: lesson)
        expect(gate.end(ending), "an ending was not taken")
    }

    /// Calls after an ending.
    private mutating func endAgain() {
        guard let index = pick(isOpen: false) else { return }
        let reservation = self.reservation(index)
        let isTaken =
            switch Int.random(in: 0..<4, using: &random) {
            case 0: gate.withdraw(reservation)
            case 1: gate.raise(reservation, to: credits(50))
            case 2: gate.end(reservation, .unconfirmed)
            default:
                gate.end(reservation, .settled(credits(5)), rate: PageRate(credits: credits(9), pages: 1))
            }
        expect(!isTaken, "a second ending was taken")
    }

    private mutating func setBudgets() {
        let scope = random.pick(Scenario.scopes)
        let budgets = Scenario.budgets(of: scope, &random)
        gate.set(budgets, of: scope, at: now)
        plan.set(budgets, of: scope)
        model.replace(plan: plan)
    }

    private mutating func jump() {
        let days = random.chance(1, in: 6) ? 500 : 40
        now = now + .seconds(Int.random(in: -days * 86_400...days * 86_400, using: &random))
    }

    private mutating func compareMeter() {
        let key = Int.random(in: 0..<Scenario.keys.count, using: &random)
        let shown = meters[key].remaining(at: now)
        let team = Scenario.teams[Scenario.team(ofKey: key)]
        let expected = model.remaining(team: team, key: Scenario.keys[key], at: now)
        let ofScopes = [.organization, .team(team), .key(Scenario.keys[key])].compactMap { (scope: BudgetScope) in
            gate.remaining(of: scope, at: now)
        }
        expect(shown == ofScopes.min(), "meter \(key): \(String(describing: shown)), not \(ofScopes)")
        expect(shown == expected, "meter \(key): \(String(describing: shown)), not \(String(describing: expected))")
    }

    private mutating func compareShadows() {
        var counted: [String: Int64] = [:]
        for refusals in gate.takeShadowRefusals() {
            counted["\(refusals.scope) \(refusals.window) \(refusals.start.number)"] = refusals.count
        }
        let expected = model.shadowRefusals
        expect(counted == expected, "\(counted) instead of \(expected)")
        model.shadowRefusals = [:]
    }

    /// Every scope, in every window around a day with a booking and a row of its own.
    mutating func compareAll() {
        let day = max(model.entries.randomElement(using: &random)?.day ?? 0, model.earliest)
        let balances = gate.state.withLock { $0.book.balances }
        for scope in Scenario.scopes {
            for window in BudgetWindow.allCases {
                let known = balances.first { $0.scope == scope }
                let days = window.days(around: BudgetDay(number: Int32(day)))
                let balance = known?.days.balance(over: days) ?? Balance()
                let sums = model.sums(scope, model.window(window, around: day))
                expect(
                    balance.spent == sums.spent && balance.unconfirmed == sums.unconfirmed
                        && balance.reserved == sums.reserved,
                    "\(scope), \(window) around \(day): \(balance) instead of \(sums)"
                )
            }
        }
    }

    /// Ends all open reservations, then expects nothing reserved.
    mutating func endAll() {
        for index in model.entries.indices where model.entries[index].isOpen {
            expect(gate.end(reservation(index), .released), "an ending was not taken")
            model.entries[index].isOpen = false
            model.entries[index].held = 0
        }
        compareAll()
        compareShadows()
        for balance in gate.state.withLock({ $0.book.balances }) {
            expect(balance.days.total.reserved == 0, "\(balance.scope) holds \(balance.days.total.reserved)")
        }
    }
}
