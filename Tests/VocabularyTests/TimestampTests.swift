import Testing
import Vocabulary

@Suite("A point on the wall clock")
struct TimestampTests {
    @Test(
        "whole seconds are rounded towards the past",
        arguments: [
            (0, 0), (999_999, 0), (1_000_000, 1), (1_999_999, 1), (-1, -1), (-999_999, -1), (-1_000_000, -1),
            (-1_000_001, -2),
        ] as [(Int64, Int64)]
    )
    func wholeSeconds(_ microseconds: Int64, _ seconds: Int64) {
        #expect(Timestamp(microseconds: microseconds).wholeSeconds == seconds)
    }

    @Test("lengths of time are added and found again, to the microsecond")
    func arithmetic() {
        let start = Timestamp(seconds: 1_000)
        #expect(start + .milliseconds(1) == Timestamp(microseconds: 1_000_001_000))
        #expect(start + .seconds(-1) == Timestamp(seconds: 999))
        #expect(start + .nanoseconds(1_999) == Timestamp(microseconds: 1_000_000_001))
        #expect((start + .microseconds(7)) - start == .microseconds(7))
        #expect(start - (start + .seconds(1)) == .seconds(-1))
        #expect(start < start + .microseconds(1))
        #expect(!(start < start))
    }

    @Test("nothing overflows at the first and the last moment")
    func ends() {
        let (first, last) = (Timestamp(microseconds: .min), Timestamp(microseconds: .max))
        #expect(first.wholeSeconds == -9_223_372_036_855 && last.wholeSeconds == 9_223_372_036_854)
        #expect(last - first == .microseconds(Int64.max) && first - last == .microseconds(Int64.min))
        #expect(Timestamp(seconds: .max) == last && Timestamp(seconds: .min) == first)
        #expect(first + .seconds(-1) == first && first + .seconds(Int64.min) == first)
        #expect(first.rfc3339 == "0000-01-01T00:00:00Z" && last.rfc3339 == "9999-12-31T23:59:59.999999Z")
    }

    @Test("a sum stays at the last moment instead of overflowing")
    func saturation() {
        let last = Timestamp(microseconds: .max)
        #expect(last + .microseconds(1) == last)
        #expect(last + .seconds(Int64.max) == last)
        #expect(Timestamp(microseconds: .max - 1) + .microseconds(1) == last)
    }
}
