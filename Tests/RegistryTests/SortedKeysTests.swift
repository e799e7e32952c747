import TestSupport
import Testing
import Vocabulary

@testable import Registry

@Suite("Identifiers of keys in order")
struct SortedKeysTests {
    @Test(
        "whatever comes in whatever order, each is there once, in order, and found behind any text",
        arguments: 0..<20
    )
    func model(run: Int) {
        var random = SeededGenerator()
        func text() -> String { String((0..<2).map { _ in "ab-_.Z09".randomElement(using: &random)! }) }
        var all = Set((0..<Int.random(in: 0...5, using: &random)).map { _ in text() })
        var keys = SortedKeys(all.map { TeamKeyID(rawValue: $0) })
        for _ in 0..<40 {
            let next = text()
            all.insert(next)
            keys.insert(TeamKeyID(rawValue: next))
            let cursor = text()
            let expected = all.sorted()
            #expect(keys.ids.map(\.rawValue) == expected, "seed \(random.seed)")
            #expect(keys.behind(cursor).map(\.rawValue) == expected.filter { $0 > cursor }, "seed \(random.seed)")
        }
        #expect(keys.behind(nil).count == all.count)
    }
}
