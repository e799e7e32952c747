/// A point on the wall clock: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// For what people and other machines are told, and for what must outlive the process. Time-outs use
/// `MonotonicInstant`, since the wall clock can be set. Arithmetic stays at the first or the last moment instead of
/// overflowing, since a moment may come from a file or the store.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }

    @inlinable
    public init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// Whole seconds since 1970, rounded towards the past.
    @inlinable
    public var wholeSeconds: Int64 {
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return rest < 0 ? seconds - 1 : seconds
    }

    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    @inlinable
    public static func + (timestamp: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = timestamp.microseconds.addingReportingOverflow(duration.wholeNanoseconds / 1_000)
        return Timestamp(microseconds: overflow ? (timestamp.microseconds < 0 ? .min : .max) : sum)
    }

    @inlinable
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        let (difference, overflow) = left.microseconds.subtractingReportingOverflow(right.microseconds)
        return .microseconds(overflow ? (left < right ? .min : .max) : difference)
    }
}
