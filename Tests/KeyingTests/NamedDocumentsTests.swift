import Testing

@testable import Keying

@Suite("The documents that content names")
struct NamedDocumentsTests {
    private static let first = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"
    private static let second = "11111111-2222-3333-4444-555555555555"

    private func read(_ text: String) -> [String] { NamedDocuments.read(Array(text.utf8).span) }

    @Test(
        "a UUID under document_id in the outermost object, however it is written",
        arguments: [
            #"{"document_id":"\#(first)"}"#, #" { "a" : [1, {"b": null}], "document_id" : "\#(first)" } "#,
            #"{"document_id":"\#(first.uppercased())"}"#, #"{"docum\u0065nt_id":"\#(first)"}"#,
            #"{"document_id":"\u0030b13c9f2-5148-4ffb-bb7b-de03bb071ca8"}"#,
            // What the vendor's reader may take, though the strict one does not.
            #"{"document_id":"\#(first)","x":NaN}"#, #"{"document_id":"\#(first)","x":"\ud800"}"#,
            "\u{FEFF}" + #"{"document_id":"\#(first)"}"#, #"{"document_id":"\#(first)",}"#,
            #"{"x":1,"x":2,"document_id":"\#(first)"}"#, #"{"document_id":"\#(first)"} }"#,
            #"{"document_id":null,"document_id":"\#(first)"}"#,
        ]
    )
    func named(text: String) {
        #expect(read(text) == [Self.first], "\(text)")
    }

    @Test("of duplicates each one counts, since readers differ about which to take")
    func duplicates() {
        let text = #"{"document_id":"\#(Self.first)","a":1,"document_id":"\#(Self.second)"}"#
        #expect(read(text) == [Self.first, Self.second])
    }

    @Test(
        "anything else names none",
        arguments: [
            "", "{}", "[]", "null", #""\#(first)""#, #"[{"document_id":"\#(first)"}]"#,
            #"{"a":{"document_id":"\#(first)"}}"#, #"{"document_id":["\#(first)"]}"#,
            #"{"document_id":"\#(first)x"}"#, #"{"document_id":"\#(first) "}"#, #"{"document_id":7}"#,
            #"{"Document_id":"\#(first)"}"#, #"{"document_id":"\#(first)""#, #"{document_id:"\#(first)"}"#,
            "document_id=\(first)", #"{"document_id":"\#(first)"} {"a":1}"#,
        ]
    )
    func none(text: String) {
        #expect(read(text) == [], "\(text)")
    }

    @Test("a megabyte of brackets or names is read in time that is proportional to it, without recursion")
    func long() {
        let size = 1 << 20
        #expect(read(String(repeating: "[", count: size)) == [])
        #expect(read(#"{"a":"# + String(repeating: "[", count: size)) == [])
        let member = #""document_id":"\#(Self.first)","#
        let count = size / member.utf8.count
        #expect(read("{" + String(repeating: member, count: count) + "}").count == count)
    }
}
