import Vocabulary

/// The rule of `requests_per_second`: a token bucket that holds the tokens of one second, and at least one token.
///
/// Its state is one number, the time until which tokens are spent (the "theoretical arrival time" of ATM's generic cell
/// rate algorithm, ITU-T I.371), so that several threads can share it without a lock. Pure.
struct RequestRate: Equatable {
    /// Nanoseconds between two requests at the full rate.
    let interval: Int64
    /// How far ahead of now tokens may be spent, in nanoseconds.
    private var tolerance: Int64 { max(1_000_000_000 - interval, 0) }

    /// - Parameter millionths: requests per second, in millionths; above zero.
    init(perSecondMillionths millionths: Int64) {
        precondition(millionths > 0, "a rate of \(millionths) millionths a second")
        interval = max(1, 1_000_000_000_000_000 / millionths)
    }

    enum Decision: Equatable {
        /// The request may go; `spentUntil` is the new state.
        case go(spentUntil: Int64)
        /// The time until there is a token.
        case wait(nanoseconds: Int64)
    }

    /// - Parameters:
    ///   - spentUntil: the state that the last admitted request left, in nanoseconds of the monotonic clock.
    ///   - now: the time by the same clock.
    func decide(spentUntil: Int64, now: Int64) -> Decision {
        let base = max(spentUntil, now)
        let ahead = base - now - tolerance
        return ahead > 0 ? .wait(nanoseconds: ahead) : .go(spentUntil: base + interval)
    }
}
