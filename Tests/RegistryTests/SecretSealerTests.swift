import Cryptography
import Testing
import Vocabulary

@testable import Registry

@Suite("Secrets under the master key")
struct SecretSealerTests {
    private static let old = String(repeating: "0a", count: 32)
    private static let new = String(repeating: "0b", count: 32)

    private func sealer(_ master: String?, previous: String? = nil) throws -> SecretSealer {
        var environment: [String: String] = [:]
        environment["TOLLGATE_MASTER_KEY"] = master
        environment["TOLLGATE_MASTER_KEY_PREVIOUS"] = previous
        return try SecretSealer(environment: environment)
    }

    @Test("a secret is opened as what it was sealed for and as nothing else")
    func purposes() throws {
        let sealer = try sealer(Self.old)
        let sealed = try #require(sealer.seal([1, 2, 3], .upstreamKey("a")))
        #expect(try sealer.open(sealed, .upstreamKey("a")) == [1, 2, 3])
        #expect(throws: SealerFault.self) { try sealer.open(sealed, .upstreamKey("b")) }
        #expect(throws: SealerFault.self) { try sealer.open(sealed, .rotation("a")) }
    }

    @Test("missing, wrong and malformed keys are told apart, by the name of the variable")
    func faults() throws {
        let sealed = try #require(try sealer(Self.old).seal([1], .upstreamKey("a")))
        let without = try sealer(nil)
        #expect(throws: SealerFault.missing("TOLLGATE_MASTER_KEY")) { try without.open(sealed, .upstreamKey("a")) }
        #expect(without.seal([1], .upstreamKey("a")) == nil)
        let wrong = try sealer(Self.new)
        #expect(throws: SealerFault.wrong) { try wrong.open(sealed, .upstreamKey("a")) }
        #expect(throws: SealerFault.malformed("TOLLGATE_MASTER_KEY")) { try sealer("not-a-key-CANARY") }
        #expect(throws: SealerFault.malformed("TOLLGATE_MASTER_KEY_PREVIOUS")) { try sealer(Self.old, previous: "x") }
        #expect(throws: SealerFault.missing("TOLLGATE_MASTER_KEY")) { try sealer(nil, previous: Self.old) }
        #expect(!SealerFault.malformed("TOLLGATE_MASTER_KEY").description.contains("CANARY"))
    }

    @Test("with the previous key the registry opens what that sealed, and seals it anew under the present one")
    func sealedAnew() throws {
        var registry = try Registry(file: FileRegistry(), rows: RegistryRows(), sealer: try sealer(Self.old))
        var store = StoreModel()
        for id in ["a", "b"] as [UpstreamKeyID] {
            let secret = Array("secret-\(id)".utf8)
            let change = try registry.adding(
                id,
                account: "x",
                terms: UpstreamKeyTerms(),
                secret: secret,
                at: Samples.now
            )
            registry.make(change)
            for write in change.writes { store.apply(write) }
        }
        #expect(registry.resealing().isEmpty)
        let rows = store.rows
        #expect(throws: SealerFault.wrong) {
            try Registry(file: FileRegistry(), rows: rows, sealer: try sealer(Self.new))
        }
        var both = try Registry(file: FileRegistry(), rows: rows, sealer: try sealer(Self.new, previous: Self.old))
        let writes = both.resealing()
        #expect(writes.count == 2)
        for write in writes {
            both.apply(write)
            store.apply(write)
        }
        #expect(both.resealing().isEmpty)
        let alone = try Registry(file: FileRegistry(), rows: store.rows, sealer: try sealer(Self.new))
        #expect(alone.upstreamKeys.map(\.secretDigest) == [Samples.digest("secret-a"), Samples.digest("secret-b")])
    }

    @Test("a stored secret that was moved to another key's row is refused")
    func movedSecret() throws {
        let sealer = try sealer(Self.old)
        var registry = try Registry(file: FileRegistry(), rows: RegistryRows(), sealer: sealer)
        let change = try registry.adding("a", account: "x", terms: UpstreamKeyTerms(), secret: [65], at: Samples.now)
        registry.make(change)
        guard case .saveUpstreamKey(let row)? = change.writes.first else {
            Issue.record("no row")
            return
        }
        var rows = RegistryRows()
        rows.upstreamKeys = [
            StoredUpstreamKey(
                id: "b",
                account: row.account,
                weight: 1,
                notBefore: nil,
                notAfter: nil,
                monthlyCredits: nil,
                sealedSecret: row.sealedSecret,
                secretDigest: row.secretDigest,
                createdAt: row.createdAt
            )
        ]
        #expect(throws: SealerFault.damaged("upstream_key/b")) {
            try Registry(file: FileRegistry(), rows: rows, sealer: sealer)
        }
    }
}
