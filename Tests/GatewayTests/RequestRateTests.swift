import Testing

@testable import Gateway

@Suite("The rate of a team's requests")
struct RequestRateTests {
    private let second: Int64 = 1_000_000_000

    /// Whether a request at each of the moments is admitted.
    private func went(_ millionths: Int64, at moments: [Int64]) -> [Bool] {
        let rate = RequestRate(perSecondMillionths: millionths)
        var spentUntil = Int64.min
        return moments.map { now in
            guard case .go(let next) = rate.decide(spentUntil: spentUntil, now: now) else { return false }
            spentUntil = next
            return true
        }
    }

    @Test("as many as the rate says go at once, the next one has to wait", arguments: [1, 2, 50, 1_000])
    func burst(perSecond: Int) {
        let decisions = went(Int64(perSecond) * 1_000_000, at: Array(repeating: 5 * second, count: perSecond + 3))
        #expect(decisions.count { $0 } == perSecond)
        #expect(decisions.prefix(perSecond).allSatisfy { $0 })
    }

    @Test("over a long time no more go than the rate allows, and no fewer when they come evenly")
    func longRun() {
        let moments = (0..<10_000).map { Int64($0) * second / 100 }
        // 100 requests a second for 100 seconds: 10 a second are admitted, and the bucket's ten at the start.
        #expect(went(10_000_000, at: moments).count { $0 } == 1_009)
        #expect(went(100_000_000, at: moments).allSatisfy { $0 })
    }

    @Test("below one a second a single request goes, and the wait for the next is told")
    func slow() {
        #expect(went(500_000, at: [0, second, 2 * second - 1, 2 * second]) == [true, false, false, true])
        let rate = RequestRate(perSecondMillionths: 500_000)
        #expect(rate.decide(spentUntil: 2 * second, now: second / 2) == .wait(nanoseconds: 3 * second / 2))
    }

    @Test("tokens are not saved beyond one second's")
    func noSaving() {
        let moments = [0] + Array(repeating: 3_600 * second, count: 20)
        #expect(went(10_000_000, at: moments).count { $0 } == 11)
    }
}
