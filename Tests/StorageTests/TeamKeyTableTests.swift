import Budgeting
import EventLoops
import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("TeamKeyTable")
struct TeamKeyTableTests {
    private let place = TemporaryStore()

    @Test("a key comes back with all that it has, and with nothing that it does not have")
    func wholeKey() throws {
        var keys = texts.enumerated().map { wholeTeamKey("k\($0)", name: $1) }
        keys.append(teamKey("none"))
        #expect(try place.registry(after: keys.map { .saveTeamKey($0) }).teamKeys == keys)
    }

    @Test("a key that is saved again is as it was saved last, and no other key changes")
    func replacement() throws {
        let (first, other, second) = (wholeTeamKey("a"), wholeTeamKey("b"), teamKey("a", of: "other"))
        let rows = try place.registry(after: [.saveTeamKey(first), .saveTeamKey(other), .saveTeamKey(second)])
        #expect(rows.teamKeys == [second, other])
        #expect(try place.registry(after: [.saveTeamKey(first), .saveTeamKey(first)]).teamKeys == [first, other])
    }

    @Test("a key that was revoked before the moment goes with all that it has, one that was revoked then stays")
    func revoked() throws {
        let store = try place.open()
        defer { store.close() }
        let end = Timestamp(seconds: 1_000)
        let keys = [
            teamKey("a", revokedAt: Timestamp(microseconds: end.microseconds - 1)), teamKey("b", revokedAt: end),
            teamKey("c"), teamKey("d", revokedAt: Timestamp(microseconds: .min)),
        ]
        for key in keys {
            var key = key
            key.budgets = [emptyBudget]
            key.retiring = [.init(digest: key.secretDigest, until: end)]
            let saves: [RegistryWrite] = [
                .saveTeamKey(key), .saveReceipt(receipt(key.id.rawValue), now: end),
            ]
            try store.applyAndWait(saves, audit: nil)
            try store.addAndWait([], uses: [TeamKeyUse(key: key.id, at: end)]).get()
        }
        try store.performAndWait { try TeamKeyTable.removeRevoked(before: end, on: $0) }.get()
        #expect(try store.registry().teamKeys.map(\.id.rawValue) == ["b", "c"])
        for (table, column) in [
            ("registry_budgets", "scope_id"), ("retiring_secrets", "key"), ("rotation_receipts", "key"),
            ("team_key_uses", "key"),
        ] {
            #expect(try store.rows("SELECT \(column) FROM \(table) ORDER BY 1") == ["b", "c"], "\(table)")
        }
    }

    @Test("opening forgets keys that were revoked more than 90 days ago")
    func revokedAtOpening() throws {
        let days = { (count: Int64) in SystemClock.wall() + .seconds(-count * 86_400) }
        let store = try place.open()
        let keys = [("old", 91), ("young", 89)].map { teamKey($0, revokedAt: days($1)) }
        try store.applyAndWait(keys.map { .saveTeamKey($0) }, audit: nil)
        #expect(try store.registry().teamKeys == keys)
        store.close()
        let again = try place.open()
        defer { again.close() }
        #expect(try again.registry().teamKeys == [keys[1]])
    }

    @Test("a key whose row is damaged is a fault and not a guess")
    func damage() throws {
        let changes = ["00", String(repeating: "00", count: 33)].map { "secret_digest = \(TestSQL.bytes($0))" }
        try place.expectDamage(to: "team_keys", by: changes, of: .saveTeamKey(wholeTeamKey("a")))
        try place.expectDamage(to: "retiring_secrets", by: changes, of: .saveTeamKey(wholeTeamKey("a")))
    }
}
