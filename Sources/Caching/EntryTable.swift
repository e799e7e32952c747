import Vocabulary

/// The entries of one shard by key, and the order in which they leave: SIEVE.
///
/// Confined to the shard's lock. The entries form a list by number, newest first. A hand goes from the oldest towards
/// the newest: an entry used since it last came by is spared and its mark taken away, another is evicted. A hit only
/// sets the mark, so it moves nothing in the list and needs nothing but the look-up.
/// Zhang and others, "SIEVE is Simpler than LRU", NSDI 2024.
///
/// The entries of one document form a second list, whose head is found by the document: a purge of a document looks at
/// no other entries. A document has entries in several shards.
struct EntryTable {
    /// How many entries the hand may spare before it takes the one it is at: this bounds the time under the lock.
    static let sparedMax = 256

    private static let none = UInt32.max

    private struct Record {
        var result: CachedResult?  // nil: the record is free
        var newer = EntryTable.none
        var older = EntryTable.none
        var aliases = AliasList()
        var nextOfDocument = EntryTable.none
        var previousOfDocument = EntryTable.none  // none: it is the head, and `documents` has it
    }

    private var index = DigestIndex()
    private var documents = DigestIndex()
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
        joinDocument(number, result)
    }

    /// Behind the head, so that the index keeps its number.
    private mutating func joinDocument(_ number: UInt32, _ result: CachedResult) {
        guard let head = head(of: result.document) else { return documents.insert(result.document.tag, number) }
        let second = records[Int(head)].nextOfDocument
        records[Int(head)].nextOfDocument = number
        records[Int(number)].previousOfDocument = head
        records[Int(number)].nextOfDocument = second
        if second != Self.none { records[Int(second)].previousOfDocument = number }
    }

    private mutating func leaveDocument(_ number: UInt32, _ record: Record, _ document: DocumentName) {
        let (next, previous) = (record.nextOfDocument, record.previousOfDocument)
        if next != Self.none { records[Int(next)].previousOfDocument = previous }
        if previous != Self.none {
            records[Int(previous)].nextOfDocument = next
        } else {
            documents.remove(document.tag, number)
            if next != Self.none { documents.insert(document.tag, next) }
        }
    }

    private func head(of document: DocumentName) -> UInt32? {
        documents.find(document.tag) { records[Int($0)].result!.document == document }
    }

    /// Takes out entries of a document, and marks their results as retired.
    mutating func removeSome(of document: DocumentName, atMost count: Int) -> [RetiredEntry] {
        var removed: [RetiredEntry] = []
        while removed.count < count, let head = head(of: document) { removed.append(remove(number: head)) }
        return removed
    }

    /// Takes out the entries that the predicate accepts among a few, and marks their results as retired.
    ///
    /// - Parameter place: where to look next; 0 at first, nil at the end. An entry keeps its place.
    mutating func removeSome(
        from place: inout Int?,
        lookingAt count: Int,
        where predicate: (CachedResult) -> Bool
    ) -> [RetiredEntry] {
        guard let start = place else { return [] }
        let end = min(start + count, records.count)
        place = end < records.count ? end : nil
        guard start < end else { return [] }
        return (start..<end).compactMap { number in
            guard let result = records[number].result, predicate(result) else { return nil }
            return remove(number: UInt32(number))
        }
    }

    /// Marks all results as retired; the table is dropped next.
    func retireAll() {
        for record in records { record.result?.retire() }
    }

    /// The bytes that the results are counted with.
    var byteCount: Int { records.reduce(0) { $0 + ($1.result?.byteCount ?? 0) } }

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

    /// The results that the predicate accepts among a few.
    ///
    /// - Parameter place: as in `removeSome`.
    func results(
        from place: inout Int?,
        lookingAt count: Int,
        where predicate: (CachedResult) -> Bool
    ) -> [CachedResult] {
        guard let start = place else { return [] }
        let end = min(start + count, records.count)
        place = end < records.count ? end : nil
        guard start < end else { return [] }
        return records[start..<end].compactMap { record in record.result.flatMap { predicate($0) ? $0 : nil } }
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
        leaveDocument(number, record, result.document)
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
