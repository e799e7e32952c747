import Testing
import Vocabulary

@testable import UpstreamKeys

@Suite("When upstream keys were last used")
struct KeyUsesTests {
    private let a = UpstreamKeyID(rawValue: "a")
    private let b = UpstreamKeyID(rawValue: "b")

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

    @Test("the later moment holds, and what changed is handed to the store once")
    func later() {
        var uses = KeyUses()
        #expect(uses[a] == nil && uses.takeUnsaved() == [:])
        for second in [5, 9, 7] { uses.note(a, at: at(Int64(second))) }
        uses.note(b, at: at(1))
        #expect(uses[a] == at(9))
        #expect(uses.takeUnsaved() == [a: at(9), b: at(1)])
        uses.note(b, at: at(1))
        #expect(uses.takeUnsaved() == [:])
        uses.note(b, at: at(2))
        #expect(uses.takeUnsaved() == [b: at(2)])
    }

    @Test("keys that are used in any order, by turns or not, are told apart")
    func turns() {
        let keys = (0..<5).map { UpstreamKeyID(rawValue: "k\($0)") }
        var uses = KeyUses()
        var expected: [UpstreamKeyID: Timestamp] = [:]
        let order = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 4, 4, 0, 3, 1, 1, 4, 2, 0, 2, 1, 3]
        for (second, index) in order.enumerated() {
            uses.note(keys[index], at: at(Int64(second)))
            expected[keys[index]] = at(Int64(second))
            for key in keys { #expect(uses[key] == expected[key]) }
            if second == 9 { #expect(uses.takeUnsaved() == expected) }
        }
        #expect(uses.takeUnsaved() == expected)
        uses.keep([keys[3], keys[1]])
        uses.note(keys[1], at: at(100))
        #expect(uses[keys[1]] == at(100) && uses[keys[3]] == expected[keys[3]] && uses[keys[0]] == nil)
    }

    @Test("what the store has is not handed to it again, and does not take the place of a later moment")
    func restored() {
        var uses = KeyUses()
        uses.note(a, at: at(9))
        uses.restore([a: at(3), b: at(4)])
        #expect(uses[a] == at(9) && uses[b] == at(4))
        #expect(uses.takeUnsaved() == [a: at(9)])
    }

    @Test("a key that is gone is forgotten, also by what was to be stored")
    func gone() {
        var uses = KeyUses()
        uses.note(a, at: at(1))
        uses.note(b, at: at(2))
        uses.keep([b])
        #expect(uses[a] == nil && uses[b] == at(2))
        #expect(uses.takeUnsaved() == [b: at(2)])
    }
}
