import JSON
import Testing

@testable import Keying

/// A class of invalid UTF-8, RFC 3629 §3 and §4.
struct InvalidUTF8: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]

    init(_ description: String, _ bytes: [UInt8]) {
        testDescription = description
        self.bytes = bytes
    }

    static let rows = [
        InvalidUTF8("a continuation byte alone", [0x80]),
        InvalidUTF8("the last continuation byte alone", [0xBF]),
        InvalidUTF8("an overlong /", [0xC0, 0xAF]),
        InvalidUTF8("an overlong NUL", [0xC0, 0x80]),
        InvalidUTF8("the greatest overlong form of two bytes", [0xC1, 0xBF]),
        InvalidUTF8("an overlong form of three bytes", [0xE0, 0x80, 0xAF]),
        InvalidUTF8("the greatest overlong form of three bytes", [0xE0, 0x9F, 0xBF]),
        InvalidUTF8("an overlong form of four bytes", [0xF0, 0x80, 0x80, 0xAF]),
        InvalidUTF8("the greatest overlong form of four bytes", [0xF0, 0x8F, 0xBF, 0xBF]),
        InvalidUTF8("the first high surrogate", [0xED, 0xA0, 0x80]),
        InvalidUTF8("the last high surrogate", [0xED, 0xAF, 0xBF]),
        InvalidUTF8("the first low surrogate", [0xED, 0xB0, 0x80]),
        InvalidUTF8("the last low surrogate", [0xED, 0xBF, 0xBF]),
        InvalidUTF8("a pair of surrogates (CESU-8)", [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]),
        InvalidUTF8("U+110000", [0xF4, 0x90, 0x80, 0x80]),
        InvalidUTF8("a first byte of what is far above U+10FFFF", [0xF5, 0x80, 0x80, 0x80]),
        InvalidUTF8("a form of five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]),
        InvalidUTF8("a form of six bytes", [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80]),
        InvalidUTF8("FE", [0xFE]),
        InvalidUTF8("FF", [0xFF]),
        InvalidUTF8("one byte of two", [0xC3]),
        InvalidUTF8("one byte of three", [0xE2]),
        InvalidUTF8("two bytes of three", [0xE2, 0x82]),
        InvalidUTF8("one byte of four", [0xF0]),
        InvalidUTF8("two bytes of four", [0xF0, 0x9F]),
        InvalidUTF8("three bytes of four", [0xF0, 0x9F, 0x98]),
        InvalidUTF8("a second byte that begins another character", [0xC3, 0xC3, 0xA9]),
        InvalidUTF8("a third byte that is ASCII", [0xE2, 0x82, 0x41]),
        InvalidUTF8("Latin-1", [0xE9]),
    ]
}

@Suite("Strict JSON: text and numbers")
struct StrictJSONTextTests {
    private let quote = UInt8(ascii: "\"")

    @Test("invalid UTF-8 is refused where it begins, in values, in names and at the end", arguments: InvalidUTF8.rows)
    func invalid(_ row: InvalidUTF8) throws {
        let texts: [(bytes: [UInt8], offset: Int)] = [
            ([quote] + row.bytes + [quote], 1),
            ([quote, 0x61] + row.bytes + [0x61, quote], 2),
            ([quote] + row.bytes, 1),
            (Array("{\"".utf8) + row.bytes + Array("\":1}".utf8), 2),
            (Array("{\"a\":[\"".utf8) + row.bytes + Array("\"]}".utf8), 7),
        ]
        for (bytes, offset) in texts {
            let fault = try #require(jsonFault(bytes))
            #expect(fault.reason == "the text is not valid UTF-8")
            #expect(fault.offset == offset)
        }
        #expect(jsonFault(row.bytes) != nil)
        #expect(jsonFault(Array("[1".utf8) + row.bytes + Array("]".utf8)) != nil)
    }

    @Test("agrees with the standard library about what is UTF-8, whatever the first two bytes are")
    func exhaustive() {
        var strange: [[UInt8]] = []
        func check(_ bytes: [UInt8]) {
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            if (jsonFault([quote] + bytes + [quote]) == nil) != isValid { strange.append(bytes) }
        }
        for first in 0x80...0xFF as ClosedRange<UInt8> {
            check([first])
            for second in 0x7F...0xFF as ClosedRange<UInt8> {
                check([first, second])
                guard first >= 0xE0 else { continue }
                check([first, second, 0x80])
                check([first, second, 0xC0])
                guard first >= 0xF0 else { continue }
                check([first, second, 0x80, 0xBF])
                check([first, second, 0xBF, 0x7F])
            }
        }
        #expect(strange.isEmpty)
    }

    @Test("the first and the last characters of each length are accepted, and stay what they are")
    func valid() throws {
        for scalar in "\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFD}\u{FFFF}\u{10000}\u{FFFFF}\u{10FFFF}".unicodeScalars
        {
            #expect(try canonicalForm("\"\(scalar)\"") == "\"\(scalar)\"")
        }
    }

    @Test("no control character stands in a string unescaped, in no place")
    func controls() throws {
        for byte in 0x00..<0x20 as Range<UInt8> {
            let fault = try #require(jsonFault([quote, 0x61, byte, 0x61, quote]))
            #expect(fault.reason == "a control character stands in a string; escape it")
            #expect(fault.offset == 2)
            #expect(jsonFault(Array("{\"a".utf8) + [byte] + Array("\":1}".utf8)) != nil)
        }
    }

