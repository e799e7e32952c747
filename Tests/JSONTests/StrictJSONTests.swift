import Testing

@testable import JSON

@Suite("Strict JSON")
struct StrictJSONTests {
    @Test(
        "accepts every form of value that RFC 8259 has",
        arguments: [
            "{}", "[]", "\"\"", "0", "-0", "null", "true", "false", " \t\r\n[ \t\r\n] \t\r\n",
            "[1,\"a\",null,true,false]",
            "{\"a\":{\"b\":[{}]}}", "{ \"a\" : 1 , \"b\" : 2 }", "\"\u{7F}\u{FEFF}\u{FFFF}\"",
            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
            "\"\u{2028}\"",
        ]
    )
    func accepted(_ text: String) { #expect(jsonFault(text) == nil) }

    @Test(
        "refuses what is no JSON at the byte where it stops to be JSON",
        arguments: [
            ("", 0, "the text ends too early"),
            (" \n", 2, "the text ends too early"),
            ("[", 1, "the text ends too early"),
            ("{", 1, "the text ends too early"),
            ("[1", 2, "the text ends too early"),
            ("[1,", 3, "the text ends too early"),
            ("{\"a\"", 4, "the text ends too early"),
            ("{\"a\":", 5, "the text ends too early"),
            ("{\"a\":1,", 7, "the text ends too early"),
            ("{\"a\":1", 6, "the text ends too early"),
            ("[1,]", 3, "no JSON value begins like this"),
            ("[,1]", 1, "no JSON value begins like this"),
            ("[1 2]", 3, "a comma or ] is missing"),
            ("[1}", 2, "a comma or ] is missing"),
            ("[1:2]", 2, "a comma or ] is missing"),
            ("{\"a\":1]", 6, "a comma or } is missing"),
            ("{\"a\":1 \"b\":2}", 7, "a comma or } is missing"),
            ("{\"a\":1,}", 7, "a member's name in quotes is missing"),
            ("{a:1}", 1, "a member's name in quotes is missing"),
            ("{'a':1}", 1, "a member's name in quotes is missing"),
            ("{1:1}", 1, "a member's name in quotes is missing"),
            ("{,}", 1, "a member's name in quotes is missing"),
            ("{\"a\"}", 4, "a colon is missing after a member's name"),
            ("{\"a\" 1}", 5, "a colon is missing after a member's name"),
            ("{\"a\",1}", 4, "a colon is missing after a member's name"),
            ("{\"a\":}", 5, "no JSON value begins like this"),
            ("'a'", 0, "no JSON value begins like this"),
            ("]", 0, "no JSON value begins like this"),
            ("}", 0, "no JSON value begins like this"),
            ("// c\n1", 0, "no JSON value begins like this"),
            ("/**/1", 0, "no JSON value begins like this"),
            ("\u{B}1", 0, "no JSON value begins like this"),
            ("\u{A0}1", 0, "no JSON value begins like this"),
            ("\0", 0, "no JSON value begins like this"),
        ]
    )
    func refused(_ text: String, _ offset: Int, _ reason: String) throws {
        let fault = try #require(jsonFault(text))
        #expect(fault.offset == offset)
        #expect(fault.reason == reason)
    }

    @Test(
        "the names of no numbers and misspelt words are no values",
        arguments: [
            "NaN", "-NaN", "nan", "Infinity", "-Infinity", "+Infinity", "inf", "undefined", "True", "TRUE", "tru", "t",
            "nul",
            "Null", "fals", "n\0ll", "\\u006eull",
        ]
    )
    func words(_ text: String) {
        #expect(jsonFault(text) != nil)
        #expect(jsonFault("[\(text)]") != nil)
        #expect(jsonFault("{\"a\":\(text)}") != nil)
    }

    @Test(
        "bytes after the end are refused, white space is not",
        arguments: ["x", "1", ",", "]", "}", "null", "{}", "\0", "\u{FEFF}", "/", "\"", "#"]
    )
    func trailing(_ tail: String) throws {
        for text in ["{}", "[1]", "1", "\"a\"", "null"] {
            #expect(jsonFault(text + " \n\t\r") == nil)
            let fault = try #require(jsonFault(text + " " + tail))
            #expect(fault.offset == text.utf8.count + 1)
            #expect(fault.reason == "something follows the end of the text")
        }
    }

    @Test("a byte order mark, whole or in part, or one of another encoding, is refused")
    func byteOrderMark() throws {
        let fault = try #require(jsonFault([0xEF, 0xBB, 0xBF] + Array("{}".utf8)))
        #expect(fault.offset == 0)
        #expect(fault.reason == "a byte order mark stands before the text; remove it")
        #expect(jsonFault([0xEF, 0xBB, 0xBF]) != nil)
        #expect(jsonFault([0xEF, 0xBB] + Array("{}".utf8)) != nil)
        #expect(jsonFault([0x20, 0xEF, 0xBB, 0xBF] + Array("{}".utf8)) != nil)
        #expect(jsonFault([0xFE, 0xFF, 0x00, 0x7B, 0x00, 0x7D]) != nil)
        #expect(jsonFault([0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]) != nil)
        #expect(jsonFault([0x7B, 0x00, 0x7D, 0x00]) != nil)
    }

    @Test("a fault says line and column, in bytes, and no content")
    func position() throws {
        let fault = try #require(jsonFault("{\n  \"\u{E9}\": 1,\r\n\n  secret\n}"))
        #expect(fault.line == 4)
        #expect(fault.column == 3)
        #expect("\(fault)" == "line 4, column 3: a member's name in quotes is missing")
    }

    // MARK: Reuse

    @Test("memory is used again: what was read before, well or badly, leaves no trace")
    func reuse() throws {
        var json = StrictJSON()
        let texts = [
            "[[[{\"a\":[1,2,3", "{\"a\":1,\"a\":2}", String(repeating: "[", count: 70), "[1,[2,{\"b\":null}]]", "7",
            "\"\\ud800\"",
        ]
        for first in texts {
            for text in texts {
                for input in [first, text] {
                    let fault = Array(input.utf8).withUnsafeBufferPointer { buffer -> JSONFault? in
                        do throws(JSONFault) { try json.read(buffer) } catch { return error }
                        return nil
                    }
                    #expect(fault == jsonFault(input))
                }
            }
        }
    }
}
