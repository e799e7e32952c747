import TestSupport
import Testing

@testable import Caching

@Suite("DigestIndex")
struct DigestIndexTests {
    @Test("agrees with a dictionary under any order of insertions and removals", arguments: [4, 8, 32] as [UInt32])
    func model(_ tagBits: UInt32) {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        var index = DigestIndex()
        var tags: [UInt32: UInt32] = [:]  // number -> tag; few bits make many collisions
        var numbers: [UInt32] = []  // the same in an order that depends on the seed alone
        for number in 0..<6_000 as Range<UInt32> {
            if Int.random(in: 0..<3, using: &generator) > 0 || tags.isEmpty {
                let tag = UInt32.random(in: 0 ... .max, using: &generator) >> (32 - tagBits)
                index.insert(tag, number)
                tags[number] = tag
                numbers.append(number)
            } else {
                numbers.swapAt(.random(in: numbers.indices, using: &generator), numbers.count - 1)
                let victim = numbers.removeLast()
                index.remove(tags[victim]!, victim)
                #expect(index.find(tags[victim]!) { $0 == victim } == nil, "seed \(seed)")
                tags[victim] = nil
            }
            if number % 500 == 0 || index.count < 20 {
                for (number, tag) in tags { #expect(index.find(tag) { $0 == number } == number, "seed \(seed)") }
            }
        }
        #expect(index.count == tags.count)
        for (number, tag) in tags { #expect(index.find(tag) { $0 == number } == number, "seed \(seed)") }
    }
}
