/// A set of hashes that never denies one that was added, and affirms few others: a Bloom filter that has the four bits
/// of a hash within 64 bytes.
///
/// It has a byte for each hash that it is made for. Of hashes that were not added it affirms 3 in 100 when it is full,
/// and more beyond that.
struct PresenceFilter {
    private static let wordsInBlock = 8

    /// How many hashes it is made for.
    let capacity: Int
    /// How many were added; one that was added twice counts twice.
    private(set) var count = 0
    private var words: [UInt64]

    init(capacity: Int) {
        self.capacity = capacity
        words = Array(repeating: 0, count: max(1, capacity / 64) * Self.wordsInBlock)
    }

    var isFull: Bool { count >= capacity }

    /// - Parameter hash: each of its bits is as likely to be set as not.
    mutating func add(_ hash: UInt64) {
        let start = start(of: hash)
        var bits = Self.bits(of: hash)
        for _ in 0..<4 {
            words[start + Int(bits >> 61)] |= 1 << ((bits >> 55) & 63)
            bits <<= 9
        }
        count += 1
    }

    func mayHave(_ hash: UInt64) -> Bool {
        let start = start(of: hash)
        var bits = Self.bits(of: hash)
        for _ in 0..<4 {
            if words[start + Int(bits >> 61)] & 1 << ((bits >> 55) & 63) == 0 { return false }
            bits <<= 9
        }
        return true
    }

    /// The first word of the block, which the upper bits choose.
    private func start(of hash: UInt64) -> Int {
        let blocks = UInt64(words.count / Self.wordsInBlock)
        return Int(hash.multipliedFullWidth(by: blocks).high) * Self.wordsInBlock
    }

    /// Four numbers of nine bits, the first one on top, which the lower bits have a part in.
    private static func bits(of hash: UInt64) -> UInt64 { hash &* 0x9E37_79B9_7F4A_7C15 }
}
