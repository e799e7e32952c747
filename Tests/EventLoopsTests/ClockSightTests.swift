import Testing
import Vocabulary

@testable import EventLoops

@Suite("ClockSight")
struct ClockSightTests {
    /// A look at a clock that is `ahead` microseconds ahead of `CLOCK_BOOTTIME`, read so long after the question.
    private func sight(ahead: Int64, took: Duration = .milliseconds(10), readAfter: Duration) -> ClockSight {
        let sentAt = MonotonicInstant(nanoseconds: 77_000_000_000)
        let time = Timestamp(microseconds: (sentAt + readAfter).nanoseconds / 1_000 + ahead)
        return ClockSight(time: time, sentAt: sentAt, took: took)
    }

    @Test("a clock is taken to have been read half-way between question and answer")
    func first() {
        let half = Duration.milliseconds(5)
        #expect(sight(ahead: 1_700_000_000_000_000, readAfter: half).offset(previous: nil) == 1_700_000_000_000_000)
        #expect(sight(ahead: -5, readAfter: half).offset(previous: nil) == -5)
        #expect(sight(ahead: 0, readAfter: .zero).offset(previous: nil) == -5_000)
    }

    @Test("what the way of an answer may have made is no change", arguments: [0, 3, 10])
    func same(milliseconds: Int64) {
        let before: Int64 = 1_700_000_000_000_000
        let look = sight(ahead: before, readAfter: .milliseconds(milliseconds))
        #expect(look.offset(previous: before) == before)
    }

    @Test("what is beyond that is one, either way", arguments: [-86_400_000_000, -6_001, 6_001, 86_400_000_000])
    func changed(microseconds: Int64) {
        let look = sight(ahead: 1_000 + microseconds, readAfter: .milliseconds(5))
        #expect(look.offset(previous: 1_000) == 1_000 + microseconds)
        #expect(
            sight(ahead: 1_000 + microseconds.signum() * 6_000, readAfter: .milliseconds(5)).offset(previous: 1_000)
                == 1_000
        )
    }

    @Test("a machine's clock is ahead of the other, or behind it")
    func lead() {
        let look = sight(ahead: 500, readAfter: .milliseconds(5))
        let later = MonotonicInstant(nanoseconds: 78_000_000_000)
        let there = Timestamp(microseconds: 78_000_000 + 500)
        #expect(look.lead(of: there, at: later) == 0)
        #expect(look.lead(of: there + .seconds(7), at: later) == 7_000_000)
        #expect(look.lead(of: there + .seconds(-7), at: later) == -7_000_000)
    }

    @Test("no time that a database may answer is too much", arguments: [Int64.min, .max, 0])
    func absurd(microseconds: Int64) {
        for (sent, took) in [(Int64.min, Duration.zero), (.max, .seconds(1)), (0, .seconds(Int64.max))] {
            let look = ClockSight(
                time: Timestamp(microseconds: microseconds),
                sentAt: MonotonicInstant(nanoseconds: sent),
                took: took
            )
            for previous in [nil, Int64.min, 0, .max] { _ = look.offset(previous: previous) }
            _ = look.lead(of: Timestamp(microseconds: .max), at: MonotonicInstant(nanoseconds: .min))
            _ = look.lead(of: Timestamp(microseconds: .min), at: MonotonicInstant(nanoseconds: .max))
        }
    }
}
