import Coalescing
import Dispatch
import Synchronization
import Testing
import Vocabulary

private func key(_ number: UInt64) -> CacheKey { CacheKey(Digest(number, number, number, number)) }

@Suite("FlightTable")
struct FlightTableTests {
    @Test("the first leads, the others follow, and all tickets come back in order")
    func oneFlight() {
        let table = FlightTable<Int>(followersMax: 10)
        guard case .leader(let permit) = table.join(key(1), ticket: 0) else {
            Issue.record("the first did not lead")
            return
        }
        for ticket in 1...3 {
            guard case .follower = table.join(key(1), ticket: ticket) else {
                Issue.record("\(ticket) did not follow")
                return
            }
        }
        #expect(table.flightsUnderWay == 1)
        #expect(table.followersWaiting == 3)
        #expect(permit.land() == [0, 1, 2, 3])
        #expect(table.flightsUnderWay == 0)
        #expect(table.followersWaiting == 0)
        guard case .leader(let next) = table.join(key(1), ticket: 9) else {
            Issue.record("nobody led after the landing")
            return
        }
        #expect(next.land() == [9])
    }

    @Test("flights of other keys are others, also within one shard")
    func otherKeys() {
        let table = FlightTable<String>(followersMax: 10)
        guard case .leader(let first) = table.join(key(1), ticket: "a"),
            case .leader(let second) = table.join(key(17), ticket: "b")
        else {
            Issue.record("two keys, one flight")
            return
        }
        #expect(table.flightsUnderWay == 2)
        #expect(first.land() == ["a"])
        #expect(second.land() == ["b"])
    }

    @Test(
        "a leader that may not spend is taken out with those of its turn that are out too; the oldest other one leads"
    )
    func handedOn() {
        let table = FlightTable<Int>(followersMax: 10)
        guard case .leader(var permit) = table.join(key(1), ticket: 10) else {
            Issue.record("no leader")
            return
        }
        for ticket in [11, 20, 12, 21] { _ = table.join(key(1), ticket: ticket) }
        // Only the leader was present when it took over: 11 and 12 joined later and try in their own turn.
        let first = permit.handOn { $0 < 20 }
        #expect(first.out == [10] && first.next == 11)
        #expect(table.followersWaiting == 3 && table.flightsUnderWay == 1)
        _ = table.join(key(1), ticket: 13)
        let second = permit.handOn { $0 < 20 }
        #expect(second.out == [11, 12] && second.next == 20)
        #expect(table.followersWaiting == 2)
        guard case .follower = table.join(key(1), ticket: 22) else {
            Issue.record("a second leader beside the one whose turn it is")
            return
        }
        #expect(permit.land() == [20, 21, 13, 22])
        #expect(table.flightsUnderWay == 0 && table.followersWaiting == 0)
    }

    @Test("a flight that is handed on with nobody left has ended, detached or not", arguments: [false, true])
    func handedOnToNobody(isDetached: Bool) {
        let table = FlightTable<Int>(followersMax: 1)
        guard case .leader(var permit) = table.join(key(1), ticket: 1) else {
            Issue.record("no leader")
            return
        }
        _ = table.join(key(1), ticket: 2)
        if isDetached { table.detach { _, leader in leader == 1 } }
        #expect(permit.handOn { _ in true } == ([1], 2))
        #expect(permit.handOn { _ in true } == ([2], nil))
        #expect(table.flightsUnderWay == 0 && table.followersWaiting == 0)
        guard case .leader(let next) = table.join(key(1), ticket: 3) else {
            Issue.record("the flight is still there")
            return
        }
        #expect(next.land() == [3])
    }

    @Test("followers are bounded over all flights, and room comes back when one lands")
    func bounded() {
        let table = FlightTable<Int>(followersMax: 2)
        guard case .leader(let first) = table.join(key(1), ticket: 0),
            case .leader(let second) = table.join(key(2), ticket: 0)
        else {
            Issue.record("no leader")
            return
        }
        guard case .follower = table.join(key(1), ticket: 1), case .follower = table.join(key(2), ticket: 2) else {
            Issue.record("no room for two")
            return
        }
        guard case .full = table.join(key(1), ticket: 3) else {
            Issue.record("room for three")
            return
        }
        #expect(first.land() == [0, 1])
        guard case .follower = table.join(key(2), ticket: 4) else {
            Issue.record("no room after a landing")
            return
        }
        #expect(second.land() == [0, 2, 4])
    }

