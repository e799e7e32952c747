import Dispatch
import Synchronization
import Testing

@testable import Storage

@Suite("WorkQueue")
struct WorkQueueTests {
    private func items(_ taking: WorkQueue<Int>.Taking) -> [Int]? {
        guard case .items(let items) = taking else { return nil }
        return Array(items)
    }

    @Test("gives what was put, oldest first, in the portions asked for")
    func order() {
        let queue = WorkQueue<Int>(itemsMax: 10)
        for item in 1...5 { #expect(queue.put(item) == .taken) }
        #expect(items(queue.take(atMost: 2, waiting: nil)) == [1, 2])
        #expect(items(queue.take(atMost: 9, waiting: nil)) == [3, 4, 5])
        #expect(queue.isEmpty)
    }

    @Test("refuses when full and when closed, and gives what was put before the close")
    func refuses() {
        let queue = WorkQueue<Int>(itemsMax: 1)
        #expect(queue.put(1) == .taken)
        #expect(queue.put(2) == .full)
        queue.close()
        #expect(queue.put(3) == .closed)
        #expect(items(queue.take(atMost: 9, waiting: nil)) == [1])
        guard case .closed = queue.take(atMost: 9, waiting: nil) else {
            Issue.record("not closed")
            return
        }
    }

    @Test("gives nothing when the time is over, and leaves no wake-up behind")
    func timeOut() {
        let queue = WorkQueue<Int>(itemsMax: 1)
        for _ in 0..<3 {
            guard case .nothing = queue.take(atMost: 1, waiting: .zero) else {
                Issue.record("something")
                return
            }
        }
        #expect(queue.put(1) == .taken)
        #expect(items(queue.take(atMost: 1, waiting: nil)) == [1])
    }

    @Test("several consumers with and without time-outs take every item once")
    func consumers() {
        let queue = WorkQueue<Int>(itemsMax: 1_000_000)
        let sum = Atomic<Int>(0)
        let count = 50_000
        DispatchQueue.concurrentPerform(iterations: 6) { thread in
            if thread < 2 {
                for item in stride(from: thread, to: count, by: 2) { _ = queue.put(item) }
                if thread == 0 { queue.wake() }
                return
            }
            var taken = 0
            while sum.load(ordering: .relaxed) >> 40 < count {
                let waiting: Duration = thread % 2 == 0 ? .microseconds(50) : .milliseconds(20)
                guard let items = items(queue.take(atMost: 3, waiting: waiting)) else { continue }
                taken = items.reduce(0, +) + items.count << 40
                sum.add(taken, ordering: .relaxed)
            }
        }
        #expect(sum.load(ordering: .relaxed) >> 40 == count)
        #expect(sum.load(ordering: .relaxed) & (1 << 40 - 1) == count * (count - 1) / 2)
    }
}
