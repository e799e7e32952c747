import TestSupport
import Testing
import Vocabulary

@testable import Cryptography

@Suite("KeyedHash")
struct KeyedHashTests {
    /// The key of the authors' test vectors: the bytes 0 to 15, read as two little-endian words.
    private let reference = KeyedHash(key0: 0x0706_0504_0302_0100, key1: 0x0f0e_0d0c_0b0a_0908)

    private func fingerprint(_ bytes: [UInt8], _ hash: KeyedHash) -> Fingerprint { hash.fingerprint(bytes.span) }

    /// The vectors of the reference implementation for 128 bits of output, message n being the bytes 0 to n − 1; as
    /// little-endian words.
    @Test(
        "the authors' vectors come out",
        arguments: [
            (0, Fingerprint(0xe6a8_25ba_047f_81a3, 0x9302_55c7_1472_f66d)),
            (1, Fingerprint(0x44af_996b_d8c1_87da, 0x45fc_229b_1159_7634)),
            (15, Fingerprint(0x11a8_b033_99e9_9354, 0xd9c3_cf97_0fec_087e)),
        ] as [(Int, Fingerprint)]
    )
    func vectors(length: Int, expected: Fingerprint) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let hash = bytes.withUnsafeBytes {
            KeyedHash.hash($0, 0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908, compression: 2, finalization: 4)
        }
        #expect(hash == expected)
    }

    /// With one round and three, for which the authors give none: from an implementation in another language that gives
    /// theirs for two and four.
    @Test(
        "with the rounds that are used, another implementation gives the same",
        arguments: [
            (0, Fingerprint(0xbea5_8827_b2bc_7ee7, 0x0130_30dd_6adb_62fd)),
            (1, Fingerprint(0xa8ed_d360_0437_6ffc, 0x63f0_2f2b_cc73_055e)),
            (15, Fingerprint(0x6c52_bdb2_0555_7ec1, 0x0901_7e1e_eccd_2129)),
            (16, Fingerprint(0xeb8e_5115_57d9_a8d0, 0x9317_9e3d_f8b0_13b5)),
            (300, Fingerprint(0x17c5_6127_d6ea_6531, 0x2b57_cd73_cf9d_8119)),
        ] as [(Int, Fingerprint)]
    )
    func otherVectors(length: Int, expected: Fingerprint) {
        #expect(fingerprint((0..<length).map { UInt8(truncatingIfNeeded: $0) }, reference) == expected)
    }

    @Test("every bit of every length counts, and the length itself")
    func bits() {
        var seen = Set<Fingerprint>()
        var count = 0
        for length in 0...40 {
            var bytes = [UInt8](repeating: 0, count: length)
            seen.insert(fingerprint(bytes, reference))
            count += 1
            for bit in 0..<(length * 8) {
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                seen.insert(fingerprint(bytes, reference))
                count += 1
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
        #expect(seen.count == count)
    }

    @Test("another secret or another purpose is another hash; where one ends and the other begins counts")
    func purposes() {
        let hashes = [
            KeyedHash(secret: [1, 2], purpose: [3]), KeyedHash(secret: [1], purpose: [2, 3]),
            KeyedHash(secret: [1, 2], purpose: [4]), KeyedHash(secret: [2, 2], purpose: [3]),
        ]
        #expect(Set(hashes.map { fingerprint([9], $0) }).count == hashes.count)
        let again = KeyedHash(secret: [1, 2], purpose: [3])
        #expect(fingerprint([9], hashes[0]) == fingerprint([9], again))
    }
}
