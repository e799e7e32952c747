import TestSupport
import Testing
import Vocabulary

@testable import Budgeting

@Suite("The sequence of reservation ids")
struct ReservationIDSequenceTests {
    @Test("L10: milliseconds since 2020, the node and a number within the millisecond make an id")
    func parts() {
        var sequence = ReservationIDSequence(node: 5, after: nil)
        let now = at("2020-01-01T00:00:01.234567Z")
        #expect(sequence.next(at: now).rawValue == 1_234 << 22 | 5 << 12)
        #expect(sequence.next(at: now).rawValue == 1_234 << 22 | 5 << 12 | 1)
        #expect(sequence.next(at: now + .milliseconds(1)).rawValue == 1_235 << 22 | 5 << 12)
    }

    @Test("L10: ids ascend when a millisecond is used up, when the clock goes back and when it makes no sense")
    func ascending() {
        let run = SeededGenerator()
        var random = run
        var sequence = ReservationIDSequence(node: 1_023, after: nil)
        var last: ReservationID?
        var now = at("2026-01-01T00:00:00Z")
        for _ in 0..<100_000 {
            let id = sequence.next(at: now)
            let isRight = last.map { $0 < id } ?? true && id.rawValue >> 12 & 0x3FF == 1_023
            guard isRight else {
                Issue.record("\(id) after \(String(describing: last)), \(run)")
                return
            }
            last = id
            guard random.chance(1, in: 10_000) else { continue }
            now = random.pick([
                at("1999-01-01T00:00:00Z"), Timestamp(microseconds: .max), Timestamp(microseconds: .min),
                now + .hours(1), now + .hours(-1),
            ])
        }
    }

    @Test("L10: the first id after a start is greater than the last one before, of whichever node", arguments: 0..<10)
    func afterStart(_ node: Int) {
        let now = at("2026-01-01T00:00:00Z")
        for other in [0, 4, 9] {
            for sequenceNumber in [0, 4_095] as [Int64] {
                for ahead in [-1, 0, 1_000_000] as [Int64] {
                    let millisecond = ReservationID.smallest(at: now).rawValue >> 22 + ahead
                    let last = ReservationID(rawValue: millisecond << 22 | Int64(other) << 12 | sequenceNumber)
                    var sequence = ReservationIDSequence(node: node, after: last)
                    let first = sequence.next(at: now)
                    let second = sequence.next(at: now)
                    #expect(last < first && first < second)
                    #expect(first.rawValue >> 12 & 0x3FF == node && second.rawValue >> 12 & 0x3FF == node)
                }
            }
        }
    }

    @Test("the smallest id of a time divides those made before from those made since")
    func smallest() {
        var sequence = ReservationIDSequence(node: 1_023, after: nil)
        let now = at("2026-01-01T00:00:00Z")
        let before = sequence.next(at: now + .microseconds(-1))
        let since = sequence.next(at: now)
        #expect(before < ReservationID.smallest(at: now))
        #expect(since >= ReservationID.smallest(at: now))
        #expect(ReservationID.smallest(at: at("2019-12-31T23:59:59Z")).rawValue == 0)
        #expect(ReservationID.smallest(at: Timestamp(microseconds: .max)).rawValue > 0)
        #expect(ReservationID.smallest(at: Timestamp(microseconds: .min)).rawValue == 0)
    }
}

extension Duration {
    fileprivate static func hours(_ count: Int) -> Duration { .seconds(3_600 * count) }
}
