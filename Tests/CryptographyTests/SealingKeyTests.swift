import TestSupport
import Testing

@testable import Cryptography

@Suite("A sealing key")
struct SealingKeyTests {
    private let key = SealingKey(bytes: Array(0..<32))!
    private let context = "upstream_key/primary"

    /// The fault with which a value is not opened; nil when it is.
    private func fault(_ sealed: [UInt8], _ context: String, _ key: SealingKey) -> SealingFault? {
        do throws(SealingFault) {
            _ = try key.open(sealed, context: context)
            return nil
        } catch {
            return error
        }
    }

    /// From another implementation of AES-GCM and SHA-256.
    @Test(
        "seals as another implementation does, header and context included",
        arguments: [
            ("", "0133cb00711262ce2d6465666768696a6b6c6d6e6f6977e1a269cf4cc5e46c881570a770a9"),
            (
                "sk-vendor-secret",
                "0133cb00711262ce2d6465666768696a6b6c6d6e6f"
                    + "3b70f3101c8732f14c4f2c8db9170f89757570e8215ae16859b0e06a8ab22858"
            ),
        ]
    )
    func vectors(_ content: String, _ sealed: String) throws {
        #expect(key.seal(Array(content.utf8), context: context, nonce: Array(100..<112)) == bytes(sealed))
        #expect(try key.open(bytes(sealed), context: context) == Array(content.utf8))
    }

    @Test("what was sealed is opened, whatever its length, and is 37 bytes longer")
    func lengths() throws {
        var random = SeededGenerator()
        for count in 0...300 {
            let content = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let sealed = key.seal(content, context: context)
            let seed = random.seed
            #expect(sealed.count == count + 37, "seed \(seed)")
            #expect(try key.open(sealed, context: context) == content, "seed \(seed)")
        }
    }

    @Test("one content is never sealed alike twice")
    func nonces() {
        #expect(Set((0..<1_000).map { _ in key.seal([1, 2, 3], context: context) }).count == 1_000)
    }

    @Test("with any one bit flipped, a value is refused, and it is told why")
    func flips() {
        let sealed = key.seal(Array("a secret of the vendor".utf8), context: context)
        for bit in 0..<(sealed.count * 8) {
            var flipped = sealed
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            let expected: SealingFault = bit < 8 ? .malformed : bit < 72 ? .otherKey : .notAuthentic
            #expect(fault(flipped, context, key) == expected, "bit \(bit)")
            #expect(key.opens(flipped) == (bit >= 72))
        }
    }

    @Test("a value that is cut short or made longer is refused")
    func cuts() {
        let sealed = key.seal([1, 2, 3], context: context)
        for count in 0..<sealed.count {
            let expected: SealingFault = count < 37 ? .malformed : .notAuthentic
            #expect(fault(Array(sealed.prefix(count)), context, key) == expected, "\(count) bytes")
            #expect(key.opens(Array(sealed.prefix(count))) == (count >= 9))
        }
        #expect(fault(sealed + [0], context, key) == .notAuthentic)
    }

    @Test(
        "in another context a value is not authentic",
        arguments: ["", "upstream_key/primar", "upstream_key/primary2", "receipt/primary", "Upstream_key/primary"]
    )
    func otherContext(_ other: String) {
        #expect(fault(key.seal([1, 2, 3], context: context), other, key) == .notAuthentic)
        #expect(fault(key.seal([1, 2, 3], context: other), context, key) == .notAuthentic)
    }

    @Test("another key says that it is another, whichever bit it differs in")
    func otherKey() throws {
        let sealed = key.seal([1, 2, 3], context: context)
        #expect(key.opens(sealed))
        for bit in 0..<256 {
            var bytes = Array(UInt8(0)..<32)
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            let other = try #require(SealingKey(bytes: bytes))
            #expect(!other.opens(sealed))
            #expect(fault(sealed, context, other) == .otherKey)
        }
    }

    @Test("a key has 32 bytes", arguments: [0, 1, 16, 31, 32, 33, 64])
    func length(_ count: Int) {
        #expect((SealingKey(bytes: [UInt8](repeating: 7, count: count)) != nil) == (count == 32))
    }

    @Test("nothing of a key is seen when it is printed, dumped or reflected, alone or inside of something")
    func unseen() {
        var text = ""
        dump(key, to: &text)
        dump([key], to: &text)
        text += "\(key) \(String(reflecting: key)) \([key]) \(Mirror(reflecting: key).children.map(\.value))"
        #expect(text.contains("•••"))
        #expect(!text.contains { $0.isNumber && $0 != "1" })
    }

    @Test("a fault says what to do", arguments: [SealingFault.malformed, .otherKey, .notAuthentic])
    func faults(_ fault: SealingFault) {
        #expect("\(fault)".hasSuffix("or set what was sealed anew"))
    }
}
