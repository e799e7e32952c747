import Testing
import Vocabulary

@Suite("Search in bytes")
struct SpanSearchTests {
    private static func has(_ text: [UInt8], _ part: [UInt8]) -> Bool { text.span.contains(part.span) }

    private static func has(_ text: [UInt8], _ byte: UInt8) -> Bool { text.span.contains(byte) }

    @Test(
        "a part is found wherever it stands, and in nothing else",
        arguments: ["", "a", "ab", "aab", "abaab", "aaaaa", "xyz"]
    )
    func everyPart(text: String) {
        let bytes = Array(text.utf8)
        var parts: Set<[UInt8]> = [
            Array("b".utf8), Array("aa".utf8), Array("ba".utf8), Array("aaaaaa".utf8), Array("zz".utf8),
        ]
        for start in bytes.indices { for end in start + 1...bytes.count { parts.insert(Array(bytes[start..<end])) } }
        for part in parts {
            let stands = bytes.indices.contains { bytes[$0...].starts(with: part) }
            #expect(Self.has(bytes, part) == stands, "\(part)")
        }
    }

    @Test("an empty part stands nowhere, and nothing stands in an empty text")
    func empty() {
        let (text, none) = (Array("text".utf8), [UInt8]())
        #expect(!Self.has(text, none))
        #expect(!Self.has(none, text))
        #expect(!Self.has(none, none))
        #expect(!Self.has(none, 0x74))
    }

    @Test("a byte is found at both ends and between")
    func bytes() {
        let text: [UInt8] = [0, 1, 255]
        for byte in text { #expect(Self.has(text, byte)) }
        #expect(!Self.has(text, 2))
    }
}
