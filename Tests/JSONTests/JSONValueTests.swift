import Testing

@testable import JSON

@Suite("A JSON text as a tree")
struct JSONValueTests {
    private func value(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8).span) }

    @Test("has the values of the text in its order")
    func tree() throws {
        let value = try value(#"{"z":[1.0,"\u0061",true,false,null,{}],"a":{"b":[]}}"#)
        guard case .object(let members) = value, case .array(let elements) = members[0].value else {
            Issue.record("\(value)")
            return
        }
        #expect(members.map(\.name) == ["z", "a"])
        #expect(elements.count == 6)
        guard case .number("1.0") = elements[0], case .string("a") = elements[1], case .bool(true) = elements[2],
            case .bool(false) = elements[3], case .null = elements[4], case .object(let none) = elements[5]
        else {
            Issue.record("\(elements)")
            return
        }
        #expect(none.isEmpty)
        guard case .array(let empty) = value["a"]?["b"] else {
            Issue.record("\(value)")
            return
        }
        #expect(empty.isEmpty)
    }

    @Test("finds a member by the bytes of its name")
    func member() throws {
        let value = try value("{\"e\u{301}\":1,\"a\\u0062\":2}")
        guard case .number("1") = value["e\u{301}"], case .number("2") = value["ab"] else {
            Issue.record("\(value)")
            return
        }
        #expect(value["\u{E9}"] == nil)
        #expect(value["AB"] == nil)
        #expect(try self.value("[1]")["0"] == nil)
    }
}
