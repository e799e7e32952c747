import Observability
import Testing
import Vocabulary

@Suite("What is taken out of a text before it is logged")
struct SecretMaskTests {
    private static let key = "tg_abcd2345_" + String(repeating: "aB3x", count: 8)
    private static let known = "a/known+secret=0123"

    private func masked(_ text: String, known: [String] = [Self.known]) -> String {
        SecretMask { bytes in known.contains { Array($0.utf8) == bytes.withUnsafeBufferPointer { Array($0) } } }
            .masked(text)
    }

    private static func encoded(_ text: String, times: Int = 1) -> String {
        (0..<times).reduce(text) { text, _ in
            text.utf8.map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }.joined()
        }
    }

    @Test(
        "what has no secret stays as it is, byte for byte",
        arguments: [
            "", "/", "/v1/classify", "/v1/documents/0b13c9f2-5148-4ffb-bb7b-de03bb071ca8/run_parser", "/%", "/%4",
            "/%zz",
            "/caf%C3%A9", "/tg_abcd2345", "/tg_abcd2345_short", "/tg_abcd234_" + String(repeating: "x", count: 32),
            "/v1/a/known+secret=012", "/xtg", "é\u{0}",
        ]
    )
    func plain(_ text: String) { #expect(masked(text) == text) }

    @Test(
        "a key by its shape keeps its public identifier, wherever it stands",
        arguments: [
            ("/\(key)", "/tg_abcd2345_***"), ("/v1/\(key)/classify", "/v1/tg_abcd2345_***/classify"),
            ("/v1/x\(key)", "/v1/xtg_abcd2345_***"), ("\(key)-\(key)", "tg_abcd2345_***-tg_abcd2345_***"),
            ("/tg_abcd2345_" + String(repeating: "x", count: 16), "/tg_abcd2345_***"),
            ("/%74g_abcd2345_" + String(repeating: "x", count: 32), "/%74g_abcd2345_***"),
            ("/tg%5Fabcd2345%5f" + String(repeating: "%78", count: 32) + "/end", "/tg%5Fabcd2345%5f***/end"),
        ]
    )
    func shape(_ text: String, _ expected: String) { #expect(masked(text) == expected) }

    @Test(
        "a known secret is found between separators and may have some in it",
        arguments: [
            ("/\(known)", "/***"), ("/v1/\(known)/x", "/v1/***/x"), ("/v1/\(known)", "/v1/***"),
            ("/v1;key=\(known)&x=1", "/v1;key=***&x=1"), ("\(known)", "***"), ("/\"\(known)\"", "/\"***\""),
            ("/\(known)/\(known)", "/***/***"), ("/" + encoded(known) + "/x", "/***/x"),
            ("/" + encoded("v1/" + known) + "/x", "/%76%31%2f***/x"), ("/v1%2F" + known, "/v1%2F***"),
        ]
    )
    func knownSecret(_ text: String, _ expected: String) { #expect(masked(text) == expected) }

    @Test("each spelling by percent-encoding is seen through, over and over", arguments: 1...6)
    func rounds(_ times: Int) {
        for secret in [Self.key, Self.known] {
            let shown = masked("/v1/" + Self.encoded(secret, times: times) + "/x")
            #expect(shown.hasPrefix("/v1/"))
            // What is left is too little to be half a secret, however it is decoded.
            #expect(shown.utf8.count < 4 + 14 * 3 * times * 3, "\(shown)")
            #expect(!shown.contains(Self.encoded(String(secret.suffix(4)), times: times)))
        }
    }

    @Test("what cannot be judged within the bounds is masked: many separators, and the end of what is long")
    func bounds() {
        let many = String(repeating: "/x", count: 100)
        #expect(masked(many) == String(repeating: "/x", count: 16) + "***")
        let long = String(repeating: "y", count: 5_000)
        #expect(masked("/v1/" + long) == "/v1/***")
        #expect(masked(long) == "***")
        let behind = masked("/v1/x?y=" + String(repeating: "z", count: 2_030) + "/" + Self.known)
        #expect(!behind.contains("known"))
    }

    @Test("where no secret is known, only what looks like a key is masked, however long the text is")
    func shapesOnly() {
        let words = String(repeating: "a file may be read by others; type: chmod 600, ", count: 200)
        #expect(SecretMask().masked(words) == words)
        #expect(SecretMask().masked(words + Self.key) == words + "tg_abcd2345_***")
    }

    @Test("no more is offered than a bound, whatever the text is")
    func offered() {
        var count = 0
        let text = (0..<15).map { _ in "/" + String(repeating: "x", count: 130) }.joined()
        _ = SecretMask { bytes in
            count += bytes.count
            return false
        }.masked(text)
        #expect(count > 0 && count <= 32 * 1_024)
    }

    @Test("what is left as it is without being looked into has nothing that would be hidden")
    func leaves() {
        let texts = [
            "", "/v1/small", "/v1/small/15by", "/v1/small/16byt", "/%41", "/%25252541", "/v1/a%2Fb", "0123456789abcdef",
        ]
        for text in texts {
            let bytes = Array(text.utf8)
            // Whatever may be a secret is one.
            let masked = SecretMask { _ in true }.masked(bytes.span)
            #expect(SecretMask.leaves(bytes.span) == (bytes.count < 16 && !text.contains("%")), "\(text)")
            if SecretMask.leaves(bytes.span) { #expect(masked == bytes, "\(text)") }
        }
        #expect(masked("0123456789abcdef", known: ["0123456789abcdef"]) == "***")
        #expect(masked("/%2525252541") != "/%2525252541")
    }

    @Test("a key that is shown to the log is not written there")
    func lengths() {
        #expect(KeyShape.isFound(in: "x \(Self.key) y"))
        #expect(!KeyShape.isFound(in: "tg_abcd2345_" + String(repeating: "x", count: 15)))
        #expect(!KeyShape.isFound(in: "TG_abcd2345_" + String(repeating: "x", count: 32)))
        let bytes = Array("ab\(Self.key)".utf8)
        #expect(KeyShape.firstSecret(in: bytes.span) == 14..<46)
        #expect(KeyShape.firstSecret(in: bytes.span, from: 3) == nil)
    }
}
