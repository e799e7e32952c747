import TestSupport
import Testing

@testable import Storage

@Suite("KeyedList")
struct KeyedListTests {
    @Test("has a value for each key, in the order of the keys, in whatever order they come")
    func order() {
        var list = KeyedList<Int, [Int]>()
        #expect(list.isEmpty && list[1] == nil)
        for (number, key) in [5, 5, 7, 1, 7, 5, 1, 9, 9, 3].enumerated() {
            list.change(key, or: [number]) { $0.append(number) }
        }
        #expect(list.entries.map(\.key) == [1, 3, 5, 7, 9])
        #expect(list.entries.map(\.value) == [[3, 6], [9], [0, 1, 5], [2, 4], [7, 8]])
        #expect(list[5] == [0, 1, 5] && list[4] == nil && list[10] == nil)
        list.set([], for: 9)
        list.set([], for: 0)
        #expect(list.entries.map(\.key) == [0, 1, 3, 5, 7, 9] && list[9] == [])
    }

    @Test("agrees with a dictionary")
    func dictionary() {
        var generator = SeededGenerator()
        var list = KeyedList<UInt8, Int>()
        var known: [UInt8: Int] = [:]
        for _ in 0..<2_000 {
            let key = UInt8.random(in: 0..<64, using: &generator)
            list.change(key, or: 1) { $0 += 1 }
            known[key, default: 0] += 1
        }
        #expect(list.entries.map(\.key) == known.keys.sorted(), "seed \(generator.seed)")
        for (key, value) in known { #expect(list[key] == value) }
    }
}
