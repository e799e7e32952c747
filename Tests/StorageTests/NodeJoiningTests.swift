import Testing
import Vocabulary

@testable import Storage

@Suite("Numbers of nodes")
struct NodeJoiningTests {
    private static let day: Int64 = 24 * 3_600 * 1_000_000

    @Test("the least number that was never given comes first")
    func fresh() throws {
        #expect(try NodeJoining.number([:]) == 0)
        #expect(try NodeJoining.number([0: -5, 1: 5, 3: -Self.day]) == 2)
        #expect(try NodeJoining.number([5: 0, -1: 0, 7_000: 0]) == 0)
    }

    @Test("once all were given, the one whose lease ended first is given again, after a day")
    func resting() throws {
        var used = Dictionary(uniqueKeysWithValues: (0..<Int64(1_024)).map { ($0, -Self.day - $0) })
        #expect(try NodeJoining.number(used) == 1_023)
        used[17] = .min
        #expect(try NodeJoining.number(used) == 17)
        used = used.mapValues { _ in 1 - Self.day }
        let fault = #expect(throws: StoreFault.self) { try NodeJoining.number(used) }
        #expect(fault?.detail.contains("24 hours") == true)
        used[1_000] = -Self.day
        #expect(try NodeJoining.number(used) == 1_000)
    }
}
