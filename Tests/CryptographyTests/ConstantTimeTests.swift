import Cryptography
import TestSupport
import Testing
import Vocabulary

@Suite("Comparison in constant time")
struct ConstantTimeTests {
    @Test("sees each single bit in which two digests differ")
    func everyBit() throws {
        var random = SeededGenerator()
        let digest = Digest(random.next(), random.next(), random.next(), random.next())
        let seed = random.seed
        #expect(ConstantTime.areEqual(digest, digest))
        #expect(ConstantTime.areEqual(digest, try #require(Digest(bytes: digest.bytes))))
        for bit in 0..<256 {
            var bytes = digest.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            let other = try #require(Digest(bytes: bytes))
            #expect(!ConstantTime.areEqual(digest, other), "seed \(seed), bit \(bit)")
            #expect(!ConstantTime.areEqual(other, digest), "seed \(seed), bit \(bit)")
        }
    }

    @Test("differences that would cancel each other are seen")
    func cancelling() {
        let zero = Digest(0, 0, 0, 0)
        #expect(!ConstantTime.areEqual(zero, Digest(.max, .max, .max, .max)))
        #expect(!ConstantTime.areEqual(zero, Digest(1, 1, 0, 0)))
        #expect(!ConstantTime.areEqual(zero, Digest(0, 5, 0, 5)))
        #expect(!ConstantTime.areEqual(Digest(1, 2, 3, 4), Digest(2, 1, 4, 3)))
        #expect(ConstantTime.areEqual(zero, zero))
    }
}
