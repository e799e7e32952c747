import Vocabulary

/// The TLS handshakes that have begun on one worker, by age. Pure; confined to its worker.
///
/// An honest client's answer takes a round trip. One that takes much longer holds memory that a new client could use, so
/// when there is none left it is the oldest that goes: to keep others out, somebody would have to begin handshakes as fast
/// as they grow old, not merely hold connections.
struct HandshakeQueue {
    /// From this age on a handshake may be given up for another.
    static let patience = Duration.seconds(1)

    private var entries: [(connection: UInt64, begun: MonotonicInstant)] = []
    private var first = 0

    /// Adds one that begins now, and forgets those in front that are over.
    mutating func add(_ connection: UInt64, at now: MonotonicInstant, isUnfinished: (UInt64) -> Bool) {
        skip(isUnfinished)
        entries.append((connection, now))
    }

    /// Takes the oldest that is unfinished, if it is old enough to be given up.
    mutating func takeOldest(at now: MonotonicInstant, isUnfinished: (UInt64) -> Bool) -> UInt64? {
        skip(isUnfinished)
        guard first < entries.count, entries[first].begun + Self.patience <= now else { return nil }
        defer { first += 1 }
        return entries[first].connection
    }

    /// How many are kept, those that are over behind an unfinished one included.
    var count: Int { entries.count - first }

    private mutating func skip(_ isUnfinished: (UInt64) -> Bool) {
        while first < entries.count, !isUnfinished(entries[first].connection) { first += 1 }
        // Moved to the front when half is empty, so that each entry is moved once on average.
        guard first > 64, first * 2 > entries.count else { return }
        entries.removeFirst(first)
        first = 0
    }
}
