import Vocabulary

/// The moments of a drain. All lie within `drain_timeout`, but that the ledger has five seconds in any case.
struct DrainTimes {
    /// Enough for clients to take an answer and for the disk to take what became of their requests.
    private static let cutShareMax = Duration.seconds(1)
    /// How long the ledger is waited for at least, as long as the store waits for a lock: what it does not learn counts as
    /// spent until an operator says otherwise.
    private static let ledgerPatience = Duration.seconds(5)
    /// How long the last lines are waited for though the time is over or somebody is in a hurry.
    private static let linesPatience = Duration.milliseconds(250)

    /// When `drain_timeout` is over.
    private var timeoutAt: MonotonicInstant
    /// When those who still wait are cut off.
    let cutAt: MonotonicInstant
    /// When clients that do not take their answers are not waited for any more.
    private(set) var clientsUntil: MonotonicInstant
    /// When nothing is waited for any more.
    private(set) var end: MonotonicInstant

    /// - Parameter timeout: `drain_timeout`, of which a quarter, and at most a second, is kept for cutting off.
    init(begin: MonotonicInstant, timeout: Duration) {
        timeoutAt = begin + timeout
        cutAt = begin + (timeout - min(timeout / 4, Self.cutShareMax))
        clientsUntil = timeoutAt
        end = max(timeoutAt, cutAt + Self.ledgerPatience)
    }

    /// A second signal has come: what is left to do begins now.
    mutating func hurry(at now: MonotonicInstant) {
        timeoutAt = min(timeoutAt, now)
        clientsUntil = min(clientsUntil, now + Self.cutShareMax)
        end = min(end, now + Self.ledgerPatience)
    }

    /// How long the last lines are waited for when nothing else is left.
    func linesUntil(at now: MonotonicInstant) -> MonotonicInstant { max(timeoutAt, now + Self.linesPatience) }
}
