import Synchronization
public import Vocabulary

/// The first level of the cache: results in memory, found by key or by the fingerprint of a body that led to them.
///
/// Guarded, in 16 shards of one lock each; a key and a fingerprint each belong to the shard that their digest names, so
/// an entry and its aliases usually lie in different ones. **No thread ever holds two of these locks.** What spans two
/// shards is done one after the other, and these hold at every moment in between:
/// - C1: a result that has left its entry table is retired, and a retired result is not given out, whatever alias
///   still leads to it.
/// - C2: an alias is added to its table first and to its entry second. If the entry is gone by then, the thread that
///   added it removes it again; if the entry goes later, it takes the alias with it.
/// - C3: a number of an alias may be stale, so a removal by number also names the result that it must lead to.
/// - C4: bytes are counted before an entry is added and after it is removed, so that the bound holds at every moment.
///
/// A purge is noted in `purges` first and takes the locks afterwards, and what is inserted is compared with the log
/// under the lock: `PurgeLog` says what follows.
///
/// A result greater than an eighth of the bound is not kept here: it would drive out too many others, and the store
/// has it. Results are not removed when they become stale, since the caller judges freshness by the settings of the
/// moment and may need a stale one; they go by eviction or when one of the same key replaces them.
public final class ResultCache: Sendable {
    static let shardCount = 16
    /// What an alias takes: 24 bytes of its record and 12 of the index, with what growth leaves empty on average.
    static let aliasBytes = 42
    private static let victimsPerLock = 64
    /// How many entries a purge looks at under one lock.
    private static let examinedPerLock = 512

    /// The purges so far, which decide what may be kept.
    public let purges = PurgeLog()

    private struct Tables {
        var entries = EntryTable()
        var aliases = AliasTable()
    }

    /// One lock and what it guards; an object each, so that two shards share no cache line.
    private final class Shard: Sendable {
        let tables = Guarded(Tables())
    }

    private let shards: [Shard]
    private let bytesMax: Atomic<Int>
    private let bytes = Atomic<Int>(0)
    private let evictions = Atomic<Int>(0)
    /// Results that are errors of the vendor; the store does not have them.
    private let errors = Atomic<Int>(0)
    /// Results of saved classifiers.
    private let ofClassifiers = Atomic<Int>(0)

    /// - Parameter bytesMax: bound on everything that the cache holds, its own tables included.
    public init(bytesMax: Int) {
        self.bytesMax = Atomic(max(0, bytesMax))
        shards = (0..<Self.shardCount).map { _ in Shard() }
    }

    /// The current bound, in bytes.
    public var bytesAllowed: Int { bytesMax.load(ordering: .relaxed) }

    /// The result that a request with this very body has, fresh or not.
    public func find(alias fingerprint: Fingerprint) -> CachedResult? {
        live(shards[fingerprint.shard].tables.withLock { $0.aliases.find(fingerprint) })
    }

    /// The result of this key, fresh or not.
    public func find(_ key: CacheKey) -> CachedResult? {
        live(shards[key.shard].tables.withLock { $0.entries.find(key) })
    }

    @inline(__always)
    private func live(_ result: CachedResult?) -> CachedResult? {
        guard let result, !result.isRetired else { return nil }
        result.markVisited()
        return result
    }

    /// Keeps a result, in place of one of the same key, whose aliases go with it; not one that was purged since it was
    /// asked for, which is retired instead.
    public func insert(_ stamped: StampedResult) {
        let result = stamped.result.isRetired ? CachedResult(copying: stamped.result) : stamped.result
        let shard = shards[result.key.shard]
        let cost = result.byteCount
        let fits = cost <= bytesMax.load(ordering: .relaxed) / 8
        if fits { bytes.add(cost, ordering: .relaxed) }
        guard fits, makeRoom(from: result.key.shard) else {
            if fits { bytes.subtract(cost, ordering: .relaxed) }
            remove(result.key)  // what it should have replaced is out of date
            return
        }
        let (isNew, replaced) = shard.tables.withLock { tables -> (Bool, RetiredEntry?) in
            guard !stamped.isPurged else {
                result.retire()
                return (false, nil)
            }
            if tables.entries.find(result.key) === result { return (false, nil) }
            let replaced = tables.entries.remove(result.key)
            tables.entries.insert(result)
            return (true, replaced)
        }
        if !isNew { bytes.subtract(cost, ordering: .relaxed) }
        if isNew { count(result, 1) }
        if let replaced { dispose(of: replaced) }
    }

