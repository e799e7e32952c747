import Vocabulary

/// The deadlines of a drain. All lie within `drain_timeout`, except that the ledger always gets five seconds and the
/// last lines 250 milliseconds.
struct DrainTimes {
    /// Of `drain_timeout`: enough for clients to take an answer. The ledger has its own time.
    private static let cutShareMax = Duration.milliseconds(250)
    /// How long clients that were cut off have after a second signal.
    private static let clientPatience = Duration.seconds(1)
    /// The minimum wait for the ledger, equal to the store's lock timeout: a reservation whose outcome it does not
    /// learn counts as spent until an operator decides otherwise.
    private static let ledgerPatience = Duration.seconds(5)
    /// The minimum wait for the last log lines, even after the timeout or a second signal.
    private static let linesPatience = Duration.milliseconds(250)

    /// The end of `drain_timeout`.
    private var timeoutAt: MonotonicInstant
    /// When waiting clients are cut off.
    let cutAt: MonotonicInstant
    /// When clients that do not take their answers are no longer waited for.
    private(set) var clientsUntil: MonotonicInstant
    /// When nothing is waited for any more.
    private(set) var end: MonotonicInstant

    /// - Parameter timeout: `drain_timeout`. A quarter of it, at most 250 milliseconds, is kept for cutting off.
    init(begin: MonotonicInstant, timeout: Duration) {
        timeoutAt = begin + timeout
        cutAt = begin + (timeout - min(timeout / 4, Self.cutShareMax))
        clientsUntil = timeoutAt
        end = max(timeoutAt, cutAt + Self.ledgerPatience)
    }

    /// A second signal arrived: the remaining steps begin now.
    mutating func hurry(at now: MonotonicInstant) {
        timeoutAt = min(timeoutAt, now)
        clientsUntil = min(clientsUntil, now + Self.clientPatience)
        end = min(end, now + Self.ledgerPatience)
    }

    /// The latest time at which the process ends, if no second signal comes.
    var longest: MonotonicInstant { max(end, timeoutAt) + Self.marginAtTheEnd }

    /// For operators' connections, the store and the last lines.
    private static let marginAtTheEnd = Duration.seconds(5)

    /// The deadline for the last log lines once nothing else is left.
    func linesUntil(at now: MonotonicInstant) -> MonotonicInstant { max(timeoutAt, now + Self.linesPatience) }
}