    // MARK: Escapes

    @Test("every \\u escape but the surrogates says its character, in digits of either case")
    func everyUnit() throws {
        var strange: [UInt32] = []
        for unit in 0...0xFFFF as ClosedRange<UInt32> {
            let digits = String(unit, radix: 16, uppercase: unit % 2 == 0)
            let text = "\"\\u" + String(repeating: "0", count: 4 - digits.count) + digits + "\""
            let content = try? JSONValue.parse(Array(text.utf8).span)
            if let scalar = Unicode.Scalar(unit) {
                guard case .string(let string) = content, string.unicodeScalars.elementsEqual([scalar]) else {
                    strange.append(unit)
                    continue
                }
            } else if content != nil {
                strange.append(unit)
            }
        }
        #expect(strange.isEmpty)
    }

    @Test(
        "half of a surrogate pair is refused, the first one and the second one",
        arguments: [
            #"\ud83d"#, #"\uD800"#, #"\uDBFF"#, #"\ude00"#, #"\uDC00"#, #"\uDFFF"#, #"\ud83dx"#, #"\ud83d\n"#,
            #"\ud83d\\"#,
            #"\ud83d\u0041"#, #"\ud83d\ud83d"#, #"\uD800\uDBFF"#, #"\ud83d\ud83d\ude00"#, #"\ude00\ud83d"#,
            #"\ud83d\ude00\ude00"#, #"\ud83d \ude00"#,
            #"\ud83d\uE000"#, "\\ud83d\u{1F600}",
        ]
    )
    func halfPair(_ content: String) throws {
        for text in ["\"\(content)\"", "{\"\(content)\":1}", "[\"a\(content)\"]"] {
            let fault = try #require(jsonFault(text))
            #expect(fault.reason == "an escape is half of a surrogate pair")
        }
    }

    @Test("both halves of a surrogate pair are one character")
    func pairs() throws {
        #expect(try canonicalForm(#""\uD800\uDC00""#) == "\"\u{10000}\"")
        #expect(try canonicalForm(#""\ud83d\uDE00x""#) == "\"\u{1F600}x\"")
        #expect(try canonicalForm(#""\uDBFF\uDFFF""#) == "\"\u{10FFFF}\"")
        #expect(try canonicalForm(#""\uDBBF\uDFFF\uDBC0\uDC00""#) == "\"\u{FFFFF}\u{100000}\"")
    }

    @Test(
        "an escape that is none, or not whole, is refused",
        arguments: [
            #"\a"#, #"\'"#, #"\x41"#, #"\0"#, #"\U0041"#, #"\u"#, #"\u1"#, #"\u12"#, #"\u123"#, #"\u123g"#, #"\u+123"#,
            #"\u-123"#, #"\u 123"#, #"\u{41}"#, #"\ud83d\u"#, #"\ud83d\ude0"#, #"\ud83d\udegg"#, "\\\u{E9}", "\\\n",
        ]
    )
    func badEscape(_ content: String) {
        #expect(jsonFault("\"\(content)\"") != nil)
        #expect(jsonFault("\"\(content)") != nil)
        #expect(jsonFault("{\"\(content)\":0}") != nil)
    }

    @Test(
        "a string that does not end is refused",
        arguments: ["\"", "\"a", "\"\\\"", "\"\\", "{\"a", "[\"a,1]", "\"\\u00"]
    )
    func unended(_ text: String) { #expect(jsonFault(text) != nil) }

    // MARK: Numbers

    @Test(
        "numbers keep their text",
        arguments: [
            "0", "-0", "-0.0", "0.0", "1.0", "1.50", "1e400", "1E400", "1e+400", "-1e-400", "1E+2", "0e0", "0E-00",
            "1e007",
            "123456789012345678901234567890", "-0.123456789012345678901234567890", "9007199254740993",
            "18446744073709551616", "2.2250738585072011e-308",
        ]
    )
    func numbers(_ text: String) throws {
        #expect(try canonicalForm(text) == text)
        #expect(try canonicalForm("[ \(text) ]") == "[\(text)]")
        guard case .number(let kept) = try JSONValue.parse(Array("\(text)\n".utf8).span) else {
            Issue.record("no number")
            return
        }
        #expect(kept == text)
        #expect(try readClassify(classifyBody(others: ",\"x\":\(text)")).canonicalText.contains("\"x\":\(text)}"))
    }

    @Test(
        "what is only similar to a number is refused",
        arguments: [
            "00", "01", "-01", "-00", "007", "+1", "+0", "-", "--1", "-+1", ".5", "-.5", "5.", "5.e1", "1.2.3", "1e",
            "1E+", "1e-",
            "1e1.5", "1e1e1", "0x10", "0b1", "0o7", "1_000", "1,000,", "1f", "1d", "1.0f", "- 1", "1 .0", "1. 0",
            "1 e1",
            "\u{661}", "\u{FF11}", "1\u{661}", "\u{2212}1", "1e\u{661}", "infinity", "1/2",
        ]
    )
    func noNumbers(_ text: String) {
        #expect(jsonFault(text) != nil)
        #expect(jsonFault("[\(text)]") != nil)
        #expect(jsonFault("{\"a\":\(text)}") != nil)
    }
}
