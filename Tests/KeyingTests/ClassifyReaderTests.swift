import Testing

@testable import Keying

@Suite("Reading a classify body")
struct ClassifyReaderTests {
    @Test("takes the vendor's own example")
    func example() throws {
        let request = try readClassify(
            #"""
            {
              "document_id": "0B13C9F2-5148-4ffb-bb7b-de03bb071ca8",
              "classification_schema": [
                { "label": "invoice", "description": "A document requesting payment for goods or services rendered" },
                { "label": "contract", "description": "A legally binding agreement between two or more parties" }
              ],
              "page_range": "1-2",
              "query_model": "gpt-4o-mini"
            }
            """#
        )
        #expect(request.documentID == sampleDocument)
        #expect(request.labels == ["contract", "invoice"].map { Array($0.utf8) })
        #expect(request.pages?.ranges == [1...2])
        #expect(request.model == "gpt-4o-mini")
    }

    @Test("writes a canonical form with the model spelt out and members in order")
    func canonical() throws {
        let request = try readClassify(
            classifyBody(pages: "\" 3, 1-2 \"", others: #","zeta":{"b":1,"a":[ ]},"alpha":1e400"#)
        )
        #expect(
            request.canonicalText
                == #"{"alpha":1e400,"classification_schema":[{"description":"A","label":"a"},{"description":"B","label":"b"}],"#
                + #""document_id":"0b13c9f2-5148-4ffb-bb7b-de03bb071ca8","page_range":"1-3","query_model":"gpt-4o-mini","#
                + #""zeta":{"a":[],"b":1}}"#
        )
    }

    @Test("has the categories in the order of their labels, or as they were sent where that is significant")
    func schemaOrder() throws {
        let labels = [Array("a".utf8), Array("b".utf8)]
        #expect(try readClassify(classifyBody()).labels == labels)
        #expect(try readClassify(classifyBody(), .significant).labels == labels.reversed())
        let other = classifyBody(schema: #"[{"label":"a","description":"A"},{"label":"b","description":"B"}]"#)
        #expect(try readClassify(other).canonical == readClassify(classifyBody()).canonical)
        #expect(try readClassify(other, .significant).canonical != readClassify(classifyBody(), .significant).canonical)
    }

    @Test("gives labels without their escapes, as the vendor will name them")
    func labels() throws {
        let schema = #"[{"label":"\u0061\/\ud83d\ude00","description":""},{"label":"\n","description":""}]"#
        let labels = try readClassify(classifyBody(schema: schema)).labels
        #expect(labels == [Array("\n".utf8), Array("a/\u{1F600}".utf8)])
    }

    @Test(
        "an absent model or null is the default, and another one is taken as it is",
        arguments: [nil, "null"] as [String?]
    )
    func defaultModel(_ model: String?) throws {
        let request = try readClassify(classifyBody(model: model))
        #expect(request.model == "gpt-4o-mini")
        #expect(try request.canonical == readClassify(classifyBody(model: #""gpt-4o\u002dmini""#)).canonical)
        for other in ["gpt-4o", "a model of tomorrow", "GPT-4o-mini", "gpt-4o-mini "] {
            let request = try readClassify(classifyBody(model: "\"\(other)\""))
            #expect(request.model == other)
            #expect(request.canonicalText.contains("\"query_model\":\"\(other)\""))
        }
    }

    @Test("absent pages or null are all pages, which is another question than any set of them")
    func allPages() throws {
        let all = try readClassify(classifyBody())
        #expect(all.pages == nil)
        #expect(!all.canonicalText.contains("page_range"))
        #expect(try all.canonical == readClassify(classifyBody(pages: "null")).canonical)
        #expect(try all.canonical != readClassify(classifyBody(pages: "\"1-1000000\"")).canonical)
    }

    @Test("member names may be escaped")
    func escapedNames() throws {
        let body = classifyBody(pages: "\"1\"").replacing("document_id", with: #"\u0064ocument\u005Fid"#)
            .replacing("label", with: #"\u006cabel"#)
        #expect(try readClassify(body).canonical == readClassify(classifyBody(pages: "\"1\"")).canonical)
    }

    @Test(
        "what is not JSON, or not one object, is invalid_json",
        arguments: ["", "{", "[]", "null", "\"{}\"", "1", "{}{}", "\u{FEFF}{}"]
    )
    func noObject(_ body: String) throws {
        let fault = try #require(keyingFault(body))
        #expect(fault.code == .invalidJSON)
        #expect(fault.code.rawValue == "invalid_json")
        #expect(fault.message.hasPrefix("The body is not valid JSON"))
    }

    @Test("one reader reads many bodies, good and bad ones, each as if it were the first")
    func reuse() throws {
        let reader = ClassifyReader()
        let bodies = [
            classifyBody(), "{\"a\":[[[", classifyBody(pages: "\"2\"", others: ",\"x\":[1]"), "{}",
            classifyBody(pages: "1"),
        ]
        func answer(_ reader: ClassifyReader, _ body: String) -> Result<[UInt8], KeyingFault> {
            do throws(KeyingFault) {
                return .success(try reader.read(Array(body.utf8).span, schemaOrder: .insignificant).canonical)
            } catch {
                return .failure(error)
            }
        }
        for body in bodies + bodies.reversed() { #expect(answer(reader, body) == answer(ClassifyReader(), body)) }
    }

    @Test("refuses a name that stands twice, at any depth")
    func duplicateNames() throws {
        let bodies = [
            classifyBody(others: ",\"document_id\":\"\(sampleDocument)\""),
            classifyBody(others: #","page_range":"1","page\u005frange":"2""#),
            classifyBody(schema: #"[{"label":"a","description":"","label":"b"},{"label":"c","description":""}]"#),
            classifyBody(others: #","x":[{"y":{"z":1,"\u007a":1}}]"#),
        ]
        for body in bodies {
            let fault = try #require(keyingFault(body))
            #expect(fault.code == .invalidJSON)
            #expect(fault.message.contains("a member's name stands twice in one object"))
        }
    }

    @Test("takes at most 64 levels, the object itself being level 1")
    func depth() throws {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        _ = try readClassify(classifyBody(others: ",\"x\":" + nested(63)))
        let fault = try #require(keyingFault(classifyBody(others: ",\"x\":" + nested(64))))
        #expect(fault.code == .invalidJSON)
        #expect(fault.message.contains("nested more than 64 levels deep"))
        #expect(keyingFault(String(repeating: "[", count: 1 << 20))?.code == .invalidJSON)
    }
}
