import Vocabulary

/// How long an upstream key is left alone after a 429. Pure: no clock, no lock.
///
/// For as long as `Retry-After` says; without it 1 s, then twice as long each time, up to 60 s. A success starts over.
/// A `Retry-After` of no time at all is as good as none: the request would go out and come back for ever.
public struct KeyCooling: Sendable {
    private static let longest = Duration.seconds(60)
    /// A day at most: a vendor that errs in its calendar must not lock a key for years.
    public static let longestAsked = Duration.seconds(86_400)

    private var until: MonotonicInstant?
    private var next = Duration.seconds(1)

    /// A 429 came.
    mutating func limited(retryAfter: Duration?, at now: MonotonicInstant) {
        let told = retryAfter.flatMap { $0 > .zero ? $0 : nil }
        // Several requests were under way: those that come back to a key that cools already are of the same burst,
        // which counts once, and the longest pause holds.
        if told == nil, remaining(at: now) != nil { return }
        let end = now + (told ?? next)
        if told == nil { next = min(next * 2, Self.longest) }
        if let until, until > end { return }
        until = end
    }

    mutating func succeeded() { next = .seconds(1) }

    /// Goes on with a cooling that began before a restart.
    mutating func resume(until end: MonotonicInstant) { until = end }

    /// The end of the cooling, if it is not over yet.
    func remaining(at now: MonotonicInstant) -> MonotonicInstant? { until.flatMap { $0 > now ? $0 : nil } }
}
