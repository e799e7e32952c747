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
            ("key-1", "*****"), ("the key-1 is wrong", "the ***** is wrong"), ("key-1key-1", "**********"),
            ("kkey-1", "k*****"), ("key-key-1", "key-*****"), ("{\"key\": \"key-1\"}", "{\"key\": \"*****\"}"),
            ("key-1\0key-", "*****\0key-"),
        ]
    )
    func occurrences(_ text: String, _ scrubbed: String) { #expect(scrub(text, of: "key-1") == scrubbed) }

    @Test("what does not hold it stays as it is", arguments: ["", "key-", "KEY-1", "key 1", "key-2, key-", "yek-1"])
    func others(_ text: String) { #expect(scrub(text, of: "key-1") == text) }

    @Test("a secret that overlaps with itself leaves nothing of a whole one")
    func overlap() {
        #expect(scrub("aaaa", of: "aaa") == "***a")
        #expect(scrub("ababab", of: "abab") == "****ab")
        #expect(scrub("anything", of: "") == "anything")
    }
}
