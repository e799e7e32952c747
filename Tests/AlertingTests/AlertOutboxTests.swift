import Testing
import Vocabulary

@testable import Alerting

@Suite("When alerts are sent")
struct AlertOutboxTests {
    private let wall = Timestamp(seconds: 1_800_000_000)
    private let zero = MonotonicInstant(nanoseconds: 0)

    private func item(_ id: Int64) -> AlertOutbox.Item {
        AlertOutbox.Item(id: id, facts: Array(#"{"type": "test"}"#.utf8), raisedAt: wall)
    }

    private func id(_ step: AlertOutbox.Step) -> Int64? {
        if case .send(let item) = step { item.id } else { nil }
    }

    @Test("one at a time, in the order in which they were raised")
    func order() {
        var outbox = AlertOutbox()
        #expect(outbox.next(at: zero, wall: wall) == .idle)
        for number in 1...3 { outbox.add(item(Int64(number)), at: zero) }
        for number in 1...3 {
            #expect(id(outbox.next(at: zero, wall: wall)) == Int64(number))
            #expect(outbox.next(at: zero, wall: wall) == .idle)
            outbox.arrived()
        }
        #expect(outbox.next(at: zero, wall: wall) == .idle)
        #expect(outbox.count == 0)
    }

    @Test("what is here is not taken twice, even under way")
    func twice() {
        var outbox = AlertOutbox()
        outbox.add(item(1), at: zero)
        outbox.add(item(1), at: zero)
        #expect(outbox.count == 1)
        #expect(id(outbox.next(at: zero, wall: wall)) == 1)
        outbox.add(item(1), at: zero)
        #expect(outbox.count == 1)
        outbox.arrived()
        #expect(outbox.next(at: zero, wall: wall) == .idle)
    }

    @Test("what waits can be left to another node, and what is under way still ends")
    func cleared() {
        var outbox = AlertOutbox()
        for number in 1...3 { outbox.add(item(Int64(number)), at: zero) }
        #expect(id(outbox.next(at: zero, wall: wall)) == 1)
        outbox.clear()
        #expect(outbox.count == 1)
        #expect(outbox.failed(at: zero).id == 1)
        outbox.clear()
        #expect(outbox.next(at: zero, wall: wall) == .idle)
    }

    @Test("the body is the facts with the identifier in front")
    func body() {
        #expect(String(decoding: item(17).body, as: UTF8.self) == #"{"id": "17", "type": "test"}"#)
    }

    @Test("after a failure others go out 5 s later, the same one after pauses that double up to 15 min")
    func pauses() {
        var outbox = AlertOutbox()
        outbox.add(item(1), at: zero)
        outbox.add(item(2), at: zero)
        #expect(id(outbox.next(at: zero, wall: wall)) == 1)
        #expect(outbox.failed(at: zero).attempts == 1)
        #expect(outbox.next(at: zero, wall: wall) == .wait(until: zero + .seconds(5)))
        let later = zero + .seconds(5)
        #expect(id(outbox.next(at: later, wall: wall)) == 2)
        outbox.arrived()
        #expect(id(outbox.next(at: later, wall: wall)) == 1)
        #expect(outbox.failed(at: later).attempts == 2)
        #expect(outbox.next(at: later + .seconds(9), wall: wall) == .wait(until: later + .seconds(10)))
        let pauses = (1...12).map { AlertOutbox.pause(after: $0) }
        #expect(pauses.prefix(4) == [.seconds(5), .seconds(10), .seconds(20), .seconds(40)])
        #expect(pauses[7] == .seconds(640) && pauses[8] == .seconds(900) && pauses[11] == .seconds(900))
        #expect(AlertOutbox.pause(after: .max) == .seconds(900))
        #expect(AlertOutbox.pause(after: .min) == .seconds(5))
    }

    @Test("an alert is given up after a day, but not before it was tried")
    func givenUp() {
        var outbox = AlertOutbox()
        outbox.add(item(1), at: zero)
        let day = wall + .seconds(86_400)
        #expect(id(outbox.next(at: zero, wall: day)) == 1)
        let waiting = outbox.failed(at: zero)
        #expect(outbox.next(at: zero, wall: wall + .seconds(86_399)) == .wait(until: zero + .seconds(5)))
        #expect(outbox.next(at: zero, wall: day) == .giveUp(waiting))
        #expect(outbox.next(at: zero, wall: day) == .idle)
    }

    @Test("alerts that arrived end the pause")
    func arrivedEndsPause() {
        var outbox = AlertOutbox()
        for number in 1...3 { outbox.add(item(Int64(number)), at: zero) }
        _ = outbox.next(at: zero, wall: wall)
        _ = outbox.failed(at: zero)
        #expect(id(outbox.next(at: zero + .seconds(5), wall: wall)) == 2)
        outbox.arrived()
        #expect(id(outbox.next(at: zero + .seconds(5), wall: wall)) == 3)
    }
}
