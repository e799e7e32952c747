import Registry
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Texts that PostgreSQL cannot hold")
struct EscapedTextTests {
    private let place = TemporaryStore(.postgreSQL)

    @Test("they come back as they were, and mean themselves where rows are looked up by them")
    func roundTrip() throws {
        let store = try place.open()
        defer { store.close() }
        let names = ["a\0b", "\0", "\u{10FFFF}", "a\u{10FFFF}0b", "\u{10FFFF}1\0", "a"]
        for name in names {
            try store.applyAndWait([.saveTeam(team(name, name: name))], audit: auditEntry(name, after: name))
        }
        #expect(try Set(store.registry().teams.map(\.id.rawValue)) == Set(names))
        #expect(try store.registry().teams.allSatisfy { $0.name == $0.id.rawValue })
        #expect(try store.auditAndWait().get().reversed().map(\.entry.action) == names)
        #expect(
            try store.auditAndWait().get().reversed().map { $0.entry.after.map { String(decoding: $0, as: UTF8.self) } }
                == names
        )
        for name in names { try store.applyAndWait([.removeTeam(TeamID(rawValue: name))], audit: nil) }
        #expect(try store.registry().teams.isEmpty)
    }

    @Test("an escape that stands for nothing is a damaged row", arguments: [#"\+10FFFFx"#, #"\+10FFFF"#])
    func damage(_ text: String) throws {
        let store = try place.open()
        defer { store.close() }
        try store.applyAndWait([.saveTeam(team("a"))], audit: nil)
        try place.execute("UPDATE teams SET name = U&'\(text)'")
        #expect(#expect(throws: StoreFault.self) { _ = try store.registry() }?.code == .corrupt)
    }
}