    @Test("a permit that is dropped hands its tickets to onAbandoned, one that has landed does not")
    func abandoned() {
        let abandoned = Guarded<[(CacheKey, [Int])]>([])
        let table = FlightTable<Int>(followersMax: 10) { key, tickets in
            abandoned.withLock { $0.append((key, tickets)) }
        }
        func leadFollowVanish() {
            guard case .leader(let permit) = table.join(key(2), ticket: 7) else {
                Issue.record("no flight")
                return
            }
            _ = table.join(key(2), ticket: 8)
            _ = consume permit
        }
        leadFollowVanish()
        #expect(abandoned.withLock { $0.map(\.1) } == [[7, 8]])
        #expect(abandoned.withLock { $0.first?.0 } == key(2))
        #expect(table.flightsUnderWay == 0)
        guard case .leader(let permit) = table.join(key(2), ticket: 1) else {
            Issue.record("the abandoned flight is still there")
            return
        }
        _ = permit.land()
        #expect(abandoned.withLock { $0.count } == 1)
    }

    @Test("a detached flight lands with those who joined before, newcomers lead another")
    func detached() {
        let table = FlightTable<Int>(followersMax: 10)
        guard case .leader(let first) = table.join(key(1), ticket: 1) else {
            Issue.record("no leader")
            return
        }
        _ = table.join(key(1), ticket: 2)
        table.detach { _, leader in leader == 99 }
        guard case .follower = table.join(key(1), ticket: 3) else {
            Issue.record("a flight was detached that was not meant")
            return
        }
        table.detach { _, leader in leader == 1 }
        guard case .leader(let second) = table.join(key(1), ticket: 4) else {
            Issue.record("joined a flight from before")
            return
        }
        _ = table.join(key(1), ticket: 5)
        #expect(table.flightsUnderWay == 2)
        #expect(first.land() == [1, 2, 3])
        #expect(second.land() == [4, 5])
        #expect(table.flightsUnderWay == 0)
        #expect(table.followersWaiting == 0)
    }

    @Test("a dropped permit traps when nobody takes its tickets")
    func trap() async {
        await #expect(processExitsWith: .failure) {
            let table = FlightTable<Int>(followersMax: 1)
            if case .leader(let permit) = table.join(CacheKey(Digest(1, 1, 1, 1)), ticket: 1) { _ = consume permit }
        }
    }

    @Test("on eight threads a key has one leader at a time, and every ticket comes back exactly once")
    func hammer() {
        let keys = 4
        let rounds = 20_000
        let threads = 8
        let delivered = (0..<threads * rounds).map { _ in Counter() }
        let leaders = (0..<keys).map { _ in Counter() }
        let table = FlightTable<Int>(followersMax: .max) { _, tickets in
            for ticket in tickets { delivered[ticket].value.add(1, ordering: .relaxed) }
        }
        let twoLeaders = Counter()
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            for round in 0..<rounds {
                let number = (round &* 7 &+ thread) % keys
                let ticket = thread * rounds + round
                switch table.join(key(UInt64(number)), ticket: ticket) {
                case .full: Issue.record("full")
                case .follower: break
                case .leader(var permit):
                    let before = leaders[number].value.add(1, ordering: .sequentiallyConsistent).oldValue
                    if before != 0 { twoLeaders.value.add(1, ordering: .relaxed) }
                    // Counted down first: the next leader may start as soon as this flight has ended.
                    leaders[number].value.subtract(1, ordering: .sequentiallyConsistent)
                    var isOver = false
                    if round % 3 == 0 {
                        // Handing on leaves the flight open under the next leader, which is this thread again.
                        let handed = permit.handOn { $0 % 2 == 0 }
                        for ticket in handed.out { delivered[ticket].value.add(1, ordering: .relaxed) }
                        isOver = handed.next == nil
                    }
                    if round % 5 == 0 || isOver {
                        _ = consume permit
                    } else {
                        for ticket in permit.land() { delivered[ticket].value.add(1, ordering: .relaxed) }
                    }
                }
            }
        }
        #expect(delivered.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
        #expect(table.flightsUnderWay == 0)
        #expect(table.followersWaiting == 0)
        #expect(twoLeaders.value.load(ordering: .relaxed) == 0)
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }
}
