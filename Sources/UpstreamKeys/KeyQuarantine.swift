import Vocabulary

/// The quarantine of a key that the vendor does not accept. Pure: no clock, no lock.
///
/// One real request a minute goes out on the key; its success ends the quarantine: `docs/faults.md` §4.
struct KeyQuarantine {
    private static let interval = Duration.seconds(60)

    let reason: QuarantineReason
    /// When the next request may go out on the key.
    private(set) var nextTrial: MonotonicInstant

    init(reason: QuarantineReason, at now: MonotonicInstant) {
        self.reason = reason
        nextTrial = now + Self.interval
    }

    /// A request goes out on the key; the next one may follow a minute later, whatever the outcome.
    mutating func beginTrial(at now: MonotonicInstant) { nextTrial = now + Self.interval }
}
