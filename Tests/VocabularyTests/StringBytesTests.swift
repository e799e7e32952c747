import Testing
import Vocabulary

@Suite("Texts compared by their bytes")
struct StringBytesTests {
    private static let texts = [
        "", "\0", "a", "a\0", "aa", "ab", "b", "caf\u{e9}", "cafe\u{301}", "\u{212B}", "\u{C5}", "K", "\u{212A}",
        "\u{10FFFF}",
        "fifteen bytes l", "sixteen bytes lo", "sixteen bytes lp", String(repeating: "x", count: 100),
        String(repeating: "x", count: 99) + "y",
    ]

    @Test("are equal and in order as their bytes are, one by one", arguments: texts, texts)
    func compared(_ one: String, _ other: String) {
        #expect(one.hasBytes(of: other) == (Array(one.utf8) == Array(other.utf8)))
        #expect(one.precedesInBytes(other) == one.utf8.lexicographicallyPrecedes(other.utf8))
        #expect(Array(one.utf8).span.hasBytes(of: Array(other.utf8).span) == (Array(one.utf8) == Array(other.utf8)))
    }
}
