import Testing
import Vocabulary

@testable import Budgeting

private let now = at("2026-03-11T12:00:00Z")
private let nextDay = at("2026-03-12T12:00:00Z")
private let team = TeamID(rawValue: "team")

/// L13.
@Suite("A resolution")
struct ResolutionTests {
    private static let scopes: [BudgetScope] = [
        .organization, .team(team), .key(TeamKeyID(rawValue: "key")), .upstreamKey(UpstreamKeyID(rawValue: "primary")),
    ]

    /// Budgets of a day, a month and all time in each scope that can have them.
    private func gate(rows: [LedgerOpening.Row] = []) -> BudgetGate {
        let budgets = [enforced(.day, 100), enforced(.month, 100), enforced(.total, 100)]
        let plan = BudgetPlan(
            organization: budgets,
            teams: [team: budgets],
            keys: [TeamKeyID(rawValue: "key"): budgets],
            upstreamKeys: [UpstreamKeyID(rawValue: "primary"): credits(100)]
        )
        return BudgetGate(plan, rows: rows, at: now)
    }

    /// Spent, unconfirmed and reserved credits of each budget, in every scope alike.
    private func amounts(_ gate: BudgetGate, _ window: BudgetWindow, at time: Timestamp) -> [[Int64]] {
        Self.scopes.compactMap { scope in
            let standing = gate.standing(of: scope, days: 7, at: time).budgets.first { $0.budget.window == window }
            return standing.map { [$0.spent, $0.unconfirmed, $0.reserved].map { $0.micros / 1_000_000 } }
        }
    }

    private func unconfirmed(_ gate: BudgetGate, pages: Int, at time: Timestamp = now) throws -> Reservation {
        let reservation = try #require(gate.admit(ask(pages: pages), at: time).reservation)
        #expect(gate.end(reservation, .unconfirmed))
        return reservation
    }

    private func resolution(_ reservation: Reservation, _ count: Int64) -> Resolution {
        Resolution(of: reservation, credits: credits(count), at: nextDay)
    }

    @Test("L13: it moves the amounts of its own day, in all four scopes alike", arguments: [0, 2, 5, 9])
    func ownDay(_ count: Int64) throws {
        let gate = gate()
        let reservation = try unconfirmed(gate, pages: 5)
        #expect(amounts(gate, .month, at: nextDay) == Array(repeating: [0, 5, 0], count: 4))
        let resolution = resolution(reservation, count)
        gate.hold(resolution)
        #expect(amounts(gate, .month, at: nextDay) == Array(repeating: [0, 5, max(0, count - 5)], count: 4))
        gate.resolve(resolution)
        #expect(amounts(gate, .month, at: nextDay) == Array(repeating: [count, 0, 0], count: 4))
        #expect(amounts(gate, .total, at: nextDay) == Array(repeating: [count, 0, 0], count: 3))
        #expect(amounts(gate, .day, at: nextDay) == Array(repeating: [0, 0, 0], count: 3))
        #expect(amounts(gate, .day, at: now) == Array(repeating: [count, 0, 0], count: 3))
    }

    @Test("L7: a cost above the estimate counts from before it is durable, and no longer when that fails")
    func excess() throws {
        let gate = gate()
        let reservation = try unconfirmed(gate, pages: 5)
        let meter = gate.meter(team: team, key: TeamKeyID(rawValue: "key"))
        #expect(meter.remaining(at: now) == credits(95))
        gate.hold(resolution(reservation, 30))
        #expect(meter.remaining(at: now) == credits(70))
        #expect(gate.admit(ask(pages: 71), at: now).denial?.reserved == credits(25))
        gate.withdraw(resolution(reservation, 30))
        #expect(meter.remaining(at: now) == credits(95))
        gate.hold(resolution(reservation, 30))
        gate.resolve(resolution(reservation, 30))
        #expect(meter.remaining(at: now) == credits(70))
        #expect(amounts(gate, .month, at: now) == Array(repeating: [30, 0, 0], count: 4))
    }

    @Test("a cost below the estimate makes room once it is durable, not before")
    func lessThanEstimated() throws {
        let gate = gate()
        let reservation = try unconfirmed(gate, pages: 90)
        gate.hold(resolution(reservation, 1))
        #expect(gate.admit(ask(pages: 11), at: now).denial != nil)
        gate.resolve(resolution(reservation, 1))
        #expect(gate.admit(ask(pages: 99), at: now).reservation != nil)
    }

