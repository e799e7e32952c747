/// A point on the monotonic clock, which cannot be set: the clock of time-outs.
///
/// Nanoseconds since the arbitrary start of `CLOCK_MONOTONIC`. Only differences are meaningful.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    public let nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Later than any instant that a process can reach: "no deadline".
    public static let distantFuture = MonotonicInstant(nanoseconds: .max)

    @inlinable
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant `duration` later; saturates at `distantFuture` or the first instant.
    @inlinable
    public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: instant.nanoseconds.saturatingAdd(duration.wholeNanoseconds))
    }

    /// How much later `left` is, clamped to 64 bits of nanoseconds (292 years).
    @inlinable
    public static func - (left: MonotonicInstant, right: MonotonicInstant) -> Duration {
        .nanoseconds(left.nanoseconds.saturatingSubtract(right.nanoseconds))
    }
}

extension Duration {
    /// The duration in nanoseconds, rounded towards zero and clamped to 64 bits (292 years).
    @inlinable
    public var wholeNanoseconds: Int64 {
        // By halves: `components` divides 128 bits twice, which takes some 180 instructions, and a request does so
        // often.
        let (magnitude, unit) = (attoseconds.magnitude, UInt64(1_000_000_000))
        let (high, low) = (UInt64(truncatingIfNeeded: magnitude >> 64), UInt64(truncatingIfNeeded: magnitude))
        guard high < unit else { return attoseconds < 0 ? .min : .max }
        let quotient = high == 0 ? low / unit : unit.dividingFullWidth((high, low)).quotient
        guard let whole = Int64(exactly: quotient) else { return attoseconds < 0 ? .min : .max }
        return attoseconds < 0 ? -whole : whole
    }
}
