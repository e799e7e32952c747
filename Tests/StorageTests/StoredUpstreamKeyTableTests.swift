import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("StoredUpstreamKeyTable")
struct StoredUpstreamKeyTableTests {
    private let place = TemporaryStore()

    @Test("a key comes back with all that it has, and with nothing that it does not have")
    func wholeKey() throws {
        var keys = [
            upstreamKey("a", weight: .max, sealedSecret: (0...255).map { $0 }),
            upstreamKey("b", sealedSecret: []),
            upstreamKey("c", sealedSecret: [UInt8](repeating: 0, count: 100_000)),
        ]
        keys[0].notBefore = moments[0]
        keys[0].notAfter = moments[1]
        keys[0].monthlyCredits = MicroCredits(micros: .max)
        keys[1].monthlyCredits = .zero
        #expect(try place.registry(after: keys.map { .saveUpstreamKey($0) }).upstreamKeys == keys)
    }

    @Test("a key that is saved again is as it was saved last; one that is removed is gone, and no other one")
    func replacement() throws {
        var first = upstreamKey("a", weight: 2)
        first.notBefore = moments[0]
        first.notAfter = moments[1]
        first.monthlyCredits = MicroCredits(micros: 1)
        let second = StoredUpstreamKey(
            id: first.id,
            account: AccountID(rawValue: "another"),
            weight: 1,
            notBefore: nil,
            notAfter: nil,
            monthlyCredits: nil,
            sealedSecret: [9],
            secretDigest: digest(9),
            createdAt: moments[0]
        )
        let saves = [first, upstreamKey("b"), second].map { RegistryWrite.saveUpstreamKey($0) }
        #expect(try place.registry(after: saves).upstreamKeys == [second, upstreamKey("b")])
        let removals = Array(repeating: RegistryWrite.removeUpstreamKey(first.id), count: 2)
        #expect(try place.registry(after: removals).upstreamKeys == [upstreamKey("b")])
    }

    @Test("a key whose row is damaged is a fault and not a guess")
    func damage() throws {
        let changes = ["secret_digest = \(TestSQL.bytes("00"))", "weight = 0"]
        try place.expectDamage(to: "upstream_keys", by: changes, of: .saveUpstreamKey(upstreamKey("a")))
    }
}
