import Testing

@testable import Keying

@Suite("The canonical form")
struct CanonicalFormTests {
    @Test(
        "has no white space, members in the order of their names' bytes and the shortest escapes",
        arguments: [
            (" [ 1 ,\t2\r\n] ", "[1,2]"),
            (#"{ "b" : 1 , "a" : { "d" : [ ] , "c" : null } }"#, #"{"a":{"c":null,"d":[]},"b":1}"#),
            (#"{"b":1,"":2,"a":3,"B":4,"aa":5}"#, #"{"":2,"B":4,"a":3,"aa":5,"b":1}"#),
            (
                "{\"\u{1F600}\":1,\"\u{FFFD}\":2,\"\u{E9}\":3,\"z\":4}",
                "{\"z\":4,\"\u{E9}\":3,\"\u{FFFD}\":2,\"\u{1F600}\":1}"
            ),
            (#"{"\u0062":1,"a":2}"#, #"{"a":2,"b":1}"#),
            ("{\"\\u001f\":1,\"\\t\":2,\"\\\"\":3}", #"{"\t":2,"\u001f":1,"\"":3}"#),
            (#""\u0041\/\u002f\u0022\u005c""#, #""A//\"\\""#),
            (#""\u0008\u0009\u000A\u000c\u000D\u0000\u001F\u007f""#, "\"\\b\\t\\n\\f\\r\\u0000\\u001f\u{7F}\""),
            (#""\u00e9\u2028\ud83d\ude00""#, "\"\u{E9}\u{2028}\u{1F600}\""),
            ("\"e\\u0301\u{E9}\"", "\"e\u{301}\u{E9}\""),
            ("[1.0,1,1e0,-0,[true,false,null]]", "[1.0,1,1e0,-0,[true,false,null]]"),
        ]
    )
    func rows(_ text: String, _ canonical: String) throws {
        #expect(try Array(canonicalForm(Array(text.utf8))) == Array(canonical.utf8))
        #expect(try Array(canonicalForm(Array(canonical.utf8))) == Array(canonical.utf8))
    }

    @Test("keeps the order of an array, and equal elements of it")
    func arrays() throws { #expect(try canonicalForm("[3,1,2,1,{},[],3]") == "[3,1,2,1,{},[],3]") }
}
