/// A point on the wall clock: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// For what people and other machines are told, and for what must outlive the process. Time-outs use
/// `MonotonicInstant`, since the wall clock can be set. Arithmetic stays at the first or the last moment instead of
/// overflowing, since a moment may come from a file or the store.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Seconds beyond what 64 bits of microseconds hold (292,000 years) stand for the last moment that they do.
    @inlinable
    public init(seconds: Int64) { microseconds = seconds.saturatingMultiply(1_000_000) }

    /// Whole seconds since 1970, rounded towards the past.
    @inlinable
    public var wholeSeconds: Int64 {
        microseconds / 1_000_000 - (microseconds % 1_000_000 < 0 ? 1 : 0)
    }

    /// What is left when the whole seconds are taken off: 0 to 999,999.
    @inlinable
    public var microsecondOfSecond: Int64 {
        let rest = microseconds % 1_000_000
        return rest < 0 ? rest + 1_000_000 : rest
    }

    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// The moment `duration` later; it stays at the last or the first one instead of overflowing.
    @inlinable
    public static func + (timestamp: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: timestamp.microseconds.saturatingAdd(duration.wholeNanoseconds / 1_000))
    }

    /// How much later `left` is, at most what 64 bits of microseconds hold.
    @inlinable
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microseconds.saturatingSubtract(right.microseconds))
    }
}
