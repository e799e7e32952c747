public import Vocabulary

/// How old a result is, and what that allows: RFC 9111 §4.2 without a clock of its own.
///
/// The age counts from when the vendor's answer was stored, in whole seconds rounded down. It is never negative: when
/// the wall clock was set back behind that moment, the result counts as just stored. The lifetime is the setting of
/// now, not that of when the result was stored, so that a shorter one takes effect on all results at once.
public struct Freshness: Equatable, Sendable {
    /// Seconds for which a result is fresh; 0 or more.
    public let lifetimeSeconds: Int64
    /// Seconds since the vendor answered; 0 or more.
    public let ageSeconds: Int64

    /// - Parameters:
    ///   - storedAt: when the vendor's answer arrived.
    ///   - now: the wall clock.
    ///   - lifetime: `cache.ttl`, or `cache.negative_ttl` for an error; fractions of a second are dropped.
    @inlinable
    public init(storedAt: Timestamp, now: Timestamp, lifetime: Duration) {
        self.init(storedAt: storedAt, now: now, lifetimeSeconds: lifetime.components.seconds)
    }

    /// - Parameter lifetimeSeconds: what the other initializer takes from `lifetime`.
    @inlinable
    public init(storedAt: Timestamp, now: Timestamp, lifetimeSeconds lifetime: Int64) {
        let (elapsed, overflow) = now.microseconds.subtractingReportingOverflow(storedAt.microseconds)
        ageSeconds = overflow ? (now > storedAt ? .max / 2 : 0) : max(0, elapsed / 1_000_000)
        lifetimeSeconds = min(max(0, lifetime), .max / 2)
    }

    /// As RFC 9211 §2.4 counts it: negative when the result is stale.
    @inlinable
    public var ttlSeconds: Int64 { lifetimeSeconds - ageSeconds }

    /// RFC 9111 §4.2: fresh while the lifetime exceeds the age, so that a lifetime of 0 is never fresh.
    @inlinable
    public var isFresh: Bool { lifetimeSeconds > ageSeconds }

    /// Whether a result that may be stale can stand in for a failure of the vendor (RFC 5861 §4).
    ///
    /// - Parameter window: `cache.stale_if_error`, how long after its lifetime a result may be served.
    @inlinable
    public func maySubstitute(within window: Duration) -> Bool {
        isFresh || (window > .zero && ageSeconds - lifetimeSeconds <= window.components.seconds)
    }

    /// Whether a result of this age is what the client accepts from a cache, fresh or not.
    @inlinable
    public func satisfies(_ directives: CacheDirectives) -> Bool {
        if directives.noCache || directives.noStore { return false }
        guard let accepted = directives.maxAgeSeconds else { return true }
        return ageSeconds <= accepted
    }
}
