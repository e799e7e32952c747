import TestSupport
import Testing
import Vocabulary

@testable import EventLoops

@Suite("TimerHeap")
struct TimerHeapTests {
    @Test("gives the earliest first, whatever was put in, moved and removed before")
    func order() throws {
        var random = SeededGenerator()
        let loop = try EventLoop()
        for _ in 0..<100 {
            var heap = TimerHeap()
            let timers = (0..<40).map { _ in LoopTimer(loop: loop) {} }
            var inside: Set<Int> = []
            for _ in 0..<200 {
                let number = Int.random(in: timers.indices, using: &random)
                if random.chance(1, in: 3) {
                    heap.remove(timers[number])
                    inside.remove(number)
                } else {
                    timers[number].armedFor = MonotonicInstant(nanoseconds: .random(in: 0..<50, using: &random))
                    heap.put(timers[number])
                    inside.insert(number)
                }
                let earliest = inside.map { timers[$0].armedFor }.min()
                #expect(heap.first?.armedFor == earliest, "\(random)")
            }
            var given: [MonotonicInstant] = []
            while let first = heap.first {
                given.append(first.armedFor)
                heap.remove(first)
            }
            #expect(given == inside.map { timers[$0].armedFor }.sorted(), "\(random)")
        }
    }
}
