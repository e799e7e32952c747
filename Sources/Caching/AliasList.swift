/// Where an alias is: its shard in the high four bits, its record's number in the others.
struct AliasHandle: Equatable {
    fileprivate let bits: UInt32

    init(shard: Int, number: UInt32) {
        precondition(number < 1 << 28 - 1, "a shard has more than 2^28 aliases")
        bits = UInt32(shard) << 28 | number
    }

    fileprivate init(bits: UInt32) { self.bits = bits }

    var shard: Int { Int(bits >> 28) }
    var number: UInt32 { bits & (1 << 28 - 1) }
}

/// The aliases of one entry, the latest four: spellings that are no longer used make room for those in use.
struct AliasList {
    private static let none = UInt32.max  // no handle: its number is one too large

    private var slots: (UInt32, UInt32, UInt32, UInt32) = (none, none, none, none)  // latest first

    /// Puts an alias in front and gives back the one that falls out.
    mutating func add(_ alias: AliasHandle) -> AliasHandle? {
        let bits = alias.bits
        if bits == slots.0 || bits == slots.1 || bits == slots.2 || bits == slots.3 { return nil }
        let last = slots.3
        slots = (bits, slots.0, slots.1, slots.2)
        return last == Self.none ? nil : AliasHandle(bits: last)
    }

    var handles: [AliasHandle] {
        [slots.0, slots.1, slots.2, slots.3].compactMap { $0 == Self.none ? nil : AliasHandle(bits: $0) }
    }
}
