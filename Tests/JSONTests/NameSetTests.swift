import Testing

@testable import JSON

@Suite("Duplicate member names")
struct NameSetTests {
    private static let reason = "a member's name stands twice in one object"

    @Test(
        "are refused at the second one, however they are spelt and wherever they stand",
        arguments: [
            (#"{"a":1,"a":2}"#, 7),
            (#"{"a":1,"a":1}"#, 7),
            (#"{"":1,"":2}"#, 6),
            (#"{"a":1,"\u0061":2}"#, 7),
            (#"{"\u0061":1,"a":2}"#, 12),
            (#"{"\u0061":1,"\u0061":2}"#, 12),
            (#"{"\u006A":1,"\u006a":2}"#, 12),
            (#"{"a/b":1,"a\/b":2}"#, 9),
            (#"{"\n":1,"\u000a":2}"#, 8),
            (#"{"\ud83d\ude00":1,"\uD83D\uDE00":2}"#, 18),
            ("{\"\u{1F600}\":1,\"\\ud83d\\ude00\":2}", 10),
            (#"{"a":{"a":1},"b":[],"a":2}"#, 20),
            (#"[0,{"b":{"c":{"d":1,"d":2}}}]"#, 20),
            (#"{"x":[{"a":1},{"a":1,"a":1}]}"#, 21),
        ]
    )
    func duplicates(_ text: String, _ offset: Int) throws {
        let fault = try #require(jsonFault(text))
        #expect(fault.reason == Self.reason)
        #expect(fault.offset == offset)
    }

    @Test(
        "are not names in different objects, nor names that are only similar: there is no Unicode normalisation",
        arguments: [
            #"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":1}]"#, #"{"a":1,"A":2}"#, #"{"a":1,"a ":2," a":3}"#,
            #"{"a":1,"a\u0000":2}"#,
            #"{"a":1,"\\u0061":2}"#, "{\"\u{E9}\":1,\"e\u{301}\":2}", "{\"\u{212A}\":1,\"K\":2,\"k\":3}",
            #"{"":1,"\u0000":2}"#, #"{"a":"a","b":"a"}"#, "{\"\u{FB01}\":1,\"fi\":2}",
        ]
    )
    func distinct(_ text: String) { #expect(jsonFault(text) == nil) }

    /// An object of `count` names; the two given ones are equal, the second written with an escape.
    private func object(_ count: Int, _ first: Int, _ second: Int, escaped: Bool) -> (text: String, offset: Int) {
        var text = "{"
        var offset = 0
        for index in 0..<count {
            if index > 0 { text += "," }
            if index == second { offset = text.utf8.count }
            let name = "name" + String(index == second ? first : index)
            text += "\"" + (escaped && index == second ? "\\u006e" + name.dropFirst() : name) + "\":\(index)"
        }
        return (text + "}", offset)
    }

    @Test(
        "are found among few and among many members, in every two places",
        arguments: [2, 3, 12, 15, 16, 17, 18, 29]
    )
    func everyPlace(_ count: Int) {
        for second in 1..<count {
            for first in 0..<second {
                for escaped in [false, true] {
                    let (text, offset) = object(count, first, second, escaped: escaped)
                    #expect(jsonFault(text)?.offset == offset)
                }
            }
        }
    }

    @Test("are found among ten thousand, and ten thousand different names are accepted")
    func many() {
        let (duplicate, offset) = object(10_000, 17, 9_990, escaped: true)
        #expect(jsonFault(duplicate)?.offset == offset)
        #expect(jsonFault("{" + (0..<10_000).map { "\"n\($0)\":0" }.joined(separator: ",") + "}") == nil)
    }
}