    @Test("L3: one that comes before the ending is booked holds the greater amount until then", arguments: [2, 30])
    func beforeTheEnding(_ count: Int64) throws {
        let gate = gate()
        let reservation = try #require(gate.admit(ask(pages: 5), at: now).reservation)
        // The store has written the ending, and the worker that booked it has not heard of it yet.
        gate.hold(resolution(reservation, count))
        gate.resolve(resolution(reservation, count))
        #expect(amounts(gate, .month, at: now) == Array(repeating: [0, 0, max(5, count)], count: 4))
        #expect(gate.end(reservation, .unconfirmed))
        #expect(amounts(gate, .month, at: now) == Array(repeating: [count, 0, 0], count: 4))
        #expect(!gate.end(reservation, .unconfirmed))
        #expect(gate.openCount == 0)
    }

    @Test("L7: balances rebuilt from the store are those of the memory")
    func rebuilt() throws {
        let gate = gate()
        let reservation = try unconfirmed(gate, pages: 5)
        gate.hold(resolution(reservation, 7))
        gate.resolve(resolution(reservation, 7))
        let opened = self.gate(rows: [row("2026-03-11", spent: 7)])
        for window in [BudgetWindow.day, .month, .total] {
            #expect(amounts(opened, window, at: now) == amounts(gate, window, at: now))
        }
    }

    @Test("one of a row that an earlier process left, and of a day long ago, counts where the row did")
    func earlierProcess() throws {
        let made = try #require(gate().admit(ask(pages: 5), at: now).reservation)
        let opened = gate(rows: [row("2026-03-11", unconfirmed: 5)])
        opened.hold(resolution(made, 3))
        opened.resolve(resolution(made, 3))
        #expect(amounts(opened, .day, at: now) == Array(repeating: [3, 0, 0], count: 3))
        let old = Reservation(
            id: made.id,
            day: day("2024-01-01"),
            ask: made.ask,
            estimate: credits(5),
            createdAt: at("2024-01-01T00:00:00Z")
        )
        let later = gate(rows: [row("2024-01-01", unconfirmed: 5), row("2026-03-11", spent: 1)])
        later.hold(resolution(old, 3))
        later.resolve(resolution(old, 3))
        #expect(amounts(later, .total, at: now) == Array(repeating: [4, 0, 0], count: 3))
        #expect(amounts(later, .month, at: now) == Array(repeating: [1, 0, 0], count: 4))
    }

    @Test("absurd amounts neither trap nor wrap")
    func absurd() throws {
        let gate = gate()
        let reservation = try unconfirmed(gate, pages: 5)
        for micros in [Int64.max, .min, -1] {
            let resolution = Resolution(of: reservation, credits: MicroCredits(micros: micros), at: now)
            gate.hold(resolution)
            gate.withdraw(resolution)
        }
        #expect(amounts(gate, .month, at: now) == Array(repeating: [0, 5, 0], count: 4))
        let most = Resolution(of: reservation, credits: MicroCredits(micros: .max), at: now)
        gate.hold(most)
        gate.resolve(most)
        #expect(gate.remaining(at: now) == .zero)
        #expect(gate.standing(of: .organization, days: 7, at: now).budgets[0].spent.micros == .max)
    }
}

@Suite("LedgerQuestion")
struct LedgerQuestionTests {
    @Test("a range of time is a range of identifiers with a minute around it; a page lies below the previous one")
    func identifiers() {
        var question = LedgerQuestion(count: 1)
        #expect(question.identifiers == 0..<Int64.max)
        let first = at("2026-03-11T12:00:00.001999Z")
        question.from = first
        question.end = at("2026-03-11T12:00:00.002001Z")
        let start = ReservationID.smallest(at: first).rawValue - 60_000 << 22
        #expect(question.identifiers == start..<start + 120_001 << 22)
        question.before = ReservationID(rawValue: start + 7)
        #expect(question.identifiers == start..<start + 7)
        question.before = ReservationID(rawValue: .min)
        #expect(question.identifiers.isEmpty)
        question.before = nil
        question.from = Timestamp(microseconds: .max)
        question.end = Timestamp(microseconds: .min)
        #expect(question.identifiers.isEmpty)
        question.end = Timestamp(microseconds: .max)
        #expect(question.identifiers.isEmpty)
    }
}
