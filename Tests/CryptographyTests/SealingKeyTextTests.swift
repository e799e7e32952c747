import TestSupport
import Testing

@testable import Cryptography

@Suite("The text of a sealing key")
struct SealingKeyTextTests {
    /// Its base64 has each of the two digits in which the alphabets differ.
    private static let digits = "fbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefbefffe"
    private static let standard = "++++++++++++++++++++++++++++++++++++++++//4"
    private static let forURL = "----------------------------------------__4"

    /// Whether a text is read as these bytes.
    private func isKey(_ text: String, _ bytes: [UInt8]) throws -> Bool {
        let key = try #require(SealingKey(bytes: bytes))
        return SealingKey(text: text)?.opens(key.seal([], context: "")) ?? false
    }

    @Test(
        "hexadecimal digits of either case and both kinds of base64 are read",
        arguments: [digits, digits.uppercased(), standard, standard + "=", forURL, forURL + "="]
    )
    func forms(_ text: String) throws { #expect(try isKey(text, bytes(Self.digits))) }

    @Test("any key is read from any of its texts")
    func random() throws {
        var random = SeededGenerator()
        for _ in 0..<200 {
            let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
            let seed = random.seed
            for text in [hexadecimal(bytes), base64(bytes)] {
                #expect(try isKey(text, bytes), "seed \(seed), \(text)")
            }
        }
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// By arithmetic on one large number at a time, three bytes being four digits.
    private func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let groups = stride(from: 0, to: 33, by: 3).map { start in
            (start..<start + 3).reduce(0) { $0 * 256 + ($1 < bytes.count ? Int(bytes[$1]) : 0) }
        }
        let text = groups.flatMap { group in [262_144, 4_096, 64, 1].map { alphabet[group / $0 % 64] } }
        return String(text.dropLast()) + "="
    }

    @Test(
        "anything else is no key",
        arguments: [
            "", "0", "\(digits.dropLast())", "\(digits)0", "g\(digits.dropFirst())", " \(digits)", "\(digits)\n",
            "0x\(digits.dropFirst(2))", "\(standard.dropLast())", "\(standard)==", "\(standard)A", "=\(standard)",
            "\(standard.dropLast())=",
            // Two alphabets at once, a bit that no byte takes, and digits of no alphabet.
            "\(standard.dropFirst())-", "-\(standard.dropFirst())", "\(standard.dropLast())5",
            "\(standard.dropLast())6", ".\(standard.dropFirst())", "Ä\(standard.dropFirst(2))",
        ]
    )
    func refused(_ text: String) { #expect(SealingKey(text: text) == nil) }
}
