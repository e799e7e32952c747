import Testing
import Vocabulary

@testable import Storage

@Suite("Numbers of nodes")
struct NodeJoiningTests {
    private static let day: Int64 = 24 * 3_600 * 1_000_000

    private func number(_ left: [Int64: Int64], taken: Set<Int64> = []) throws -> Int64 {
        var used = left.mapValues { NodeJoining.NumberUse.rests(sinceMicroseconds: $0) }
        for number in taken { used[number] = .taken }
        return try NodeJoining.number(used)
    }

    @Test("the least number that was never given comes first")
    func fresh() throws {
        #expect(try number([:]) == 0)
        #expect(try number([0: -5, 3: -Self.day], taken: [1]) == 2)
        #expect(try number([5: 0, -1: 0, 7_000: 0]) == 0)
    }

    @Test("once all were given, the one whose lease ended first is given again, after a day")
    func resting() throws {
        var left = Dictionary(uniqueKeysWithValues: (0..<Int64(1_024)).map { ($0, -Self.day - $0) })
        #expect(try number(left) == 1_023)
        left[17] = .min
        #expect(try number(left) == 17)
        left = left.mapValues { _ in 1 - Self.day }
        let fault = #expect(throws: StoreFault.self) { try number(left) }
        #expect(fault?.detail.contains("24 hours") == true)
        left[1_000] = -Self.day
        #expect(try number(left) == 1_000)
    }

    @Test("a number that a node lives with, or left something under, is not given again")
    func taken() throws {
        let left = Dictionary(uniqueKeysWithValues: (0..<Int64(1_024)).map { ($0, -Self.day - $0) })
        #expect(try number(left, taken: [1_023, 1_022]) == 1_021)
        #expect(throws: StoreFault.self) { try number(left, taken: Set(0..<1_024)) }
    }
}
