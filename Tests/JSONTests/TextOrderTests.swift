import TestSupport
import Testing

@testable import JSON

@Suite("The order of many texts")
struct TextOrderTests {
    /// The numbers of the texts in sorted order, and the first repeated one; every second text is in the second memory.
    private func order(_ texts: [[UInt8]]) -> (numbers: [Int], repeated: Int?) {
        var (first, second): ([UInt8], [UInt8]) = ([0], [0])
        var order = TextOrder()
        for (number, text) in texts.enumerated() {
            let isSecond = number % 2 == 1
            let start = isSecond ? second.count : first.count
            if isSecond { second += text } else { first += text }
            order.append(UInt32(number), start..<(start + text.count), inSecond: isSecond)
        }
        return first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                let memories = TextOrder.Memories(first: first, second: second)
                let repeated = order.sort(memories) ? order.firstRepeated(memories) : nil
                return (order.numbers.map { Int($0) }, repeated.map { Int($0) })
            }
        }
    }

    /// Expects the texts in order, each once, and the first number whose text is a repeat.
    private func check(_ texts: [[UInt8]], _ comment: Comment) throws {
        let (numbers, repeated) = order(texts)
        try #require(numbers.sorted() == Array(texts.indices), comment)
        let sorted = numbers.map { texts[$0] }
        try #require(zip(sorted, sorted.dropFirst()).allSatisfy { !$1.lexicographicallyPrecedes($0) }, comment)
        var seen: Set<[UInt8]> = []
        try #require(repeated == texts.firstIndex { !seen.insert($0).inserted }, comment)
    }

    @Test("is that of their bytes, for texts that are alike up to any byte, end anywhere or are equal")
    func random() throws {
        var random = SeededGenerator()
        let seed = random.seed
        for round in 0..<300 {
            // A word is padded with zeros after the end of its text.
            let letters: [UInt8] = random.pick([[0, 1], [0x61], [0, 0x61, 0xFF], Array(0...255)])
            let stem = (0..<Int.random(in: 0...20, using: &random)).map { _ in random.pick(letters) }
            let texts = (0..<Int.random(in: 0...60, using: &random)).map { _ -> [UInt8] in
                let tail = (0..<Int.random(in: 0...10, using: &random)).map { _ in random.pick(letters) }
                return stem.prefix(Int.random(in: 0...30, using: &random)) + tail
            }
            try check(texts, "seed \(seed), round \(round)")
        }
    }

    @Test("texts of many words that differ in the last byte take no stack, however many words there are")
    func long() throws {
        let stem = [UInt8](repeating: 0x61, count: 30_000)
        try check((0..<40).map { stem + [UInt8($0 * 7 % 40)] }, "40 long texts")
        try check(Array(repeating: stem, count: 20), "20 equal texts")
    }

    @Test("no text, one, and empty texts are put in order")
    func few() throws {
        try check([], "none")
        try check([[1, 2]], "one")
        try check([[], []], "two empty")
        try check(Array(repeating: [], count: 40) + [[0]], "many empty")
    }
}
