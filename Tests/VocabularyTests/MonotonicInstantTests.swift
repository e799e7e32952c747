import Testing
import Vocabulary

@Suite("A point on the monotonic clock")
struct MonotonicInstantTests {
    @Test("lengths of time are added and found again, to the nanosecond")
    func arithmetic() {
        let start = MonotonicInstant(nanoseconds: 5_000)
        #expect(start + .nanoseconds(1) == MonotonicInstant(nanoseconds: 5_001))
        #expect(start + .seconds(2) == MonotonicInstant(nanoseconds: 2_000_005_000))
        #expect(start + .nanoseconds(-6_000) == MonotonicInstant(nanoseconds: -1_000))
        #expect((start + .milliseconds(3)) - start == .milliseconds(3))
        #expect(start - (start + .nanoseconds(7)) == .nanoseconds(-7))
        #expect(start < start + .nanoseconds(1))
        #expect(!(start < start))
        #expect(start < .distantFuture)
    }

    @Test("a sum stays at the distant future instead of overflowing")
    func saturation() {
        let start = MonotonicInstant(nanoseconds: 5_000)
        #expect(start + .nanoseconds(Int64.max - 5_000) == .distantFuture)
        #expect(start + .nanoseconds(Int64.max - 5_001) < .distantFuture)
        #expect(start + .nanoseconds(Int64.max - 4_999) == .distantFuture)
        #expect(start + .seconds(Int64.max) == .distantFuture)
        #expect(.distantFuture + .nanoseconds(1) == MonotonicInstant.distantFuture)
        #expect(.distantFuture + .zero == MonotonicInstant.distantFuture)
        #expect(MonotonicInstant(nanoseconds: 0) + .seconds(Int64.min) == MonotonicInstant(nanoseconds: .min))
    }

    @Test(
        "whole nanoseconds are rounded towards zero and clamped to 64 bits",
        arguments: [
            (.zero, 0), (.nanoseconds(1), 1), (.nanoseconds(-1), -1), (.seconds(1), 1_000_000_000),
            (.milliseconds(-1_500), -1_500_000_000),
            (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
            (Duration(secondsComponent: 0, attosecondsComponent: -999_999_999), 0),
            (Duration(secondsComponent: 1, attosecondsComponent: 1_999_999_999), 1_000_000_001),
            (Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 854_775_807_000_000_000), .max),
            (Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 854_775_806_999_999_999), .max - 1),
            (Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 854_775_808_000_000_000), .max),
            (Duration(secondsComponent: 9_223_372_037, attosecondsComponent: 0), .max),
            (Duration(secondsComponent: -9_223_372_036, attosecondsComponent: -854_775_808_000_000_000), .min),
            (Duration(secondsComponent: -9_223_372_036, attosecondsComponent: -854_775_809_000_000_000), .min),
            (Duration(secondsComponent: -9_223_372_037, attosecondsComponent: 0), .min),
            (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
        ] as [(Duration, Int64)]
    )
    func wholeNanoseconds(_ duration: Duration, _ nanoseconds: Int64) {
        #expect(duration.wholeNanoseconds == nanoseconds)
    }
}
