import Testing

@testable import Keying

@Suite("What the members of a classify body may be")
struct ClassifyMeaningTests {
    /// The fault of a body that is JSON but not a request; its message starts with the path.
    private func expectFault(
        _ path: String,
        _ body: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let fault = keyingFault(body)
        #expect(fault?.code == .invalidRequest, sourceLocation: sourceLocation)
        #expect(
            fault?.message.hasPrefix(path + " ") == true,
            "\(String(describing: fault))",
            sourceLocation: sourceLocation
        )
        #expect(fault?.message.hasSuffix(".") == true, sourceLocation: sourceLocation)
    }

    @Test(
        "document_id is a string with a UUID, and has to be there",
        arguments: [
            nil, "null", "1", "true", "[]", "{}", "\"\"", "\"x\"", "\"0b13c9f251484ffbbb7bde03bb071ca8\"",
            "\"0b13c9f2-5148-4ffb-bb7b-de03bb071ca8 \"", "[\"0b13c9f2-5148-4ffb-bb7b-de03bb071ca8\"]",
        ] as [String?]
    )
    func document(_ value: String?) { expectFault("document_id", classifyBody(document: value)) }

    @Test("document_id may be escaped and in capitals")
    func documentSpelling() throws {
        let request = try readClassify(classifyBody(document: #""0B13C9F2\u002D5148-4FFB-BB7B-DE03BB071CA\u0038""#))
        #expect(request.documentID == sampleDocument)
    }

    @Test(
        "classification_schema is an array of two or more, and has to be there",
        arguments: [
            nil, "null", "1", "\"a\"", "{}", #"{"label":"a","description":""}"#, "[]",
            #"[{"label":"a","description":"A"}]"#,
            "[1]",
        ] as [String?]
    )
    func schema(_ value: String?) { expectFault("classification_schema", classifyBody(schema: value)) }

    @Test(
        "a category is an object with a label that is not empty and a description, both strings",
        arguments: [
            ("1", ""), ("null", ""), ("\"a\"", ""), ("[]", ""), ("{}", ".label"),
            (#"{"description":"A"}"#, ".label"),
            (#"{"label":"","description":"A"}"#, ".label"),
            (#"{"label":null,"description":"A"}"#, ".label"),
            (#"{"label":1,"description":"A"}"#, ".label"),
            (#"{"label":["a"],"description":"A"}"#, ".label"),
            (#"{"label":"a"}"#, ".description"),
            (#"{"label":"a","description":null}"#, ".description"),
            (#"{"label":"a","description":false}"#, ".description"),
            (#"{"label":"a","description":{}}"#, ".description"),
        ]
    )
    func category(_ category: String, _ member: String) {
        let good = (0..<3).map { "{\"label\":\"good\($0)\",\"description\":\"\"}" }
        for position in 0...3 {
            var categories = good
            categories.insert(category, at: position)
            let body = classifyBody(schema: "[\(categories.joined(separator: ","))]")
            expectFault("classification_schema[\(position)]" + member, body)
        }
    }

    @Test(
        "labels differ in what they say, however they are spelt",
        arguments: [
            (#""a""#, #""a""#), (#""a""#, #""\u0061""#), (#""\u0061""#, #""\u0061""#), (#""/""#, #""\/""#),
            (#""\u00E9""#, #""\u00e9""#), ("\"\u{1F600}\"", #""\ud83d\ude00""#),
        ]
    )
    func duplicateLabels(_ first: String, _ second: String) {
        let schema = """
            [{"label":\(first),"description":"1"},{"label":"other","description":""},{"label":\(second),"description":"2"}]
            """
        expectFault("classification_schema[2].label", classifyBody(schema: schema))
    }

    @Test(
        "labels that are only similar are two",
        arguments: [(#""a""#, #""A""#), (#""a""#, #""a ""#), ("\"\u{E9}\"", "\"e\u{301}\""), (#""a""#, #""\\u0061""#)]
    )
    func similarLabels(_ first: String, _ second: String) throws {
        let schema = "[{\"label\":\(first),\"description\":\"\"},{\"label\":\(second),\"description\":\"\"}]"
        #expect(try readClassify(classifyBody(schema: schema)).labels.count == 2)
    }

    @Test("a description may be empty, and a label may be a space")
    func leastCategory() throws {
        let schema = #"[{"label":" ","description":""},{"label":"\u0000","description":""}]"#
        #expect(try readClassify(classifyBody(schema: schema)).labels == [[0], [0x20]])
    }

    @Test("a thousand categories are taken")
    func manyCategories() throws {
        let schema = (0..<1_000).map { "{\"label\":\"l\($0)\",\"description\":\"d\"}" }.joined(separator: ",")
        #expect(try readClassify(classifyBody(schema: "[\(schema)]")).labels.count == 1_000)
    }

    @Test(
        "page_range is a string that names pages",
        arguments: [
            "1", "1.0", "true", "[]", "[1]", "{}", "\"\"", "\" \"", "\"0\"", "\"1000001\"", "\"3-1\"", "\"1,\"",
            "\"a\"",
            "\"1-\"", #""1\t""#, "\"" + Array(repeating: "1", count: 1_001).joined(separator: ",") + "\"",
        ]
    )
    func pages(_ value: String) { expectFault("page_range", classifyBody(pages: value)) }

    @Test("page_range may be escaped, and have 1,000 parts")
    func pagesSpelling() throws {
        #expect(try readClassify(classifyBody(pages: #""\u0031\u002d3""#)).pages?.text == "1-3")
        let parts = (1...1_000).map { "\($0 * 2)" }.joined(separator: " , ")
        #expect(try readClassify(classifyBody(pages: "\"\(parts)\"")).pages?.count == 1_000)
    }

    @Test("query_model is a string", arguments: ["1", "true", "false", "[]", "[\"gpt-4o\"]", "{}", "0"])
    func model(_ value: String) { expectFault("query_model", classifyBody(model: value)) }

    // MARK: Names

    @Test(
        "a member that differs from a known one only in letter case is refused, beside it or in its place",
        arguments: [
            ("Document_id", "document_id"), ("DOCUMENT_ID", "document_id"), ("document_Id", "document_id"),
            ("Classification_schema", "classification_schema"),
            ("classificationSchema".replacing("S", with: "_S"), "classification_schema"),
            ("PAGE_RANGE", "page_range"), ("page_Range", "page_range"), ("Query_Model", "query_model"),
            ("classification_\u{17F}chema", "classification_schema"),
            ("cla\u{17F}\u{17F}ification_schema", "classification_schema"),
            ("CLASSIFICATION_\u{17F}CHEMA", "classification_schema"),
        ]
    )
    func letterCase(_ name: String, _ known: String) {
        let beside = classifyBody(pages: "\"1\"", model: "\"gpt-4o\"", others: ",\"\(name)\":null")
        expectFault(name, beside)
        #expect(keyingFault(beside)?.message.contains(known) == true)
        let whole = classifyBody(pages: "\"1\"", model: "\"gpt-4o\"")
        expectFault(name, whole.replacing("\"\(known)\"", with: "\"\(name)\""))
    }

    @Test(
        "the same holds in a category",
        arguments: ["Label", "LABEL", "labeL", "Description", "DESCRIPTION", "de\u{17F}cription", "De\u{17F}cription"]
    )
    func letterCaseInCategory(_ name: String) {
        let second = "{\"label\":\"b\",\"description\":\"B\",\"\(name)\":\"x\"}"
        let body = classifyBody(schema: "[{\"label\":\"a\",\"description\":\"A\"},\(second)]")
        expectFault("classification_schema[1].\(name)", body)
    }

    @Test("an escaped name is judged by what it says")
    func escapedLetterCase() {
        expectFault("Page_range", classifyBody(others: #","\u0050age_range":"1""#))
        expectFault("classification_\u{17F}chema", classifyBody(others: #","classification_\u017fchema":1"#))
    }

    @Test(
        "names that no reader takes for a known one are kept",
        arguments: [
            "pagerange", "page-range", "page_ranges", "page_range ", " page_range", "page_range\\u0000", "label",
            "Label",
            "description", "p\u{E4}ge_range", "page_rang\u{435}", "document_\u{131}d", "\u{FF50}age_range", "",
            "documentId",
            "que\u{212A}y_model", "\u{212A}", "clas\u{DF}ification_schema",
        ]
    )
    func otherNames(_ name: String) throws {
        let plain = try readClassify(classifyBody())
        let request = try readClassify(classifyBody(others: ",\"\(name)\":\"1\""))
        #expect(request.canonicalText.contains("\"\(name)\":\"1\""))
        #expect(request.pages == nil)
        #expect(request.key() != plain.key())
    }

    @Test("known names mean something in their own place only")
    func otherPlaces() throws {
        let schema = #"[{"label":"a","description":"","Page_Range":1,"document_ID":2},{"label":"b","description":""}]"#
        let request = try readClassify(classifyBody(schema: schema, others: #","x":{"PAGE_RANGE":"7","Label":1}"#))
        #expect(request.canonicalText.contains(#"{"Page_Range":1,"description":"","document_ID":2,"label":"a"}"#))
        #expect(request.canonicalText.contains(#""x":{"Label":1,"PAGE_RANGE":"7"}"#))
    }

    @Test("no fault tells the client's content")
    func noContent() throws {
        let bodies = [
            classifyBody(document: "\"SECRET\"", others: ",\"SECRET\":\"SECRET\""),
            classifyBody(
                schema: #"[{"label":"SECRET","description":"SECRET"},{"label":"SECRET","description":"SECRET"}]"#
            ),
            classifyBody(schema: #"[{"label":"SECRET","description":1,"SECRET":2},{}]"#),
            classifyBody(pages: "\"SECRET\""), classifyBody(model: "[\"SECRET\"]"), "{\"SECRET\":\"SECRET",
            "{\"SECRET\":1,\"SECRET\":2}",
        ]
        for body in bodies {
            let fault = try #require(keyingFault(body))
            #expect(!fault.message.contains("SECRET"))
        }
    }
}
