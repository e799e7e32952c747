import Testing

@testable import JSON

@Suite("Strict JSON: depth")
struct StrictJSONDepthTests {
    private static func nested(_ levels: Int, _ open: String, _ close: String) -> String {
        String(repeating: open, count: levels) + String(repeating: close, count: levels)
    }

    @Test("64 levels are accepted and 65 are not, the outermost value being level 1")
    func limit() throws {
        #expect(jsonFault(Self.nested(64, "[", "]")) == nil)
        #expect(jsonFault(Self.nested(63, "{\"a\":", "}").replacing("}", with: "{}}", maxReplacements: 1)) == nil)
        #expect(jsonFault(Self.nested(32, "[{\"a\":", "}]").replacing("}", with: "1}", maxReplacements: 1)) == nil)

        let arrays = try #require(jsonFault(Self.nested(65, "[", "]")))
        #expect(arrays.offset == 64)
        #expect(arrays.reason == "the text is nested more than 64 levels deep")
        let objects = try #require(jsonFault(String(repeating: "{\"a\":", count: 65)))
        #expect(objects.offset == 64 * 5)
        let mixed = try #require(jsonFault(String(repeating: "[{\"a\":", count: 32) + "[]"))
        #expect(mixed.offset == 32 * 6)
    }

    @Test("only what is open counts: neither siblings nor brackets in strings")
    func open() {
        #expect(jsonFault("[" + Array(repeating: "[[]]", count: 1_000).joined(separator: ",") + "]") == nil)
        #expect(jsonFault("\"" + String(repeating: "[{", count: 1_000) + "\"") == nil)
    }

    @Test("another limit can be asked for", arguments: [1, 2, 3, 500])
    func otherLimit(_ depthMax: Int) throws {
        _ = try JSONValue.parse(Array(Self.nested(depthMax, "[", "]").utf8).span, depthMax: depthMax)
        #expect(throws: JSONFault.self) {
            try JSONValue.parse(Array(Self.nested(depthMax + 1, "[", "]").utf8).span, depthMax: depthMax)
        }
    }

    @Test("a mebibyte of opened containers is refused at the first one too many", arguments: ["[", "{\"a\":", "[ "])
    func mebibyte(_ open: String) throws {
        let text = String(repeating: open, count: (1 << 20) / open.utf8.count)
        var json = StrictJSON()
        let fault = Array(text.utf8).withUnsafeBufferPointer { buffer -> JSONFault? in
            do throws(JSONFault) { try json.read(buffer) } catch { return error }
            return nil
        }
        #expect(fault?.offset == 64 * open.utf8.count)
        // The work is bounded too: nothing after the fault was read.
        #expect(json.tape.nodes.count <= 2 * 64)
    }
}
