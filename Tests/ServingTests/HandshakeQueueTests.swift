import Testing
import Vocabulary

@testable import Serving

@Suite("Handshakes by age")
struct HandshakeQueueTests {
    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test("the oldest unfinished one goes, once it has had its time, and each once")
    func oldest() {
        var queue = HandshakeQueue()
        for number in 0..<4 { queue.add(UInt64(number), at: at(Int64(number) * 100)) { _ in true } }
        let isUnfinished = { (number: UInt64) in number != 0 && number != 2 }
        var taken: [UInt64?] = []
        for time in [1_099, 1_100, 1_299, 1_300, 9_000] {
            taken.append(queue.takeOldest(at: at(Int64(time)), isUnfinished: isUnfinished))
        }
        #expect(taken == [nil, 1, nil, 3, nil])
        #expect(queue.count == 0)
    }

    @Test("those that are over are forgotten, so that the queue is no longer than what is unfinished")
    func forgets() {
        var queue = HandshakeQueue()
        for number in 0..<100_000 {
            queue.add(UInt64(number), at: at(Int64(number))) { $0 + 10 >= UInt64(number) }
            #expect(queue.count <= 12)
        }
    }
}
