import Foundation
import Testing

@testable import Upstream

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