    /// Lets a body of this fingerprint lead to the result from now on, while the result is in the cache.
    ///
    /// The latest four fingerprints of a result are kept.
    public func remember(alias fingerprint: Fingerprint, for result: CachedResult) {
        let shard = fingerprint.shard
        let placing = shards[shard].tables.withLock { tables in
            result.isRetired ? .known : tables.aliases.put(fingerprint, result)
        }
        let handle: AliasHandle
        switch placing {
        case .known: return
        case .replaced(let number): handle = AliasHandle(shard: shard, number: number)
        case .added(let number):
            handle = AliasHandle(shard: shard, number: number)
            bytes.add(Self.aliasBytes, ordering: .relaxed)
        }
        let adoption = shards[result.key.shard].tables.withLock { $0.entries.adopt(handle, of: result) }
        switch adoption {
        case .notHere: removeAlias(handle, leadingTo: result)
        case .adopted(let surplus?): removeAlias(surplus, leadingTo: result)
        case .adopted(nil): _ = makeRoom(from: result.key.shard)
        }
    }

    /// Drops the result of a key, and at once every alias of it.
    public func remove(_ key: CacheKey) {
        if let removed = shards[key.shard].tables.withLock({ $0.entries.remove(key) }) { dispose(of: removed) }
    }

    /// Drops what a purge concerns. The purge was noted before; results that are inserted meanwhile were asked for
    /// after it, and stay.
    ///
    /// Takes time in proportion to the number of entries, unless it is narrow, and holds each lock briefly.
    public func remove(_ target: PurgeTarget) {
        switch target {
        case .key(let key): remove(key)
        case .document(let id): remove(DocumentName(id))
        case .team(let team): remove { $0.team == team }
        case .classifier(let classifier): remove([classifier])
        case .all: removeAll()
        }
    }

    /// Whether there is a result of any saved classifier.
    public var hasResultsOfClassifiers: Bool { ofClassifiers.load(ordering: .relaxed) > 0 }

    /// Drops the results of saved classifiers. Looks at nothing if there are no results of any.
    public func remove(_ classifiers: Set<ClassifierKey>) {
        guard hasResultsOfClassifiers else { return }
        remove { result in result.classifierKey.map(classifiers.contains) ?? false }
    }

    private func remove(_ document: DocumentName) {
        for shard in shards {
            while true {
                let removed = shard.tables.withLock {
                    $0.entries.removeSome(of: document, atMost: Self.victimsPerLock)
                }
                for entry in removed { dispose(of: entry) }
                if removed.count < Self.victimsPerLock { break }
            }
        }
    }

    private func remove(where predicate: (CachedResult) -> Bool) {
        for shard in shards {
            var place: Int? = 0
            while place != nil {
                let removed = shard.tables.withLock {
                    $0.entries.removeSome(from: &place, lookingAt: Self.examinedPerLock, where: predicate)
                }
                for entry in removed { dispose(of: entry) }
            }
        }
    }

    /// Takes whole tables out. The entries go first, as in `removeAliases`.
    private func removeAll() {
        for shard in shards {
            let entries = shard.tables.withLock { tables in
                defer { tables.entries = EntryTable() }
                return tables.entries
            }
            entries.retireAll()
            bytes.subtract(entries.byteCount, ordering: .relaxed)
            for result in entries.results(where: { _ in true }) { count(result, -1) }
        }
        dropAliases()
    }

