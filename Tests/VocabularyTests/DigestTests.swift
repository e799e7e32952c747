import TestSupport
import Testing
import Vocabulary

@Suite("A digest")
struct DigestTests {
    private let sample = Digest(
        0x0001_0203_0405_0607,
        0x0809_0A0B_0C0D_0E0F,
        0xF0F1_F2F3_F4F5_F6F7,
        0xF8F9_FAFB_FCFD_FEFF
    )
    private let text = "000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"

    @Test("has its bytes in the order of its words, the most significant first")
    func bytes() {
        #expect(sample.bytes == Array(0x00...0x0F) + Array(0xF0...0xFF))
        #expect(Digest(bytes: sample.bytes) == sample)
        #expect(Digest(bytes: ([9] + sample.bytes).dropFirst()) == sample)
    }

    @Test("is written in lower case and read in either")
    func hexadecimal() {
        #expect("\(sample)" == text)
        #expect(Digest(hexadecimal: text) == sample)
        #expect(Digest(hexadecimal: text.uppercased()) == sample)
    }

    @Test("random keys come back from their bytes and from their text")
    func roundTrip() {
        var random = SeededGenerator()
        for _ in 0..<500 {
            let key = Digest(random.next(), random.next(), random.next(), random.next())
            let seed = random.seed
            #expect(Digest(bytes: key.bytes) == key, "seed \(seed)")
            #expect(Digest(hexadecimal: "\(key)") == key, "seed \(seed)")
            #expect("\(key)".utf8.count == 64, "seed \(seed)")
        }
    }

    @Test("is not made of too few or too many bytes", arguments: [0, 1, 31, 33, 64])
    func wrongCount(_ count: Int) { #expect(Digest(bytes: [UInt8](repeating: 1, count: count)) == nil) }

    @Test(
        "is not read from anything but 64 digits",
        arguments: [
            "", "0", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
            String(repeating: "g", count: 64),
            "0x" + String(repeating: "0", count: 62), String(repeating: "0", count: 63) + " ",
            String(repeating: "\u{E9}", count: 32),
            String(repeating: "\u{FF11}", count: 64), "-" + String(repeating: "0", count: 63),
            String(repeating: "0", count: 63) + "\0",
        ]
    )
    func malformed(_ text: String) { #expect(Digest(hexadecimal: text) == nil) }

    @Test("differs from another one when any single bit does")
    func everyBit() {
        for bit in 0..<256 {
            var bytes = sample.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(Digest(bytes: bytes) != sample)
        }
        #expect(Set([sample, sample, Digest(sample.word0, 0, 0, 0)]).count == 2)
    }
}
