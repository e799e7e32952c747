/// A point on the wall clock: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// For times shown to people or other machines, and for times that outlive the process. Time-outs use
/// `MonotonicInstant`, since the wall clock can be set. Arithmetic saturates at the first or last timestamp, since a
/// timestamp may come from a file or the store.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Seconds beyond 64 bits of microseconds (292,000 years) are clamped.
    @inlinable
    public init(seconds: Int64) { microseconds = seconds.saturatingMultiply(1_000_000) }

    /// Whole seconds since 1970, rounded towards the past.
    @inlinable
    public var wholeSeconds: Int64 {
        microseconds / 1_000_000 - (microseconds % 1_000_000 < 0 ? 1 : 0)
    }

    /// The microseconds after the whole seconds: 0 to 999,999.
    @inlinable
    public var microsecondOfSecond: Int64 {
        let rest = microseconds % 1_000_000
        return rest < 0 ? rest + 1_000_000 : rest
    }

    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// The timestamp `duration` later; saturates at the first or last one.
    @inlinable
    public static func + (timestamp: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: timestamp.microseconds.saturatingAdd(duration.wholeNanoseconds / 1_000))
    }

    /// How much later `left` is, clamped to 64 bits of microseconds.
    @inlinable
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microseconds.saturatingSubtract(right.microseconds))
    }
}
