import Foundation
import Observability
import Testing
import Vocabulary

@Suite("Request identifiers")
struct RequestIDTests {
    private func isAcceptable(_ bytes: [UInt8]) -> Bool { RequestID.isAcceptable(bytes.span) }

    @Test(
        "accepts 1 to 128 visible ASCII characters",
        arguments: ["a", "!", "~", "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", #"{"quoted":\}"#]
            + [String(repeating: "x", count: 128)]
    )
    func accepted(text: String) {
        #expect(isAcceptable(Array(text.utf8)))
    }

    @Test(
        "refuses anything else",
        arguments: ["", " ", "a b", "a\tb", "a\n", "\u{0}", "a\u{7F}", "é", "\u{1B}[0m"]
            + [String(repeating: "x", count: 129)]
    )
    func refused(text: String) {
        #expect(!isAcceptable(Array(text.utf8)))
    }

    @Test(
        "refuses what has a team's key in it, in any spelling",
        arguments: [
            "tg_abcd2345_" + String(repeating: "x", count: 32), "id-tg_abcd2345_" + String(repeating: "x", count: 16),
            "%74g_abcd2345_" + String(repeating: "x", count: 32),
        ]
    )
    func keys(text: String) {
        #expect(!isAcceptable(Array(text.utf8)))
        #expect(isAcceptable(Array(text.prefix(20).utf8)))
    }

    @Test("each byte alone is accepted exactly when it is visible ASCII")
    func bytes() {
        for byte in UInt8.min ... .max {
            #expect(isAcceptable([byte]) == (0x21...0x7E).contains(byte), "byte \(byte)")
        }
    }

    @Test("generates 100,000 distinct UUIDs of version 4, which it would accept itself")
    func generated() {
        var generator = RequestIDGenerator()
        var seen: Set<String> = []
        var faulty: [String] = []
        for _ in 0..<100_000 {
            let bytes = generator.make().bytes
            let text = String(decoding: bytes, as: UTF8.self)
            seen.insert(text)
            if !isVersion4(bytes) || !isAcceptable(bytes) { faulty.append(text) }
        }
        #expect(faulty.isEmpty, "\(faulty.prefix(3))")
        #expect(seen.count == 100_000)
        #expect(seen.allSatisfy { UUID(uuidString: $0) != nil })
    }

    /// RFC 9562 §5.4, in lower case.
    private func isVersion4(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 36, bytes[14] == UInt8(ascii: "4"), "89ab".utf8.contains(bytes[19]) else { return false }
        return bytes.enumerated().allSatisfy { index, byte in
            [8, 13, 18, 23].contains(index) ? byte == UInt8(ascii: "-") : "0123456789abcdef".utf8.contains(byte)
        }
    }

    @Test("no digit but those of version and variant is fixed")
    func everyDigitVaries() {
        var generator = RequestIDGenerator()
        var digits = [Set<UInt8>](repeating: [], count: 36)
        for _ in 0..<2_000 {
            for (index, byte) in generator.make().bytes.enumerated() { digits[index].insert(byte) }
        }
        for (index, seen) in digits.enumerated() {
            let expected = [8, 13, 14, 18, 23].contains(index) ? 1 : index == 19 ? 4 : 16
            #expect(seen.count == expected, "digit \(index)")
        }
    }

    @Test("two generators do not repeat each other")
    func generators() {
        var (one, other) = (RequestIDGenerator(), RequestIDGenerator())
        #expect(one.make() != other.make())
    }

    @Test("an identifier is written as it is, behind what was written before; in a log line it is escaped")
    func written() {
        var output = ByteWriter(capacity: 16)
        output.append("> ")
        RequestID.made(0x0123_4567_89ab_4def, 0x8123_4567_89ab_cdef).write(to: &output)
        #expect(output.bytes == Array("> 01234567-89ab-4def-8123-456789abcdef".utf8))
        output.removeAll()
        RequestID.chosen(Array(#"a"b\c"#.utf8)).write(to: &output)
        #expect(output.bytes == Array(#"a"b\c"#.utf8))
        output.removeAll()
        RequestID.chosen(Array(#"a"b\c"#.utf8)).write(to: &output, escaped: true)
        #expect(output.bytes == Array(#"a\"b\\c"#.utf8))
    }
}
