import Testing
import Vocabulary

@testable import tollgate

@Suite("DrainTimes")
struct DrainTimesTests {
    private func after(_ duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000) + duration
    }

    @Test(
        "the last quarter of drain_timeout, and at most a quarter of a second, is for those who are cut off",
        arguments: [(.seconds(30), .milliseconds(29_750)), (.milliseconds(800), .milliseconds(600)), (.zero, .zero)]
            as [(Duration, Duration)]
    )
    func cut(_ timeout: Duration, _ cut: Duration) {
        let times = DrainTimes(begin: after(.zero), timeout: timeout)
        #expect(times.cutAt == after(cut))
        #expect(times.clientsUntil == after(timeout))
        #expect(times.end == max(after(timeout), after(cut + .seconds(5))))
    }

    @Test("in a hurry clients have a second and the ledger five, and never more than before")
    func hurry() {
        var times = DrainTimes(begin: after(.zero), timeout: .seconds(600))
        times.hurry(at: after(.seconds(3)))
        #expect(times.clientsUntil == after(.seconds(4)))
        #expect(times.end == after(.seconds(8)))
        times.hurry(at: after(.seconds(4)))
        #expect(times.end == after(.seconds(8)))
    }

    @Test("the last lines have what is left of drain_timeout, and a quarter of a second when nothing is")
    func lines() {
        var times = DrainTimes(begin: after(.zero), timeout: .seconds(10))
        #expect(times.linesUntil(at: after(.seconds(1))) == after(.seconds(10)))
        #expect(times.linesUntil(at: after(.seconds(10))) == after(.milliseconds(10_250)))
        times.hurry(at: after(.seconds(2)))
        #expect(times.linesUntil(at: after(.seconds(3))) == after(.milliseconds(3_250)))
    }

    @Test("the longest time-out overflows nothing")
    func longest() {
        let times = DrainTimes(begin: after(.zero), timeout: .seconds(Int64.max))
        #expect(times.end == .distantFuture)
    }
}
