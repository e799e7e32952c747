import Cryptography
import TestSupport
import Testing
import Vocabulary

@Suite("SHA-256")
struct SHA256HasherTests {
    @Test(
        "gives the digests of FIPS 180-4 and of the NIST examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ]
    )
    func vectors(_ text: String, _ digest: String) {
        let hasher = SHA256Hasher()
        #expect(hasher.digest(Array(text.utf8)).description == digest)
        #expect(hasher.digest(Array(text.utf8).span).description == digest)
    }

    @Test("the digest of pieces is that of the whole, wherever it is cut and however pieces are given")
    func pieces() {
        var random = SeededGenerator()
        let hasher = SHA256Hasher()
        for count in [0, 1, 55, 56, 63, 64, 65, 127, 128, 1_000] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let whole = hasher.digest(bytes)
            let seed = random.seed
            for cut in stride(from: 0, through: count, by: max(1, count / 20)) {
                hasher.update(Array(bytes[..<cut]))
                hasher.update([])
                hasher.update(Array(bytes[cut...]).span)
                #expect(hasher.finalize() == whole, "seed \(seed), \(count) bytes cut at \(cut)")
            }
            for byte in bytes { withUnsafeBytes(of: byte) { hasher.update($0) } }
            #expect(hasher.finalize() == whole, "seed \(seed), \(count) bytes one by one")
        }
    }

    @Test("a hasher begins anew after a digest, after reset, and for a digest of its own")
    func reuse() {
        let hasher = SHA256Hasher()
        let abc = SHA256Hasher().digest(Array("abc".utf8))
        hasher.update(Array("left over".utf8))
        #expect(hasher.digest(Array("abc".utf8)) == abc)
        hasher.update(Array("left over".utf8))
        hasher.reset()
        hasher.update(Array("abc".utf8))
        #expect(hasher.finalize() == abc)
        #expect(hasher.finalize() == SHA256Hasher().digest([]))
        hasher.update(Array("left over".utf8))
        #expect(hasher.digest(Array("abc".utf8).span) == abc)
    }

    @Test("two hashers do not disturb each other")
    func two() {
        let (one, other) = (SHA256Hasher(), SHA256Hasher())
        one.update(Array("a".utf8))
        other.update(Array("x".utf8))
        one.update(Array("bc".utf8))
        #expect(one.finalize() == SHA256Hasher().digest(Array("abc".utf8)))
        #expect(other.finalize() == SHA256Hasher().digest(Array("x".utf8)))
    }
}
