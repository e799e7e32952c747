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
/// - P6: While a document is being changed (from `begin` to `end`), what is asked about it is kept in memory at most.
///   What was asked before the end of a change is therefore not in the store after it, over a crash as well, and the
///   end of a change needs nothing of the store.
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
        /// How many changes of each document are under way; each belongs to a request that is passed through.
        var changing: [String: Int] = [:]

        /// - Parameter number: of the purge; greater than all before.
        mutating func note(_ target: PurgeTarget, _ number: UInt64, targetsMax: Int) {
            if recent.count >= targetsMax, recent[target] == nil {
                forgotten = max(forgotten, older.values.max() ?? 0)
                older = recent
                recent = [:]
            }
            recent[target] = number
        }
    }

    private let notes = Guarded(Notes())
    private let latest = Atomic<UInt64>(0)
    private let targetsMax: Int

    init(targetsMax: Int = PurgeLog.targetsMax) { self.targetsMax = targetsMax }

    /// The stamp of what is asked from now on.
    public func stamp() -> PurgeStamp { PurgeStamp(log: self, number: latest.load(ordering: .acquiring)) }

    /// Notes a purge: the stamps so far are older than it.
    public func note(_ target: PurgeTarget) { note([target]) }

    /// Notes purges of several targets.
    public func note(_ targets: [PurgeTarget]) {
        notes.withLock { notes in
            for target in targets {
                let number = latest.load(ordering: .relaxed) + 1
                notes.note(target, number, targetsMax: targetsMax)
                latest.store(number, ordering: .releasing)
            }
        }
    }

    /// Begins a change of documents: until `end` no answer about them is stored (P6).
    ///
    /// - Parameter documents: UUIDs in lower case, no two alike.
    public func begin(_ documents: [String]) {
        notes.withLock { notes in
            for document in documents { notes.changing[document, default: 0] += 1 }
        }
    }

    /// Ends a change of documents. `note` must precede it, unless the change did not come about: what was asked
    /// meanwhile is purged then.
    public func end(_ documents: [String]) {
        notes.withLock { notes in
            for document in documents {
                guard let count = notes.changing[document] else { preconditionFailure("P6: a change that ends twice") }
                notes.changing[document] = count > 1 ? count - 1 : nil
            }
        }
    }

    /// How many documents are being changed.
    var changesCount: Int { notes.withLock { $0.changing.count } }

    /// How many purges are remembered by what they concern.
    var rememberedCount: Int { notes.withLock { $0.recent.count + $0.older.count } }

    fileprivate func isNoted(_ targets: [PurgeTarget], after number: UInt64) -> Bool {
        // Almost always nothing was purged meanwhile.
        if latest.load(ordering: .acquiring) == number { return false }
        return notes.withLock { notes in
            notes.forgotten > number
                || targets.contains { max(notes.recent[$0] ?? 0, notes.older[$0] ?? 0) > number }
        }
    }

    /// Whether a document is being changed.
    fileprivate func isChanging(_ documentID: String) -> Bool { notes.withLock { $0.changing[documentID] != nil } }

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
        return isPurged(
            result.key,
            documentID: result.documentID,
            team: result.team,
            classifier: result.classifierKey
        )
    }

    /// Whether a result of this key, document, team and saved classifier was purged since.
    public func isPurged(_ key: CacheKey, documentID: String, team: TeamID, classifier: ClassifierKey?) -> Bool {
        guard log.hasAny(after: number) else { return false }
        var targets: [PurgeTarget] = [.all, .key(key), .document(documentID), .team(team)]
        if let classifier { targets.append(.classifier(classifier)) }
        return log.isNoted(targets, after: number)
    }

    /// Whether the document is being changed now (P6).
    func isBeingChanged(_ documentID: String) -> Bool { log.isChanging(documentID) }
}
