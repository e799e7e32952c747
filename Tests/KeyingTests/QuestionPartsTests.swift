import Cryptography
import Testing
import Vocabulary

@testable import Keying

@Suite("The parts of a question")
struct QuestionPartsTests {
    private func parts(_ body: String, _ order: SchemaOrder = .insignificant) throws -> QuestionParts {
        let request = try readClassify(body, order)
        return request.parts(with: SHA256Hasher())
    }

    @Test("are the same for bodies that mean the same")
    func same() throws {
        let hasher = SHA256Hasher()
        hasher.update([1, 2, 3])
        let plain = try readClassify(classifyBody(pages: "\"1-3\"", others: #","x":{"b":1,"a":2},"y":1"#))
        let odd = try readClassify(
            #"{ "y": 1, "x":{"a" : 2,"b":1}, "classification_schema": [{"description":"\u0041", "label":"a"}, "#
                + #"{"label":"\u0062","description":"B"}], "page_range":"3,1-2", "query_model":"gpt-4o-mini", "#
                + #""document_id":"\#(sampleDocument.uppercased())"}"#
        )
        #expect(plain.parts(with: hasher) == odd.parts(with: hasher))
        #expect(plain.key() == odd.key())
    }

    private static let bodies: [(String, Set<String>)] = [
        (classifyBody(schema: sampleSchema.replacing("\"A\"", with: "\"A.\"")), ["schema"]),
        (classifyBody(schema: sampleSchema.replacing("{\"label\":\"b\"", with: #"{"x":1,"label":"b""#)), ["schema"]),
        (classifyBody(schema: sampleSchema.replacing("\"a\"", with: "\"A\"")), ["labels", "schema"]),
        (classifyBody(pages: "\"1\""), ["pages"]),
        (classifyBody(others: #","x":null"#), ["others"]),
        (classifyBody(model: "\"gpt-4o\""), []),
        (classifyBody(document: "\"0b13c9f2-5148-4ffb-bb7b-de03bb071ca9\""), []),
    ]

    @Test("differ in the part that differs, and in no other", arguments: bodies)
    func differing(_ body: String, _ expected: Set<String>) throws {
        let (one, other) = (try parts(classifyBody()), try parts(body))
        var differing: Set<String> = []
        if one.labels != other.labels { differing.insert("labels") }
        if one.schema != other.schema { differing.insert("schema") }
        if one.pages != other.pages { differing.insert("pages") }
        if one.otherMembers != other.otherMembers { differing.insert("others") }
        #expect(differing == expected)
    }

    @Test("the order of the labels is a part only where it counts")
    func order() throws {
        let turned = #"[{"label":"a","description":"A"},{"label":"b","description":"B"}]"#
        #expect(try parts(classifyBody()) == parts(classifyBody(schema: turned)))
        let (one, other) = (
            try parts(classifyBody(), .significant), try parts(classifyBody(schema: turned), .significant)
        )
        #expect(one.labels != other.labels)
    }

    @Test("labels and other members cannot run together")
    func boundaries() throws {
        func labels(_ first: String, _ second: String) throws -> Int64 {
            let schema = #"[{"label":"\#(first)","description":""},{"label":"\#(second)","description":""}]"#
            return try parts(classifyBody(schema: schema), .significant).labels
        }
        #expect(try labels("ab", "c") != labels("a", "bc"))
        #expect(try labels("a", "b") != labels("b", "a"))
        #expect(
            try parts(classifyBody(others: #","x":1,"y":2"#)).otherMembers
                != parts(classifyBody(others: #","x":12"#)).otherMembers
        )
    }

    @Test("the schema is kept as canonical JSON, at any size")
    func text() throws {
        let text = try parts(classifyBody()).schemaText
        let canonical = #"[{"description":"A","label":"a"},{"description":"B","label":"b"}]"#
        #expect(String(decoding: text, as: UTF8.self) == canonical)
        let many = (0..<1_000).map { #"{"label":"\#($0)","description":"\#(String(repeating: "x", count: 1_000))"}"# }
        let schema = "[" + many.joined(separator: ",") + "]"
        #expect(try parts(classifyBody(schema: schema)).schemaText.count == schema.utf8.count)
        // Among the members before and behind it in the order of names.
        let others = try parts(classifyBody(others: #","a":1,"d":2,"z":3"#))
        #expect(String(decoding: others.schemaText, as: UTF8.self) == canonical)
    }
}
