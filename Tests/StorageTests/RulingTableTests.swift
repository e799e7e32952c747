import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("RulingTable")
struct RulingTableTests {
    private let place = TemporaryStore()

    @Test("each verdict about a key of either kind comes back, and takes the place of the one before")
    func verdicts() throws {
        for verdict in KeyRuling.Verdict.allCases {
            let rulings = [false, true].map { ruling("a", verdict, ofUpstreamKey: $0) }
            #expect(try place.registry(after: rulings.map { .saveRuling($0) }).rulings == rulings)
        }
        let last = KeyRuling(
            subject: .teamKey(TeamKeyID(rawValue: "a")),
            secretDigest: digest(9),
            verdict: .revoked,
            at: moments[1]
        )
        let rows = try place.registry(after: [.saveRuling(last)])
        #expect(rows.rulings == [last, ruling("a", .disabled, ofUpstreamKey: true)])
    }

    @Test("a ruling that is removed is gone, and that about the other kind of key stays")
    func removal() throws {
        let rulings = [false, true].map { ruling("a", ofUpstreamKey: $0) }
        let removals = Array(repeating: RegistryWrite.removeRuling(rulings[0].subject), count: 2)
        #expect(try place.registry(after: rulings.map { .saveRuling($0) } + removals).rulings == [rulings[1]])
    }

    @Test("a ruling whose row is damaged is a fault and not a guess")
    func damage() throws {
        let changes = ["verdict = 'praised'", "secret_digest = \(TestSQL.bytes("00"))", "subject = 'door_key'"]
        try place.expectDamage(to: "key_rulings", by: changes, of: .saveRuling(ruling("a")))
    }
}
