import Foundation
import TestSupport
import Testing

@testable import UpstreamKeys

@Suite("SecretScrubber")
struct SecretScrubberTests {
    private func scrub(_ text: String, of secret: String) -> String {
        String(decoding: SecretScrubber(Array(secret.utf8)).scrub(Array(text.utf8)), as: UTF8.self)
    }

    @Test(
        "each occurrence becomes as many asterisks, wherever it stands",
        arguments: [
            ("key-12345", "*********"),
            ("the key-12345 is wrong", "the ********* is wrong"),
            ("key-12345key-12345", "******************"),
            ("kkey-12345", "k*********"),
            ("key-key-12345", "key-*********"),
            ("{\"key\": \"key-12345\"}", "{\"key\": \"*********\"}"),
            ("key-12345\0key-", "*********\0key-"),
        ]
    )
    func occurrences(_ text: String, _ scrubbed: String) { #expect(scrub(text, of: "key-12345") == scrubbed) }

    @Test(
        "what does not hold it stays as it is",
        arguments: ["", "key-", "KEY-12345", "key 12345", "key-2, key-", "yek-12345"]
    )
    func others(_ text: String) { #expect(scrub(text, of: "key-12345") == text) }

    @Test("a secret that overlaps with itself leaves nothing of a whole one")
    func overlap() {
        #expect(scrub("aaaaaaaaaa", of: "aaaaaaaaa") == "*********a")
        #expect(scrub("abcdabcdabcd", of: "abcdabcd") == "********abcd")
    }

    @Test("what is too short to be a secret stands in replies by chance, and is left", arguments: ["", "a", "invoice"])
    func short(secret: String) { #expect(scrub("an invoice", of: secret) == "an invoice") }

    private static let secret = "sk/live+0123456789?abc~xyz"

    private static let encodings: [@Sendable (String) -> String] = [
        { $0 }, { $0.replacingOccurrences(of: "/", with: #"\/"#) },
        { $0.utf8.map { String(format: "%02x", $0) }.joined() },
        { $0.utf8.map { String(format: "%02X", $0) }.joined() },
        { $0.utf8.map { String(format: "%%%02X", $0) }.joined() },
        { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~")))! },
    ]

    @Test("other forms of the secret are taken out as well", arguments: encodings.indices)
    func encoded(index: Int) {
        let form = Self.encodings[index](Self.secret)
        #expect(scrub("key=\(form);", of: Self.secret) == "key=\(String(repeating: "*", count: form.utf8.count));")
    }

    // MARK: Spellings

    private static func escaped(_ character: Unicode.Scalar, _ digits: String = "%04x") -> String {
        "\\u" + String(format: digits, character.value)
    }

    /// One character as a writer of JSON, HTML or URLs may spell it; often as itself.
    private static func spelled(_ text: String, using generator: inout some RandomNumberGenerator) -> String {
        text.unicodeScalars.map { character in
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: escaped(character)
            case 1: escaped(character, "%04X")
            case 2 where "/\"\\".unicodeScalars.contains(character): "\\\(character)"
            default: "\"\\".unicodeScalars.contains(character) ? "\\\(character)" : String(character)
            }
        }.joined()
    }

    @Test("any escapes of JSON, in any part, are read as what they stand for; only the key's place changes")
    func escapes() {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        var forms = Self.encodings.map { $0(Self.secret) }
        forms.append(Data(Self.secret.utf8).base64EncodedString())
        for form in forms {
            for _ in 0..<50 {
                let spelled = Self.spelled(form, using: &generator)
                let text = #"{"message": "a \u0041 \" \\ \#(spelled)\u0042", "b": "\n\/%41&amp;"}"#
                let scrubbed = scrub(text, of: Self.secret)
                #expect(scrubbed.hasPrefix(#"{"message": "a \u0041 \" \\ "#), "seed \(seed): \(scrubbed)")
                #expect(scrubbed.hasSuffix(#"\u0042", "b": "\n\/%41&amp;"}"#), "seed \(seed): \(scrubbed)")
                #expect(scrubbed.utf8.count == text.utf8.count)
                let stars = scrubbed.utf8.count { $0 == UInt8(ascii: "*") }
                #expect(stars >= spelled.utf8.count * 9 / 10 - 18, "seed \(seed): \(scrubbed) of \(text)")
                #expect((try? JSONSerialization.jsonObject(with: Data(scrubbed.utf8))) != nil, "seed \(seed)")
            }
        }
    }

    private static let key = "ab+cd/ef=gh&ij"

    @Test(
        "the spellings that writers choose for what is special in a key",
        arguments: [
            #"ab\u002Bcd\/ef\u003dgh\u0026ij"#, #"ab\\u002Bcd\\/ef=gh\\u0026ij"#, #"ab+cd\\\/ef=gh\\u0026ij"#,
            "ab%2Bcd%2Fef%3Dgh%26ij", "ab%2bcd/ef=gh&ij", "ab+cd/ef=gh&amp;ij", "ab&#43;cd&#x2F;ef&#x3d;gh&#038;ij",
            #"ab%2Bcd\u00252Fef\u003Dgh%26ij"#, #"ab+cd/ef=gh\u0026amp;ij"#, "ab+cd/ef=gh&ij",
        ]
    )
    func special(spelled: String) {
        let text = #"{"error": "no \#(spelled) is known"}"#
        let stars = String(repeating: "*", count: spelled.utf8.count)
        #expect(scrub(text, of: Self.key) == #"{"error": "no \#(stars) is known"}"#)
    }

    @Test(
        "what holds no key stays as it is, however it is spelled",
        arguments: [
            #"{"a": "\u0061\u00e9\ud83d\ude00\ud83d \\\/ %41 %zz % &amp; &#65; &#; &x; &#x; \u00"}"#, #"\"#, "%", "&",
            "%4", #"\u"#,
            "&#99999999999;", "&#xD800;", "&#x110000;", #"\u002"#, #"\\\\\\\\"#,
        ]
    )
    func unchanged(_ text: String) { #expect(scrub(text, of: Self.key) == text) }

    @Test("what is no text at all is searched, and kept byte for byte around the key")
    func bytes() {
        let key = Array(Self.key.utf8)
        let noise: [UInt8] = [0x00, 0xFF, 0xC3, 0x5C, 0x75, 0x25, 0x26, 0x80]
        let scrubbed = SecretScrubber(key).scrub(noise + key + noise)
        #expect(scrubbed == noise + [UInt8](repeating: 0x2A, count: key.count) + noise)
    }

    @Test("many escapes of every kind around the key change nothing about it")
    func long() {
        let text = String(repeating: #"\\\u005c%26&amp;"#, count: 500)
        let form = text + #"ab\u002Bcd/ef=gh&ij"# + text
        #expect(scrub(form, of: Self.key) == text + String(repeating: "*", count: 19) + text)
    }

    @Test("in base64 nothing is left that tells more than a byte at either end", arguments: 0..<6, [false, true])
    func base64(offset: Int, isForURLs: Bool) {
        for tail in ["", ":", "::", ":::"] {
            let plain = String(repeating: "u", count: offset) + Self.secret + tail
            var text = Data(plain.utf8).base64EncodedString()
            if isForURLs {
                text = text.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            }
            let scrubbed = scrub("Basic \(text)", of: Self.secret)
            #expect(scrubbed.count { $0 == "*" } >= Self.secret.utf8.count * 8 / 6 - 2, "\(scrubbed)")
            #expect(scrubbed.utf8.count == text.utf8.count + 6)
        }
    }
}
