public import Vocabulary

/// How old a result is, and what that allows: RFC 9111 §4.2 without a clock of its own.
///
/// The age counts from when the vendor's answer was stored. It is never negative: when the wall clock was set back
/// behind that moment, the result counts as just stored. Age and lifetime are exact to the microsecond, and so is every
/// decision; only what fields tell of them is in whole seconds (RFC 9111 §1.2.2). The lifetime is the setting of now,
/// not that of when the result was stored, so that a shorter one takes effect on all results at once.
public struct Freshness: Equatable, Sendable {
    /// Microseconds for which a result is fresh; 0 or more.
    @usableFromInline
    let lifetime: Int64
    /// Microseconds since the vendor answered; 0 or more.
    @usableFromInline
    let age: Int64

    /// - Parameters:
    ///   - storedAt: when the vendor's answer arrived.
    ///   - now: the wall clock.
    ///   - lifetime: `cache.ttl`, or `cache.negative_ttl` for an error.
    @inlinable
    public init(storedAt: Timestamp, now: Timestamp, lifetime: Duration) {
        self.init(storedAt: storedAt, now: now, lifetimeMicroseconds: lifetime.wholeNanoseconds / 1_000)
    }

    /// - Parameter lifetimeMicroseconds: what the other initializer takes from `lifetime`.
    @inlinable
    public init(storedAt: Timestamp, now: Timestamp, lifetimeMicroseconds: Int64) {
        let (elapsed, overflow) = now.microseconds.subtractingReportingOverflow(storedAt.microseconds)
        age = overflow ? (now > storedAt ? .max / 2 : 0) : min(max(0, elapsed), .max / 2)
        lifetime = min(max(0, lifetimeMicroseconds), .max / 2)
    }

    /// Whole seconds since the vendor answered, rounded down, for `Age` (RFC 9111 §5.1); 0 or more.
    @inlinable
    public var ageSeconds: Int64 { age / 1_000_000 }

    /// As RFC 9211 §2.4 counts it: what is left of the lifetime, in whole seconds, rounded away from 0: negative as
    /// soon as the result is stale. While it is fresh, this and `ageSeconds` make up the lifetime.
    @inlinable
    public var ttlSeconds: Int64 {
        let left = lifetime - age
        return left > 0 ? (left - 1) / 1_000_000 + 1 : min(-1, (left - 999_999) / 1_000_000)
    }

    /// RFC 9111 §4.2: fresh while the lifetime exceeds the age, so that a lifetime of 0 is never fresh.
    @inlinable
    public var isFresh: Bool { lifetime > age }

    /// Whether a result that may be stale can stand in for a failure of the vendor (RFC 5861 §4).
    ///
    /// - Parameter window: `cache.stale_if_error`, how long after its lifetime a result may be served.
    @inlinable
    public func maySubstitute(within window: Duration) -> Bool {
        isFresh || (window > .zero && age - lifetime <= window.wholeNanoseconds / 1_000)
    }

    /// Whether a result of this age is what the client accepts from a cache, fresh or not.
    @inlinable
    public func satisfies(_ directives: CacheDirectives) -> Bool {
        if directives.noCache || directives.noStore { return false }
        guard let accepted = directives.maxAgeSeconds else { return true }
        let (microseconds, overflow) = accepted.multipliedReportingOverflow(by: 1_000_000)
        return overflow || age <= microseconds
    }
}
