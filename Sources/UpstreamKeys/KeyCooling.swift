import Vocabulary

/// The pause of an upstream key after a 429. Pure: no clock, no lock.
///
/// It lasts as long as `Retry-After` says; without it 1 s, then twice as long each time, up to 60 s. A success resets
/// it to 1 s. A `Retry-After` of zero is treated as absent: the request would otherwise go out and come back forever.
public struct KeyCooling: Sendable {
    private static let longest = Duration.seconds(60)
    /// The longest pause that is honoured, a day: a vendor with a wrong calendar must not lock a key for years.
    public static let longestAsked = Duration.seconds(86_400)

    private var until: MonotonicInstant?
    private var next = Duration.seconds(1)

    /// A 429 came.
    mutating func limited(retryAfter: Duration?, at now: MonotonicInstant) {
        let told = retryAfter.flatMap { $0 > .zero ? $0 : nil }
        // Several requests were under way: further 429s of a key that is already cooling belong to the same burst,
        // which counts once. The longest pause holds.
        if told == nil, remaining(at: now) != nil { return }
        let end = now + (told ?? next)
        if told == nil { next = min(next * 2, Self.longest) }
        if let until, until > end { return }
        until = end
    }

    mutating func succeeded() { next = .seconds(1) }

    /// Restores a cooling that began before a restart.
    mutating func resume(until end: MonotonicInstant) { until = end }

    /// The end of the cooling, if it is not over yet.
    func remaining(at now: MonotonicInstant) -> MonotonicInstant? { until.flatMap { $0 > now ? $0 : nil } }
}
