import Testing
import Vocabulary

@testable import UpstreamKeys

@Suite("KeyCooling")
struct KeyCoolingTests {
    private func end(_ cooling: KeyCooling, at milliseconds: Int64) -> MonotonicInstant? {
        cooling.remaining(at: instant(milliseconds))
    }

    @Test("a key cools for as long as Retry-After says, and not a moment longer")
    func told() {
        var cooling = KeyCooling()
        #expect(end(cooling, at: 0) == nil)
        cooling.limited(retryAfter: .seconds(7), at: instant(1_000))
        #expect(end(cooling, at: 1_000) == instant(8_000))
        #expect(end(cooling, at: 7_999) == instant(8_000))
        #expect(end(cooling, at: 8_000) == nil)
    }

    @Test("without Retry-After it cools for a second, then twice as long each time, up to a minute")
    func doubling() {
        var cooling = KeyCooling()
        var now: Int64 = 0
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] as [Int64] {
            cooling.limited(retryAfter: nil, at: instant(now))
            #expect(end(cooling, at: now) == instant(now + seconds * 1_000))
            now += seconds * 1_000
            #expect(end(cooling, at: now) == nil)
        }
    }

    @Test("a success starts over, and Retry-After does not count as a time without it")
    func startsOver() {
        var cooling = KeyCooling()
        cooling.limited(retryAfter: nil, at: instant(0))
        cooling.limited(retryAfter: nil, at: instant(1_000))
        cooling.limited(retryAfter: .seconds(3), at: instant(10_000))
        cooling.limited(retryAfter: nil, at: instant(20_000))
        #expect(end(cooling, at: 20_000) == instant(24_000))
        cooling.succeeded()
        // The current pause is not shortened: only the next one is a second again.
        #expect(end(cooling, at: 20_000) == instant(24_000))
        cooling.limited(retryAfter: nil, at: instant(30_000))
        #expect(end(cooling, at: 30_000) == instant(31_000))
    }

    @Test("of several requests under way the longest pause holds")
    func longest() {
        var cooling = KeyCooling()
        cooling.limited(retryAfter: .seconds(10), at: instant(0))
        cooling.limited(retryAfter: .seconds(2), at: instant(1_000))
        cooling.limited(retryAfter: nil, at: instant(2_000))
        #expect(end(cooling, at: 2_000) == instant(10_000))
        cooling.limited(retryAfter: .seconds(20), at: instant(3_000))
        #expect(end(cooling, at: 3_000) == instant(23_000))
    }

    @Test("a burst of requests that come back together counts once")
    func burst() {
        var cooling = KeyCooling()
        for offset in 0..<64 { cooling.limited(retryAfter: nil, at: instant(Int64(offset))) }
        #expect(end(cooling, at: 63) == instant(1_000))
        cooling.limited(retryAfter: nil, at: instant(1_000))
        #expect(end(cooling, at: 1_000) == instant(3_000))
    }

    @Test("a Retry-After of no time at all is as good as none", arguments: [Duration.zero, .seconds(-1)])
    func noTime(_ retryAfter: Duration) {
        var cooling = KeyCooling()
        cooling.limited(retryAfter: retryAfter, at: instant(0))
        #expect(end(cooling, at: 0) == instant(1_000))
        cooling.limited(retryAfter: retryAfter, at: instant(1_000))
        #expect(end(cooling, at: 1_000) == instant(3_000))
    }
}
