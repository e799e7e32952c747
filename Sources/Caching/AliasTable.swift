import Vocabulary

/// The aliases of one shard: fingerprints of bodies, each leading to its result without another look-up.
///
/// Confined to the shard's lock. A record's number stays while it lives, so that the entry can name its aliases by
/// number; numbers are used again, so a removal by number also says which result the alias must lead to.
struct AliasTable {
    private struct Record {
        var fingerprint: Fingerprint
        var result: CachedResult?  // nil: the record is free
    }

    private var index = DigestIndex()
    private var records: [Record] = []
    private var free: [UInt32] = []

    var count: Int { index.count }

    @inline(__always)
    func find(_ fingerprint: Fingerprint) -> CachedResult? {
        guard let number = number(of: fingerprint) else { return nil }
        return records[Int(number)].result
    }

    enum Placing { case known, replaced(UInt32), added(UInt32) }

    /// Lets the fingerprint lead to the result.
    mutating func put(_ fingerprint: Fingerprint, _ result: CachedResult) -> Placing {
        if let number = number(of: fingerprint) {
            if records[Int(number)].result === result { return .known }
            records[Int(number)].result = result
            return .replaced(number)
        }
        let record = Record(fingerprint: fingerprint, result: result)
        let number: UInt32
        if let reused = free.popLast() {
            number = reused
            records[Int(number)] = record
        } else {
            number = UInt32(records.count)
            growModestly(&records)
            records.append(record)
        }
        index.insert(fingerprint.tag, number)
        return .added(number)
    }

    /// Removes the alias of this number if it leads to the result; false otherwise.
    mutating func remove(_ number: UInt32, leadingTo result: CachedResult) -> Bool {
        guard Int(number) < records.count, records[Int(number)].result === result else { return false }
        index.remove(records[Int(number)].fingerprint.tag, number)
        records[Int(number)].result = nil
        free.append(number)
        return true
    }

    @inline(__always)
    private func number(of fingerprint: Fingerprint) -> UInt32? {
        index.find(fingerprint.tag) { records[Int($0)].fingerprint == fingerprint }
    }
}

extension Fingerprint {
    /// The bits that `DigestIndex` places it by; those that choose the shard are others.
    @inline(__always)
    var tag: UInt32 { UInt32(truncatingIfNeeded: word0 >> 32) }

    @inline(__always)
    var shard: Int { Int(truncatingIfNeeded: word1) & (ResultCache.shardCount - 1) }
}

extension CacheKey {
    /// The bits that `DigestIndex` places it by; those that choose the shard are others.
    @inline(__always)
    var tag: UInt32 { UInt32(truncatingIfNeeded: digest.word0 >> 32) }

    @inline(__always)
    var shard: Int { Int(truncatingIfNeeded: digest.word3) & (ResultCache.shardCount - 1) }
}

/// Makes room for one more by an eighth instead of doubling: of a million records, half a million are not left empty.
func growModestly<Element>(_ array: inout [Element]) {
    if array.count == array.capacity { array.reserveCapacity(array.count + max(8, array.count / 8)) }
}
