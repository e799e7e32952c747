import Caching
import Testing
import Vocabulary

@Suite("Freshness")
struct FreshnessTests {
    private func freshness(age: Int64, lifetime: Duration = .seconds(100)) -> Freshness {
        let storedAt = Timestamp(seconds: 1_000_000)
        return Freshness(storedAt: storedAt, now: Timestamp(seconds: 1_000_000 + age), lifetime: lifetime)
    }

    @Test("a result is fresh while its lifetime exceeds its age, RFC 9111 §4.2")
    func bounds() {
        #expect(freshness(age: 0).isFresh)
        #expect(freshness(age: 99).isFresh)
        #expect(!freshness(age: 100).isFresh)
        #expect(freshness(age: 99).ttlSeconds == 1)
        #expect(freshness(age: 130).ttlSeconds == -30)
    }

    @Test("a lifetime of zero or less is never fresh", arguments: [Duration.zero, .nanoseconds(999), .seconds(-5)])
    func noLifetime(_ lifetime: Duration) { #expect(!freshness(age: 0, lifetime: lifetime).isFresh) }

    @Test("fractions of a second count: 1800 ms end after 1800 ms, and so does a window")
    func fractions() {
        func after(_ milliseconds: Int64) -> Freshness {
            let storedAt = Timestamp(microseconds: 5_900_000)
            let now = Timestamp(microseconds: 5_900_000 + milliseconds * 1_000)
            return Freshness(storedAt: storedAt, now: now, lifetime: .milliseconds(1_800))
        }
        #expect(after(1_000).isFresh && after(1_799).isFresh && !after(1_800).isFresh)
        #expect(after(0).ttlSeconds == 2 && after(800).ttlSeconds == 1 && after(801).ttlSeconds == 1)
        #expect(after(1_799).ttlSeconds == 1 && after(1_800).ttlSeconds == -1)
        #expect(after(2_800).ttlSeconds == -1 && after(2_801).ttlSeconds == -2)
        #expect(after(999).ageSeconds == 0 && after(1_799).ageSeconds == 1)
        #expect(after(2_800).maySubstitute(within: .seconds(1)) && !after(2_801).maySubstitute(within: .seconds(1)))
        #expect(after(1_850).maySubstitute(within: .milliseconds(50)))
        #expect(!after(1_851).maySubstitute(within: .milliseconds(50)))
        var directives = CacheDirectives()
        directives.maxAgeSeconds = 1
        #expect(after(1_000).satisfies(directives) && !after(1_001).satisfies(directives))
        directives.maxAgeSeconds = .max
        #expect(after(1_700).satisfies(directives))
    }

    @Test("ages are told in whole seconds, rounded down")
    func wholeSeconds() {
        let storedAt = Timestamp(microseconds: 5_900_000)
        let now = Timestamp(microseconds: 7_899_999)
        #expect(Freshness(storedAt: storedAt, now: now, lifetime: .seconds(9)).ageSeconds == 1)
    }

    @Test("no age is negative when the clock is set back, and none overflows", arguments: [-1, -3_600, -31_536_000])
    func clockSetBack(_ step: Int64) {
        #expect(freshness(age: step).ageSeconds == 0)
        #expect(freshness(age: step).isFresh)
        let longest = Freshness(
            storedAt: Timestamp(microseconds: .min),
            now: Timestamp(microseconds: .max),
            lifetime: .seconds(Int64.max)
        )
        #expect(longest.ttlSeconds < 0)
        #expect(
            Freshness(
                storedAt: Timestamp(microseconds: .max),
                now: Timestamp(microseconds: .min),
                lifetime: .seconds(1)
            ).ageSeconds == 0
        )
    }

    @Test("a stale result stands in for a failure within the window only")
    func substitution() {
        #expect(freshness(age: 50).maySubstitute(within: .zero))
        #expect(!freshness(age: 100).maySubstitute(within: .zero))
        #expect(freshness(age: 130).maySubstitute(within: .seconds(30)))
        #expect(!freshness(age: 131).maySubstitute(within: .seconds(30)))
    }

    @Test("the client's directives bound the age that it accepts")
    func directives() {
        var directives = CacheDirectives()
        #expect(freshness(age: 50).satisfies(directives))
        directives.maxAgeSeconds = 50
        #expect(freshness(age: 50).satisfies(directives))
        #expect(!freshness(age: 51).satisfies(directives))
        directives.maxAgeSeconds = 0
        #expect(freshness(age: 0).satisfies(directives))
        directives.maxAgeSeconds = nil
        directives.noCache = true
        #expect(!freshness(age: 0).satisfies(directives))
        directives.noCache = false
        directives.noStore = true
        #expect(!freshness(age: 0).satisfies(directives))
    }
}
