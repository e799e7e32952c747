import Budgeting
import TestSupport
import Testing
import Vocabulary

private let now = at("2026-03-11T12:00:00Z")
private let second = UpstreamKeyID(rawValue: "second")

/// Limits of both upstream keys.
private func gate(_ primary: Int64, _ other: Int64, at moment: Timestamp = now) -> BudgetGate {
    let plan = BudgetPlan(
        teams: [TeamID(rawValue: "team"): [enforced(.month, 1_000)]],
        upstreamKeys: [UpstreamKeyID(rawValue: "primary"): credits(primary), second: credits(other)]
    )
    return BudgetGate(plan, at: moment)
}

extension BudgetGate {
    fileprivate func moveOn(_ reservation: Reservation) -> Reservation? {
        if case .moved(let moved) = move(reservation, to: second) { moved } else { nil }
    }

    /// Whether an upstream key's month has room for exactly this amount.
    fileprivate func hasLeft(_ count: Int64, _ key: String, at moment: Timestamp = now) -> Bool {
        func fits(_ pages: Int64) -> Bool {
            guard pages > 0 else { return true }
            guard let probe = admit(ask(upstreamKey: key, pages: Int(pages)), at: moment).reservation else {
                return false
            }
            return withdraw(probe)
        }
        return fits(count) && !fits(count + 1)
    }
}

@Suite("Reservations that move to another upstream key")
struct ReservationMoveTests {
    @Test("L11: it is held for both keys until the move is durable, and then for the new one alone")
    func heldTwice() throws {
        let gate = gate(10, 10)
        let reservation = try #require(gate.admit(ask(pages: 4), at: now).reservation)
        let moved = try #require(gate.moveOn(reservation))
        #expect(moved.ask.upstreamKey == second && moved.id == reservation.id && moved.estimate == credits(4))
        #expect(gate.hasLeft(6, "primary") && gate.hasLeft(6, "second"))
        #expect(gate.remaining(at: now) == credits(996))
        #expect(gate.moved(moved))
        #expect(gate.hasLeft(10, "primary") && gate.hasLeft(6, "second"))
        #expect(gate.end(moved, .settled(credits(3))))
        #expect(gate.hasLeft(10, "primary") && gate.hasLeft(7, "second"))
        #expect(!gate.moved(moved))
    }

    @Test("L11: the other key's month must have room; without it nothing changes")
    func noRoom() throws {
        let gate = gate(10, 3)
        let reservation = try #require(gate.admit(ask(pages: 4), at: now).reservation)
        guard case .denied(let denial) = gate.move(reservation, to: second) else {
            Issue.record("moved without room")
            return
        }
        #expect(denial.scope == .upstreamKey(second) && denial.limit == credits(3) && denial.estimate == credits(4))
        #expect(gate.hasLeft(6, "primary") && gate.hasLeft(3, "second"))
    }

    @Test("L5: whatever ends it in the midst of a move leaves nothing reserved with either key", arguments: 0..<4)
    func endsWhileMoving(_ way: Int) throws {
        let gate = gate(10, 10)
        let reservation = try #require(gate.admit(ask(pages: 4), at: now).reservation)
        let moved = try #require(gate.moveOn(reservation))
        #expect(gate.raise(moved, to: credits(5)))
        #expect(gate.hasLeft(5, "primary") && gate.hasLeft(5, "second"))
        switch way {
        case 0: #expect(gate.end(moved, .released))
        case 1: #expect(gate.end(moved, .settled(credits(5))))
        case 2: #expect(gate.end(moved, .unconfirmed))
        default: #expect(gate.withdraw(moved))
        }
        #expect(gate.hasLeft(10, "primary"))
        #expect(gate.hasLeft([10, 5, 6, 10][way], "second"))
    }

    @Test("L4: a move is booked to the reservation's own day and measured by that day's month")
    func ownMonth() throws {
        let lastDay = at("2026-03-31T23:59:59Z")
        let nextMonth = at("2026-04-01T00:00:01Z")
        let gate = gate(10, 5, at: lastDay)
        let march = try #require(gate.admit(ask(upstreamKey: "second", pages: 3), at: lastDay).reservation)
        let first = try #require(gate.admit(ask(pages: 2), at: lastDay).reservation)
        let other = try #require(gate.admit(ask(pages: 1), at: lastDay).reservation)
        #expect(gate.hasLeft(5, "second", at: nextMonth))
        let moved = try #require(gate.moveOn(first))
        #expect(gate.moveOn(other) == nil)
        #expect(gate.moved(moved))
        #expect(gate.hasLeft(5, "second", at: nextMonth))
        #expect(gate.end(moved, .settled(credits(2))) && gate.end(march, .released) && gate.end(other, .released))
        #expect(gate.hasLeft(3, "second", at: lastDay))
    }

    @Test("L5: at random moves and endings, what is reserved is what is open, and no key is over its limit")
    func random() throws {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        let gate = gate(40, 40)
        let names = ["primary", "second"]
        var open: [Reservation] = []
        for _ in 0..<2_000 {
            if open.isEmpty || Bool.random(using: &generator) {
                let ask = ask(
                    upstreamKey: names.randomElement(using: &generator)!,
                    pages: Int.random(in: 1...6, using: &generator)
                )
                if let reservation = gate.admit(ask, at: now).reservation { open.append(reservation) }
            } else {
                let index = open.indices.randomElement(using: &generator)!
                let target = names.randomElement(using: &generator)!
                if case .moved(let moved) = gate.move(open[index], to: UpstreamKeyID(rawValue: target)) {
                    open[index] = moved
                }
                if Bool.random(using: &generator) {
                    #expect(gate.moved(open[index]), "seed \(seed)")
                } else {
                    #expect(gate.end(open.remove(at: index), .released), "seed \(seed)")
                }
            }
            for name in names {
                let held = open.filter { $0.ask.upstreamKey.rawValue == name }.reduce(Int64(0)) {
                    $0 + $1.estimate.micros
                }
                #expect(held <= 40_000_000, "seed \(seed)")
            }
        }
        for reservation in open { #expect(gate.end(reservation, .released)) }
        #expect(gate.hasLeft(40, "primary") && gate.hasLeft(40, "second"), "seed \(seed)")
    }
}
