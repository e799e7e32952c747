import Testing
import Vocabulary

@testable import UpstreamKeys

@Suite("UpstreamKey")
struct UpstreamKeyTests {
    @Test("a changed copy is the same key to the vendor; with another secret or identifier it is not")
    func sameness() {
        let key = upstreamKey("a")
        var changed = key
        changed.weight = 7
        changed.notBefore = Timestamp(seconds: 1)
        changed.notAfter = Timestamp(seconds: 2)
        changed.operatorState = .disabled
        #expect(changed.isSame(as: key))
        #expect(!changed.isSame(as: upstreamKey("a", secret: "new")))
        #expect(!changed.isSame(as: upstreamKey("b", secret: "a")))
    }

    @Test("a weight below 1 is a bug, also in a changed copy")
    func weight() async {
        await #expect(processExitsWith: .failure) { _ = upstreamKey("a", weight: 0) }
        await #expect(processExitsWith: .failure) {
            var key = upstreamKey("a")
            key.weight = 0
        }
    }

    @Test("printing, reflecting or dumping a key shows its identifier only")
    func unseen() {
        let key = upstreamKey("primary", secret: "hidden")
        var text = "\(key) \(String(reflecting: key))"
        dump(key, to: &text)
        #expect(text.contains("primary"))
        #expect(!text.contains("hidden") && !text.contains("104"))
    }
}
