import Synchronization
public import Vocabulary

/// Tells whether a result was asked for before a purge that concerns it, so that it is not kept.
///
/// A request takes a stamp when it is read, before it looks anywhere. What comes of it carries the stamp: a result that
/// the vendor sends, and one that is read from the store. These hold:
/// - P1: A result that was asked for before a purge is not kept after it. `ResultCache` compares the stamp under the
///   lock of the shard, and a purge is noted here before it takes that lock; the store compares it on the thread of its
///   transactions, where the purge is noted too.
/// - P2: A look-up in the store that began before a purge does not fill memory after it, since its stamp is as old. A
///   purge is noted a second time once it is durable: a look-up may have begun after the first note, and yet have
///   seen the store as it was before.
/// - P3: A request that is made after a purge joins no flight from before: the flights are closed to new requests after
///   the second note.
/// - P4: No alias leads to what was purged: a result that leaves memory, or is not let in, is retired (C1 of
///   `ResultCache`).
/// - P5: A purge survives a crash: the store has recorded it before anyone is answered, and from then on finds nothing
///   that it concerns. Flights and memory end with the process.
///
/// Guarded. The latest purges are remembered by what they concern, at most twice `targetsMax`. What was asked before
/// the oldest of them counts as purged: an answer is then not kept, though it might have been.
public final class PurgeLog: Sendable {
    static let targetsMax = 65_536

    private struct Notes {
        /// The number of the latest purge of each target.
        var recent: [PurgeTarget: UInt64] = [:]
        var older: [PurgeTarget: UInt64] = [:]
        /// The greatest number that was forgotten.
        var forgotten: UInt64 = 0
    }

    private let notes = Guarded(Notes())
    private let latest = Atomic<UInt64>(0)
    private let targetsMax: Int

    init(targetsMax: Int = PurgeLog.targetsMax) { self.targetsMax = targetsMax }

    /// The stamp of what is asked from now on.
    public func stamp() -> PurgeStamp { PurgeStamp(log: self, number: latest.load(ordering: .acquiring)) }

    /// Notes a purge: the stamps so far are older than it.
    public func note(_ target: PurgeTarget) {
        notes.withLock { notes in
            let number = latest.load(ordering: .relaxed) + 1
            if notes.recent.count >= targetsMax, notes.recent[target] == nil {
                notes.forgotten = max(notes.forgotten, notes.older.values.max() ?? 0)
                notes.older = notes.recent
                notes.recent = [:]
            }
            notes.recent[target] = number
            latest.store(number, ordering: .releasing)
        }
    }

    fileprivate func isNoted(_ targets: [PurgeTarget], after number: UInt64) -> Bool {
        // Almost always nothing was purged meanwhile.
        if latest.load(ordering: .acquiring) == number { return false }
        return notes.withLock { notes in
            notes.forgotten > number
                || targets.contains { max(notes.recent[$0] ?? 0, notes.older[$0] ?? 0) > number }
        }
    }

    /// Whether anything was purged after a number.
    fileprivate func hasAny(after number: UInt64) -> Bool { latest.load(ordering: .acquiring) != number }
}

/// When something was asked, in the order of the purges. A value; any thread.
public struct PurgeStamp: Sendable {
    fileprivate let log: PurgeLog
    fileprivate let number: UInt64

    /// Whether the result was purged since.
    public func isPurged(_ result: CachedResult) -> Bool {
        guard log.hasAny(after: number) else { return false }
        return isPurged(result.key, documentID: result.documentID, team: result.team)
    }

    /// Whether a result of this key, document and team was purged since.
    public func isPurged(_ key: CacheKey, documentID: String, team: TeamID) -> Bool {
        guard log.hasAny(after: number) else { return false }
        return log.isNoted([.all, .key(key), .document(documentID), .team(team)], after: number)
    }
}

/// A result and when it was asked for, which decides whether it may be kept.
public struct StampedResult: Sendable {
    public let result: CachedResult
    public let asked: PurgeStamp

    public init(_ result: CachedResult, asked: PurgeStamp) {
        self.result = result
        self.asked = asked
    }

    /// Whether the result was purged since it was asked for.
    public var isPurged: Bool { asked.isPurged(result) }
}
