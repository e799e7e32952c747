import Budgeting
import Dispatch
import Testing
import Vocabulary

private let now = at("2026-03-11T12:00:00Z")
private let threads = 8

@Suite("The budget gate among threads")
struct BudgetConcurrencyTests {
    @Test("L1: where there is room for 1,000, exactly 1,000 of many threads' asks are admitted")
    func exactRoom() {
        let gate = BudgetGate(BudgetPlan(organization: [enforced(.month, 1_000)]), at: now)
        let admitted = Guarded<[ReservationID]>([])
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            for number in 0..<500 {
                let ask = ask(team: "team \(thread % 3)", key: "key \(number % 5)")
                guard let reservation = gate.admit(ask, at: now).reservation else { continue }
                admitted.withLock { $0.append(reservation.id) }
            }
        }
        let ids = admitted.withLock { $0 }
        #expect(ids.count == 1_000)
        #expect(Set(ids).count == 1_000)
        #expect(gate.remaining(at: now) == .zero)
    }

    @Test("L3: of many threads that end the same reservations, one ends each, while others admit and end their own")
    func endsOnce() throws {
        let gate = BudgetGate(BudgetPlan(organization: [enforced(.month, 100_000)]), at: now)
        let meter = gate.meter(team: TeamID(rawValue: "team"), key: TeamKeyID(rawValue: "key"))
        let shared = try (0..<300).map { _ in try #require(gate.admit(ask(pages: 3), at: now).reservation) }
        let counts = Guarded((settled: Int64(0), wrong: 0))
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            for reservation in shared {
                let own = gate.admit(ask(key: "key \(thread)", pages: 3), at: now).reservation
                let ended = gate.end(reservation, .settled(credits(1)))
                let endedOwn = own.map { gate.end($0, .settled(credits(1))) } ?? false
                let shown = meter.remaining(at: now) ?? credits(-1)
                counts.withLock {
                    if ended { $0.settled += 1 }
                    if endedOwn { $0.settled += 1 } else { $0.wrong += 1 }
                    if shown < .zero || shown > credits(100_000) { $0.wrong += 1 }
                }
            }
        }
        let (settled, wrong) = counts.withLock { $0 }
        #expect(wrong == 0)
        #expect(settled == Int64(threads + 1) * 300)
        #expect(meter.remaining(at: now) == credits(100_000 - settled))
    }
}
