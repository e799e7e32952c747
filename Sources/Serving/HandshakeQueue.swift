import Vocabulary

/// The TLS handshakes that have begun on one worker, oldest first. Pure; confined to its worker.
///
/// An honest client answers within a round trip. A much slower one holds memory that a new client could use, so the
/// oldest handshake is given up when memory runs out. To keep others out, an attacker has to begin handshakes as fast
/// as they reach `patience`; holding connections is not enough.
struct HandshakeQueue {
    /// The age from which a handshake may be given up for another.
    static let patience = Duration.seconds(1)

    private var entries: [(connection: UInt64, begun: MonotonicInstant)] = []
    private var first = 0

    /// Adds a handshake that begins now, and removes finished ones from the front.
    mutating func add(_ connection: UInt64, at now: MonotonicInstant, isUnfinished: (UInt64) -> Bool) {
        skip(isUnfinished)
        entries.append((connection, now))
    }

    /// Takes the oldest unfinished handshake, if it is old enough to be given up.
    mutating func takeOldest(at now: MonotonicInstant, isUnfinished: (UInt64) -> Bool) -> UInt64? {
        skip(isUnfinished)
        guard first < entries.count, entries[first].begun + Self.patience <= now else { return nil }
        defer { first += 1 }
        return entries[first].connection
    }

    /// The number of entries, including finished ones behind an unfinished one.
    var count: Int { entries.count - first }

    private mutating func skip(_ isUnfinished: (UInt64) -> Bool) {
        while first < entries.count, !isUnfinished(entries[first].connection) { first += 1 }
        // Compacted when half is empty, so that each entry is moved once on average.
        guard first > 64, first * 2 > entries.count else { return }
        entries.removeFirst(first)
        first = 0
    }
}