    /// The keys of the errors that a purge concerns.
    public func keysOfErrors(_ target: PurgeTarget) -> [CacheKey] {
        guard errors.load(ordering: .relaxed) > 0 else { return [] }
        return shards.flatMap { shard -> [CacheKey] in
            var keys: [CacheKey] = []
            var place: Int? = 0
            while place != nil {
                keys += shard.tables.withLock { tables in
                    tables.entries.results(from: &place, lookingAt: Self.examinedPerLock) {
                        $0.isError && target.covers($0)
                    }
                }.map(\.key)
            }
            return keys
        }
    }

    /// Drops all aliases: for a change of what a fingerprint means.
    public func removeAliases() {
        // The entries first: an alias that is added meanwhile is then dropped with its table, or is its entry's for
        // good. The other way round an entry could forget one that had come after its table was emptied (C2).
        for shard in shards { shard.tables.withLock { $0.entries.forgetAliases() } }
        dropAliases()
    }

    private func dropAliases() {
        for shard in shards {
            // Emptied under the lock, freed after it.
            let aliases = shard.tables.withLock { tables in
                defer { tables.aliases = AliasTable() }
                return tables.aliases
            }
            bytes.subtract(aliases.count * Self.aliasBytes, ordering: .relaxed)
        }
    }

    /// Sets another bound; what exceeds it is evicted before this returns.
    public func resize(bytesMax newBound: Int) {
        bytesMax.store(max(0, newBound), ordering: .relaxed)
        while bytes.load(ordering: .relaxed) > bytesMax.load(ordering: .relaxed) {
            let evicted = shards.reduce(0) { $0 + evict(from: $1) }
            if evicted == 0 { break }
        }
    }

    /// What is held now; `evictions` counts since the start what had to leave for want of room.
    public var statistics: (entries: Int, bytes: Int, aliases: Int, evictions: Int) {
        var entries = 0
        var aliases = 0
        for shard in shards {
            let counts = shard.tables.withLock { ($0.entries.count, $0.aliases.count) }
            entries += counts.0
            aliases += counts.1
        }
        return (entries, bytes.load(ordering: .relaxed), aliases, evictions.load(ordering: .relaxed))
    }

    /// Evicts until the bound holds, from this shard as long as it has entries, then from the next ones.
    ///
    /// False when nothing is left to evict: then others are about to insert what fills the cache.
    private func makeRoom(from first: Int) -> Bool {
        for offset in 0..<Self.shardCount {
            repeat {
                if bytes.load(ordering: .relaxed) <= bytesMax.load(ordering: .relaxed) { return true }
            } while evict(from: shards[(first + offset) & (Self.shardCount - 1)]) > 0
        }
        return false
    }

    /// Evicts what exceeds the bound, but few enough at a time that the lock is not held long, and says how many.
    private func evict(from shard: Shard) -> Int {
        var excess = bytes.load(ordering: .relaxed) - bytesMax.load(ordering: .relaxed)
        var victims: [RetiredEntry] = []
        shard.tables.withLock { tables in
            while excess > 0, victims.count < Self.victimsPerLock, let victim = tables.entries.evict() {
                excess -= victim.result.byteCount
                victims.append(victim)
            }
        }
        for victim in victims { dispose(of: victim) }
        evictions.add(victims.count, ordering: .relaxed)
        return victims.count
    }

    private func dispose(of entry: RetiredEntry) {
        count(entry.result, -1)
        bytes.subtract(entry.result.byteCount, ordering: .relaxed)
        for alias in entry.aliases.handles { removeAlias(alias, leadingTo: entry.result) }
    }

    /// Counts a result that comes, by 1, or leaves, by -1, if it is of a kind that is counted.
    private func count(_ result: CachedResult, _ change: Int) {
        if result.isError { errors.add(change, ordering: .relaxed) }
        if result.classifier != nil { ofClassifiers.add(change, ordering: .relaxed) }
    }

    private func removeAlias(_ alias: AliasHandle, leadingTo result: CachedResult) {
        let isRemoved = shards[alias.shard].tables.withLock { $0.aliases.remove(alias.number, leadingTo: result) }
        if isRemoved { bytes.subtract(Self.aliasBytes, ordering: .relaxed) }
    }
}
