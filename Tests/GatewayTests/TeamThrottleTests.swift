import Authentication
import Testing
import Vocabulary

@testable import Gateway

@Suite("What a team asks at once")
struct TeamThrottleTests {
    private let now = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    @Test("places are given up to the limit, and again when they come back")
    func places() {
        let throttle = TeamThrottle(TeamLimits(concurrencyMax: 2))
        let first = throttle.takePlace()
        var second = throttle.takePlace()
        #expect(first != nil && second != nil)
        #expect(throttle.takePlace() == nil)
        second = nil
        #expect(second == nil && throttle.takePlace() != nil)
        withExtendedLifetime(first) {}
    }

    @Test("without limits everything goes")
    func unlimited() {
        let throttle = TeamThrottle(TeamLimits())
        let places = (0..<1_000).map { _ in throttle.takePlace() }
        #expect(places.allSatisfy { $0 != nil })
        #expect((0..<1_000).allSatisfy { _ in throttle.takeToken(at: now) == nil })
    }

    @Test("tokens are shared by all threads, none is given twice")
    func tokens() async {
        let throttle = TeamThrottle(TeamLimits(requestsPerSecondMillionths: 100_000_000))
        let now = now
        let given = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask { (0..<100).count { _ in throttle.takeToken(at: now) == nil } }
            }
            return await group.reduce(0, +)
        }
        #expect(given == 100)
    }

    @Test("a reload changes the limits of a team and keeps what is under way; a new team begins with its own")
    func reload() throws {
        func team(_ id: String, _ limits: TeamLimits) -> Team {
            Team(
                id: TeamID(rawValue: id),
                name: id,
                account: AccountID(rawValue: "default"),
                cacheScopeIsTeam: false,
                limits: limits
            )
        }
        let old = team("a", TeamLimits(concurrencyMax: 3))
        let throttles = TeamThrottles([old])
        let throttle = throttles.find(old)
        let place = try #require(throttle.takePlace())
        let new = team("a", TeamLimits(concurrencyMax: 1))
        throttles.replace([new, team("b", TeamLimits(concurrencyMax: 1))])
        #expect(throttles.find(new) === throttle)
        #expect(throttle.takePlace() == nil)
        #expect(throttles.find(team("b", TeamLimits())).takePlace() != nil)
        withExtendedLifetime(place) {}
    }
}
