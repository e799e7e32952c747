import Testing

@testable import Upstream

@Suite("SecretScrubber")
struct SecretScrubberTests {
    private func scrub(_ text: String, of secret: String) -> String {
        String(decoding: SecretScrubber.scrub(Array(text.utf8), of: Array(secret.utf8)), as: UTF8.self)
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
}
