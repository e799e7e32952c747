import Vocabulary

/// The entries of one shard by key, and the order in which they leave: SIEVE.
///
/// Confined to the shard's lock. The entries form a list by number, newest first. A hand goes from the oldest towards
/// the newest: an entry used since it last came by is spared and its mark taken away, another is evicted. A hit only
/// sets the mark, so it moves nothing in the list and needs nothing but the look-up.
/// Zhang and others, "SIEVE is Simpler than LRU", NSDI 2024.
struct EntryTable {
    /// How many entries the hand may spare before it takes the one it is at: this bounds the time under the lock.
    static let sparedMax = 256

    private static let none = UInt32.max

    private struct Record {
        var result: CachedResult?  // nil: the record is free
        var newer = EntryTable.none
        var older = EntryTable.none
        var aliases = AliasList()
    }

    private var index = DigestIndex()
    private var records: [Record] = []
    private var free: [UInt32] = []
    private var newest = EntryTable.none
    private var oldest = EntryTable.none
    private var hand = EntryTable.none  // none: it is behind the oldest

    var count: Int { index.count }

    func find(_ key: CacheKey) -> CachedResult? {
        guard let number = number(of: key) else { return nil }
        return records[Int(number)].result
    }

    /// Adds a result whose key is not in the table.
    mutating func insert(_ result: CachedResult) {
        let record = Record(result: result, older: newest)
        let number: UInt32
        if let reused = free.popLast() {
            number = reused
            records[Int(number)] = record
        } else {
            number = UInt32(records.count)
            growModestly(&records)
            records.append(record)
        }
        if newest == Self.none { oldest = number } else { records[Int(newest)].newer = number }
        newest = number
        index.insert(result.key.tag, number)
    }

    /// Takes the entry of a key out, and marks its result as retired for those that still hold it.
    mutating func remove(_ key: CacheKey) -> RetiredEntry? { number(of: key).map { remove(number: $0) } }

    /// Takes out the entry that is of least use; nil when there is none.
    mutating func evict() -> RetiredEntry? {
        guard oldest != Self.none else { return nil }
        var candidate = hand == Self.none ? oldest : hand
        for _ in 0..<Self.sparedMax {
            guard records[Int(candidate)].result!.clearVisited() else { break }
            let newer = records[Int(candidate)].newer
            candidate = newer == Self.none ? oldest : newer
        }
        hand = candidate
        return remove(number: candidate)
    }

    /// All results that the predicate accepts.
    func results(where predicate: (CachedResult) -> Bool) -> [CachedResult] {
        records.compactMap { record in record.result.flatMap { predicate($0) ? $0 : nil } }
    }

    enum Adoption { case adopted(surplus: AliasHandle?), notHere }

    /// Notes that an alias leads to this result, so that it leaves with it.
    mutating func adopt(_ alias: AliasHandle, of result: CachedResult) -> Adoption {
        guard let number = number(of: result.key), records[Int(number)].result === result else { return .notHere }
        return .adopted(surplus: records[Int(number)].aliases.add(alias))
    }

    mutating func forgetAliases() {
        for number in records.indices { records[number].aliases = AliasList() }
    }

    private mutating func remove(number: UInt32) -> RetiredEntry {
        let record = records[Int(number)]
        let result = record.result!
        if hand == number { hand = record.newer }
        if record.newer == Self.none { newest = record.older } else { records[Int(record.newer)].older = record.older }
        if record.older == Self.none { oldest = record.newer } else { records[Int(record.older)].newer = record.newer }
        index.remove(result.key.tag, number)
        records[Int(number)] = Record()
        free.append(number)
        result.retire()
        return RetiredEntry(result: result, aliases: record.aliases)
    }

    private func number(of key: CacheKey) -> UInt32? {
        index.find(key.tag) { records[Int($0)].result!.key == key }
    }
}

/// An entry that has left its table, while its aliases are still to be removed from theirs.
struct RetiredEntry {
    let result: CachedResult
    let aliases: AliasList
}
