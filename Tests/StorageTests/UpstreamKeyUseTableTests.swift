import Budgeting
import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("UpstreamKeyUseTable")
struct UpstreamKeyUseTableTests {
    private let place = TemporaryStore()

    private func use(_ key: String, _ seconds: Int64) -> UpstreamKeyUse {
        UpstreamKeyUse(key: UpstreamKeyID(rawValue: key), at: Timestamp(seconds: seconds))
    }

    private func uses(_ store: Store) throws -> [String: Int64] {
        let uses = try store.upstreamKeyUses()
        return Dictionary(uniqueKeysWithValues: uses.map { ($0.key.rawValue, $0.value.microseconds / 1_000_000) })
    }

    @Test("the later moment holds, in whatever order they come, after a kill too, until the key is deleted")
    func later() throws {
        let store = try place.open()
        defer { store.close() }
        #expect(try uses(store) == [:])
        for (second, latest) in zip([5, 4, 7, 6] as [Int64], [5, 5, 7, 7] as [Int64]) {
            try store.addAndWait([], upstreamUses: [use("a", second), use("b", 1)]).get()
            #expect(try uses(store) == ["a": latest, "b": 1])
        }
        let killed = try place.killed().open()
        defer { killed.close() }
        #expect(try uses(killed) == ["a": 7, "b": 1])
        try killed.applyAndWait([.removeUpstreamKey(UpstreamKeyID(rawValue: "a"))], audit: nil)
        #expect(try uses(killed) == ["b": 1])
    }

    @Test("a moment that is damaged is a fault and not a guess")
    func damage() throws {
        let store = try place.open()
        defer { store.close() }
        try store.addAndWait([], upstreamUses: [use("a", 1)]).get()
        try store.execute(
            "DROP TABLE upstream_key_uses",
            "CREATE TABLE upstream_key_uses (id TEXT, at TEXT)",
            "INSERT INTO upstream_key_uses VALUES ('a', 'yesterday')"
        )
        #expect(throws: StoreFault.self) { try uses(store) }
    }
}
