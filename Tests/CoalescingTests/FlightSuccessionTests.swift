import Coalescing
import Dispatch
import Glibc
import Synchronization
import TestSupport
import Testing
import Vocabulary

/// Concurrent equal requests of teams with and without room: one call at a time, no team with room is refused, and no
/// call goes out without room.
@Suite("Flights that are handed on")
struct FlightSuccessionTests {
    private struct Ticket: Sendable {
        let number: Int
        let team: Int
    }

    private enum Answer: Int { case none, served, refused }

    /// A team's room, in calls; each call takes one.
    private final class Room: Sendable {
        let left: Atomic<Int>

        init(_ count: Int) { left = Atomic(count) }

        func take() -> Bool {
            var seen = left.load(ordering: .relaxed)
            while seen > 0 {
                let (exchanged, original) = left.compareExchange(
                    expected: seen,
                    desired: seen - 1,
                    ordering: .relaxed
                )
                if exchanged { return true }
                seen = original
            }
            return false
        }
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }

    @Test("of teams that ask the same on eight threads, those with room are served and those without never lead")
    func rooms() {
        let seed = SeededGenerator().seed
        let threads = 8
        let rounds = 2_000
        // None, little, unlimited, none.
        let rooms = [Room(0), Room(50), Room(.max), Room(0)]
        let table = FlightTable<Ticket>(followersMax: .max)
        let answers = (0..<threads * rounds).map { _ in Counter() }
        let calls = (0..<3).map { _ in Counter() }
        let wrong = Counter()
        let callCount = (0..<rooms.count).map { _ in Counter() }

        @Sendable func answer(_ tickets: [Ticket], _ answer: Answer) {
            for ticket in tickets {
                let old = answers[ticket.number].value.exchange(answer.rawValue, ordering: .relaxed)
                let hasRoom = ticket.team == 2
                if old != Answer.none.rawValue || answer == .refused && hasRoom {
                    wrong.value.add(1, ordering: .relaxed)
                }
            }
        }
        @Sendable func lead(_ permit: consuming FlightPermit<Ticket>, _ number: Int, _ ticket: Ticket) {
            var leader = ticket
            while true {
                // A decision takes time, in which others may join.
                for _ in 0..<3 { sched_yield() }
                if rooms[leader.team].take() {
                    callCount[leader.team].value.add(1, ordering: .relaxed)
                    let before = calls[number].value.add(1, ordering: .sequentiallyConsistent).oldValue
                    if before != 0 { wrong.value.add(1, ordering: .relaxed) }
                    calls[number].value.subtract(1, ordering: .sequentiallyConsistent)
                    return answer(permit.land(), .served)
                }
                let team = leader.team
                let (out, next) = permit.handOn { $0.team == team }
                if out.contains(where: { $0.team != team }) { wrong.value.add(1, ordering: .relaxed) }
                answer(out, .refused)
                guard let next else { return }
                leader = next
            }
        }
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            var random = SeededGenerator(seed: seed &+ UInt64(thread))
            for round in 0..<rounds {
                let number = Int.random(in: 0..<3, using: &random)
                let team = Int.random(in: 0..<rooms.count, using: &random)
                let ticket = Ticket(number: thread * rounds + round, team: team)
                switch table.join(CacheKey(Digest(0, 0, 0, UInt64(number))), ticket: ticket) {
                case .full: wrong.value.add(1, ordering: .relaxed)
                case .follower: break
                case .leader(let permit): lead(permit, number, ticket)
                }
            }
        }
        let note = "TOLLGATE_TEST_SEED=\(seed)"
        #expect(wrong.value.load(ordering: .relaxed) == 0, "\(note)")
        #expect(answers.allSatisfy { $0.value.load(ordering: .relaxed) != Answer.none.rawValue }, "\(note)")
        #expect(table.flightsUnderWay == 0 && table.followersWaiting == 0, "\(note)")
        let made = callCount.map { $0.value.load(ordering: .relaxed) }
        #expect(made[0] == 0 && made[3] == 0 && made[1] == 50 && made[2] > 0, "\(made) \(note)")
    }
}
