import Vocabulary

/// The time for which a key counts as one that the vendor does not accept. Pure: no clock, no lock.
///
/// Once a minute one real request goes out on the key, and a success ends the quarantine: `docs/faults.md` §4.
struct KeyQuarantine {
    private static let interval = Duration.seconds(60)

    let reason: QuarantineReason
    /// When the next request may go out on the key.
    private(set) var nextTrial: MonotonicInstant

    init(reason: QuarantineReason, at now: MonotonicInstant) {
        self.reason = reason
        nextTrial = now + Self.interval
    }

    /// A request goes out on the key: the next one may a minute later, whatever becomes of this one.
    mutating func beginTrial(at now: MonotonicInstant) { nextTrial = now + Self.interval }
}
