import Foundation
import JSON
import TestSupport
import Testing
import Vocabulary

@Suite("JSONText")
struct JSONTextTests {
    private func escaped(_ bytes: [UInt8]) -> String {
        var output = ByteWriter(capacity: 16)
        JSONText.appendEscaped(bytes.span, to: &output)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    private static let replacement = #"\ufffd"#

    @Test(
        "escapes what could end the string, the line or the terminal's colours, and nothing else",
        arguments: [
            ("", ""),
            ("plain text / with ~ and é, 漢, 🎉", "plain text / with ~ and é, 漢, 🎉"),
            ("say \"no\" \\ more", #"say \"no\" \\ more"#),
            ("\n\r\t\u{0}\u{8}\u{1B}[31m", #"\u000a\u000d\u0009\u0000\u0008\u001b[31m"#),
            ("\u{7F}", #"\u007f"#),
            ("\u{80}\u{85}\u{9F}\u{A0}", "\\u0080\\u0085\\u009f\u{A0}"),
            ("\u{2027}\u{2028}\u{2029}\u{202A}", "\u{2027}\\u2028\\u2029\u{202A}"),
            ("\u{FFFF}\u{10FFFF}", "\u{FFFF}\u{10FFFF}"),
        ]
    )
    func escapes(text: String, expected: String) {
        #expect(escaped(Array(text.utf8)) == expected)
    }

    @Test(
        "what is no UTF-8 becomes U+FFFD, byte by byte, and what follows it is kept",
        arguments: [
            ([0x80], 1, ""),
            ([0xC3], 1, ""),
            ([0xC3, 0x28], 1, "("),
            ([0xC0, 0xAF], 2, ""),  // overlong
            ([0xE0, 0x80, 0xAF], 3, ""),  // overlong
            ([0xED, 0xA0, 0x80], 3, ""),  // a surrogate
            ([0xF4, 0x90, 0x80, 0x80], 4, ""),  // above U+10FFFF
            ([0xF0, 0x9F, 0x8E], 3, ""),  // cut off
            ([0xFF, 0x22], 1, #"\""#),
            ([0xE2, 0x80, 0x0A], 2, #"\u000a"#),
        ] as [([UInt8], Int, String)]
    )
    func invalid(bytes: [UInt8], replaced: Int, rest: String) {
        #expect(escaped(bytes) == String(repeating: Self.replacement, count: replaced) + rest)
        #expect(escaped([0x61] + bytes) == "a" + String(repeating: Self.replacement, count: replaced) + rest)
    }

    @Test("any bytes give a string that a JSON reader takes, on one line, without a control")
    func random() throws {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] = [
            [0x22], [0x5C], [0x0A], [0x7F], [0xC2, 0x85], [0xE2, 0x80, 0xA8], [0xF0, 0x9F, 0x8E, 0x89], [0xED, 0xA0],
        ]
        for _ in 0..<3_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                if Bool.random(using: &generator) {
                    bytes += pieces.randomElement(using: &generator)!
                } else {
                    bytes.append(UInt8.random(in: 0...255, using: &generator))
                }
            }
            let text = escaped(bytes)
            let isClean = text.unicodeScalars.allSatisfy { scalar in
                scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value)
                    && !(0x2028...0x2029).contains(scalar.value)
            }
            #expect(isClean, "seed \(seed): \(bytes)")
            let parsed = try JSONSerialization.jsonObject(with: Data("[\"\(text)\"]".utf8)) as? [String]
            // Swift repairs an invalid sequence as a whole, JSONText byte by byte: only valid input is compared
            // exactly.
            if let valid = String(validating: bytes, as: UTF8.self) {
                #expect(parsed == [valid], "seed \(seed): \(bytes)")
            } else {
                #expect(parsed?.first?.unicodeScalars.contains("\u{FFFD}") == true, "seed \(seed): \(bytes)")
            }
        }
    }
}
