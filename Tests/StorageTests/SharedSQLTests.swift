import Testing

@testable import Storage

@Suite("SQL for both engines")
struct SharedSQLTests {
    @Test("parameters get PostgreSQL's sign, but for question marks in texts and names")
    func parameters() {
        #expect(SharedSQL.translated("SELECT ?1, ?12 FROM a WHERE b = ?1") == "SELECT $1, $12 FROM a WHERE b = $1")
        #expect(SharedSQL.translated("SELECT 'why?', \"a?\", ?2") == "SELECT 'why?', \"a?\", $2")
        #expect(SharedSQL.translated("SELECT 'it''s ?1', ?1") == "SELECT 'it''s ?1', $1")
        #expect(SharedSQL.translated("") == "")
    }

    @Test(
        "every text comes back as it was, and none has the character that PostgreSQL cannot hold",
        arguments: [
            "", "plain", "r\u{E4}ksm\u{F6}rg\u{E5}s", "\0", "a\0b\0\0", "\u{10FFFF}", "\u{10FFFF}0", "\u{10FFFF}1",
            "\0\u{10FFFF}\0",
            "\u{10FFFE}", "\u{100000}", "e\u{301}\0\u{301}",
        ]
    )
    func escapes(text: String) {
        let escaped = SharedSQL.escaped(text)
        #expect(!escaped.utf8.contains(0))
        #expect(SharedSQL.unescaped(escaped).map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test("a text without either is left alone")
    func plain() { #expect(SharedSQL.escaped("plain \u{1F600}") == "plain \u{1F600}") }

    @Test(
        "an escape that nothing follows, or something else, is damage",
        arguments: ["\u{10FFFF}", "\u{10FFFF}2", "a\u{10FFFF}\u{10FFFF}0"]
    )
    func damage(text: String) { #expect(SharedSQL.unescaped(text) == nil) }

    @Test("texts that differ differ escaped as well")
    func injective() {
        var generator = SystemRandomNumberGenerator()
        var seen: [String: String] = [:]
        for _ in 0..<5_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                text.append(["\0", "\u{10FFFF}", "0", "1"].randomElement(using: &generator)!)
            }
            let plain = String(text)
            if let other = seen.updateValue(plain, forKey: SharedSQL.escaped(plain)) {
                #expect(Array(other.unicodeScalars) == Array(plain.unicodeScalars))
            }
        }
    }
}
