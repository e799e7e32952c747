import TestSupport

/// The ways in which bytes may arrive that a target tries: at once, byte by byte, and in a few pieces cut where the
/// input itself says. So an input says all, and the same input always is the same test.
struct Pieces {
    /// Longer inputs come byte by byte only in their first part: the targets' time would be of the square of the
    /// length.
    private static let singleBytesMax = 96
    private static let draws = 3

    private let count: Int
    private var random: SeededGenerator

    init(_ input: [UInt8]) {
        count = input.count
        random = SeededGenerator(seed: Pieces.seed(input))
    }

    /// FNV-1a.
    static func seed(_ input: [UInt8]) -> UInt64 {
        input.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// Each way as the lengths that have come, ascending; the last one is all.
    var ways: [[Int]] {
        var random = self.random
        let single = Array((1...max(1, count)).prefix(Self.singleBytesMax))
        var ways = [[count], single.filter { $0 < count } + [count]]
        for _ in 0..<Self.draws {
            let cuts = (0..<Int.random(in: 1...4, using: &random)).map { _ in Int.random(in: 0...count, using: &random)
            }
            ways.append(cuts.sorted() + [count])
        }
        return ways
    }
}
