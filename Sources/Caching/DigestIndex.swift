/// A hash table from digests to numbers of records, which are kept elsewhere: 8 bytes a slot, no hashing.
///
/// Open addressing with linear probing. A slot holds 32 bits of the digest (which give its home, so that neither growth
/// nor removal looks at the records) and the record's number. A removal shifts the slots behind it back, so no mark of
/// a deleted slot ever lengthens a probe. At most seven eighths of the slots are taken.
struct DigestIndex {
    private var slots: [UInt64]  // tag in the high half, number + 1 in the low; 0 is empty
    private(set) var count = 0

    init() { slots = [UInt64](repeating: 0, count: 16) }

    /// The number of the record whose digest has this tag and which `isMatch` accepts.
    @inline(__always)
    func find(_ tag: UInt32, isMatch: (UInt32) -> Bool) -> UInt32? {
        let mask = slots.count - 1
        var position = Int(tag) & mask
        while true {
            let slot = slots[position]
            if slot == 0 { return nil }
            if UInt32(truncatingIfNeeded: slot >> 32) == tag {
                let number = UInt32(truncatingIfNeeded: slot) - 1
                if isMatch(number) { return number }
            }
            position = (position + 1) & mask
        }
    }

    /// Adds a record that is not in the table.
    mutating func insert(_ tag: UInt32, _ number: UInt32) {
        if (count + 1) * 8 > slots.count * 7 { grow() }
        place(UInt64(tag) << 32 | UInt64(number + 1))
        count += 1
    }

    /// Removes a record that is in the table.
    mutating func remove(_ tag: UInt32, _ number: UInt32) {
        let mask = slots.count - 1
        let sought = UInt64(tag) << 32 | UInt64(number + 1)
        var hole = Int(tag) & mask
        while slots[hole] != sought {
            precondition(slots[hole] != 0, "a record is removed that is not in the index")
            hole = (hole + 1) & mask
        }
        var position = hole
        while true {
            position = (position + 1) & mask
            let slot = slots[position]
            if slot == 0 { break }
            // The slot may move back only as far as its home: is the hole within its way from there?
            let distance = (position - Int(slot >> 32)) & mask
            if distance >= (position - hole) & mask {
                slots[hole] = slot
                hole = position
            }
        }
        slots[hole] = 0
        count -= 1
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        for slot in old where slot != 0 { place(slot) }
    }

    private mutating func place(_ slot: UInt64) {
        let mask = slots.count - 1
        var position = Int(slot >> 32) & mask
        while slots[position] != 0 { position = (position + 1) & mask }
        slots[position] = slot
    }
}
