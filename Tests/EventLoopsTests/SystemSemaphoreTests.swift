import EventLoops
import Synchronization
import Testing
import Vocabulary

@Suite("SystemSemaphore")
struct SystemSemaphoreTests {
    @Test("counts: as many waits end as there were signals, and no more")
    func counts() {
        let semaphore = SystemSemaphore()
        semaphore.signal()
        semaphore.signal()
        semaphore.wait()
        #expect(semaphore.wait(atMost: .zero))
        #expect(!semaphore.wait(atMost: .zero))
    }

    @Test("a timed wait without a signal ends when the time is over, and takes no later signal away")
    func timesOut() {
        let semaphore = SystemSemaphore()
        let start = SystemClock.monotonic()
        #expect(!semaphore.wait(atMost: .milliseconds(20)))
        #expect(SystemClock.monotonic() - start >= .milliseconds(15))
        semaphore.signal()
        #expect(semaphore.wait(atMost: .zero))
    }

    @Test("a signal from another thread ends a timed wait")
    func signalled() throws {
        let semaphore = SystemSemaphore()
        let thread = try SystemThread.start(name: "signaller") { semaphore.signal() }
        #expect(semaphore.wait(atMost: .seconds(3_600)))
        thread.join()
    }

    @Test("each signal of several threads lets one of several waiters go")
    func several() throws {
        let semaphore = SystemSemaphore()
        let gone = Atomic<Int>(0)
        let waiters = try (0..<4).map { _ in
            try SystemThread.start(name: "waiter") {
                for _ in 0..<1_000 {
                    semaphore.wait()
                    gone.add(1, ordering: .relaxed)
                }
            }
        }
        let signallers = try (0..<4).map { _ in
            try SystemThread.start(name: "signaller") { for _ in 0..<1_000 { semaphore.signal() } }
        }
        for thread in waiters + signallers { thread.join() }
        #expect(gone.load(ordering: .relaxed) == 4_000)
        #expect(!semaphore.wait(atMost: .zero))
    }
}
