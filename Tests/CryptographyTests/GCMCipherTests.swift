import Testing

@testable import Cryptography

/// One message as McGrew and Viega give it in "The Galois/Counter Mode of Operation", appendix B; in hexadecimal
/// digits.
struct GCMVector: Sendable {
    let key, nonce, additional, content, ciphertext, tag: String
}

@Suite("AES-256-GCM")
struct GCMCipherTests {
    private static let vectors = [
        // Test case 13.
        GCMVector(
            key: String(repeating: "0", count: 64),
            nonce: String(repeating: "0", count: 24),
            additional: "",
            content: "",
            ciphertext: "",
            tag: "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        // Test case 14.
        GCMVector(
            key: String(repeating: "0", count: 64),
            nonce: String(repeating: "0", count: 24),
            additional: "",
            content: String(repeating: "0", count: 32),
            ciphertext: "cea7403d4d606b6e074ec5d3baf39d18",
            tag: "d0d1c8a799996bf0265b98b5d48ab919"
        ),
        // Test case 16.
        GCMVector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888",
            additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            content: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            ciphertext: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ]

    private func cipher(_ direction: GCMCipher.Direction, _ vector: GCMVector) -> GCMCipher {
        let cipher = GCMCipher(direction, key: bytes(vector.key), nonce: bytes(vector.nonce))
        cipher.authenticate(bytes(vector.additional))
        return cipher
    }

    @Test("seals as the specification's test cases do", arguments: vectors)
    func sealing(_ vector: GCMVector) {
        let cipher = cipher(.sealing, vector)
        #expect(cipher.transform(bytes(vector.content)) == bytes(vector.ciphertext))
        #expect(cipher.makeTag() == bytes(vector.tag))
    }

    @Test("opens what they sealed, and accepts no other tag", arguments: vectors)
    func opening(_ vector: GCMVector) {
        for bit in 0...128 {
            var tag = bytes(vector.tag)
            if bit < 128 { tag[bit / 8] ^= 1 << UInt8(bit % 8) }
            let cipher = cipher(.opening, vector)
            #expect(cipher.transform(bytes(vector.ciphertext)) == bytes(vector.content))
            #expect(cipher.accepts(tag: tag) == (bit == 128))
        }
    }
}
