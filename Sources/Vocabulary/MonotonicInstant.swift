/// A point on the monotonic clock, which no one can set: what time-outs are measured on.
///
/// Nanoseconds since an arbitrary start, that of `CLOCK_MONOTONIC`. Only differences mean something.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    public let nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Later than any instant that a process can live to see: "no deadline".
    public static let distantFuture = MonotonicInstant(nanoseconds: .max)

    @inlinable
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant `duration` later; it stays at `distantFuture`, or at the first instant, instead of overflowing.
    @inlinable
    public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: instant.nanoseconds.saturatingAdd(duration.wholeNanoseconds))
    }

    /// How much later `left` is, at most what 64 bits of nanoseconds hold (292 years).
    @inlinable
    public static func - (left: MonotonicInstant, right: MonotonicInstant) -> Duration {
        .nanoseconds(left.nanoseconds.saturatingSubtract(right.nanoseconds))
    }
}

extension Duration {
    /// This length of time in nanoseconds, rounded towards zero and clamped to what 64 bits hold (292 years).
    @inlinable
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }
}
