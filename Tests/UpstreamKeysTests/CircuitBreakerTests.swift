import Testing
import Vocabulary

@testable import UpstreamKeys

@Suite("CircuitBreaker")
struct CircuitBreakerTests {
    private static let settings = CircuitBreaker.Settings(failures: 3, window: .seconds(10), openFor: .seconds(5))

    private var breaker = CircuitBreaker(settings)

    /// Lets a request out; fails the test if it is refused.
    private func go(_ breaker: inout CircuitBreaker, at milliseconds: Int64) throws -> CircuitBreaker.Permit {
        guard case .go(let permit) = breaker.admit(at: instant(milliseconds)) else {
            throw Refused(at: milliseconds)
        }
        return permit
    }

    private struct Refused: Error { let at: Int64 }

    /// One request after the other, each ending at the moment it began.
    private func run(_ breaker: inout CircuitBreaker, _ signs: [(Int64, CircuitBreaker.Sign)]) throws {
        for (time, sign) in signs { breaker.record(sign, of: try go(&breaker, at: time), at: instant(time)) }
    }

    @Test("closed: so many failures in a row open it, and not one less")
    func opens() throws {
        var breaker = self.breaker
        try run(&breaker, [(0, .failure), (1, .failure)])
        #expect(breaker.isClosed)
        try run(&breaker, [(2, .failure)])
        #expect(!breaker.isClosed)
        #expect(breaker.admit(at: instant(3)) == .refused(until: instant(5_002)))
    }

    @Test("closed: a success between failures starts the count again, a neutral end does not")
    func countStartsAgain() throws {
        var breaker = self.breaker
        try run(&breaker, [(0, .failure), (1, .failure), (2, .success), (3, .failure), (4, .failure)])
        #expect(breaker.isClosed)
        try run(&breaker, [(5, .neutral), (6, .failure)])
        #expect(!breaker.isClosed)
    }

    @Test("closed: failures count for the window, its last moment included")
    func window() throws {
        var late = self.breaker
        try run(&late, [(0, .failure), (5_000, .failure), (10_001, .failure)])
        #expect(late.isClosed)
        try run(&late, [(15_000, .failure)])
        #expect(!late.isClosed)
        var onTime = self.breaker
        try run(&onTime, [(0, .failure), (5_000, .failure), (10_000, .failure)])
        #expect(!onTime.isClosed)
    }

    @Test("open: nobody goes until its time is over, then one real request goes as a probe")
    func opensForItsTime() throws {
        var breaker = self.breaker
        try run(&breaker, [(0, .failure), (0, .failure), (0, .failure)])
        #expect(breaker.admit(at: instant(4_999)) == .refused(until: instant(5_000)))
        _ = try go(&breaker, at: 5_000)
        #expect(!breaker.isClosed)
        #expect(breaker.admit(at: instant(5_001)) == .refused(until: instant(10_000)))
        // A probe that takes longer is still the only one.
        #expect(breaker.admit(at: instant(20_000)) == .refused(until: instant(20_000)))
    }

    @Test("half-open: the probe's success closes it", arguments: [0, 1, 2])
    func probeSucceeds(_ failuresAfterwards: Int) throws {
        var breaker = try opened()
        let probe = try go(&breaker, at: 5_000)
        breaker.record(.success, of: probe, at: instant(5_100))
        #expect(breaker.isClosed)
        try run(&breaker, [(Int64, CircuitBreaker.Sign)](repeating: (5_200, .failure), count: failuresAfterwards))
        #expect(breaker.isClosed)
    }

    @Test("half-open: the probe's failure opens it again, from then on")
    func probeFails() throws {
        var breaker = try opened()
        let probe = try go(&breaker, at: 5_000)
        breaker.record(.failure, of: probe, at: instant(6_000))
        #expect(breaker.admit(at: instant(10_999)) == .refused(until: instant(11_000)))
        let second = try go(&breaker, at: 11_000)
        breaker.record(.success, of: second, at: instant(11_001))
        #expect(breaker.isClosed)
    }

    @Test("half-open: a probe that says nothing of the vendor's health lets another one try, one at a time")
    func probeSaysNothing() throws {
        var breaker = try opened()
        let probe = try go(&breaker, at: 5_000)
        breaker.record(.neutral, of: probe, at: instant(5_100))
        #expect(!breaker.isClosed)
        let second = try go(&breaker, at: 5_100)
        guard case .refused = breaker.admit(at: instant(5_100)) else {
            Issue.record("two probes at once")
            return
        }
        breaker.record(.success, of: second, at: instant(5_200))
        #expect(breaker.isClosed)
    }

    @Test(
        "what went out before it opened says nothing new: not while it is open, nor of the probe, nor afterwards",
        arguments: [CircuitBreaker.Sign.success, .failure, .neutral]
    )
    func stragglers(_ sign: CircuitBreaker.Sign) throws {
        var breaker = self.breaker
        let stragglers = try (0..<9).map { _ in try go(&breaker, at: 0) }
        for straggler in stragglers[..<3] { breaker.record(.failure, of: straggler, at: instant(0)) }
        #expect(!breaker.isClosed)
        breaker.record(sign, of: stragglers[3], at: instant(4_000))
        #expect(breaker.admit(at: instant(4_999)) == .refused(until: instant(5_000)))
        let probe = try go(&breaker, at: 5_000)
        breaker.record(sign, of: stragglers[4], at: instant(5_001))
        #expect(!breaker.isClosed)
        #expect(breaker.admit(at: instant(5_002)) == .refused(until: instant(10_000)))
        breaker.record(.success, of: probe, at: instant(5_003))
        for straggler in stragglers[5...] { breaker.record(sign, of: straggler, at: instant(5_004)) }
        #expect(breaker.isClosed)
    }

    @Test("new settings hold from the next failure on; the state stays")
    func replaced() throws {
        var breaker = self.breaker
        try run(&breaker, [(0, .failure)])
        breaker.replace(CircuitBreaker.Settings(failures: 2, window: .seconds(10), openFor: .seconds(1)))
        #expect(breaker.isClosed)
        try run(&breaker, [(1, .failure)])
        #expect(breaker.admit(at: instant(2)) == .refused(until: instant(1_001)))
    }

    private func opened() throws -> CircuitBreaker {
        var breaker = self.breaker
        try run(&breaker, [(0, .failure), (0, .failure), (0, .failure)])
        return breaker
    }
}
