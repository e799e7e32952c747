import Testing

@testable import VendorSimulation

@Suite("The body of a classify call")
struct ClassifyQuestionTests {
    @Test(
        "absent and null members have their defaults",
        arguments: ["", #", "page_range": null, "query_model": null"#]
    )
    func defaults(extra: String) throws {
        let question = try ClassifyQuestion(Array(TestCalls.body(extra: extra).utf8))
        #expect(question.pageRange == nil)
        #expect(question.model == "gpt-4o-mini")
        #expect(question.categories.map(\.label) == ["invoice", "contract"])
    }

    @Test(
        "what the vendor's page does not allow is a 400",
        arguments: [
            "", "[]", "{", "{}", #"{"document_id": "x"}"#, #"{"document_id": "\#(TestCalls.document)"}"#,
            #"{"document_id": "\#(TestCalls.document)", "classification_schema": []}"#,
            #"{"document_id": "\#(TestCalls.document)", "classification_schema": [{"label": "a", "description": "b"}]}"#,
            TestCalls.body("0b13c9f2-5148-4ffb-bb7b-de03bb071ca"), TestCalls.body(extra: #", "page_range": 1"#),
            TestCalls.body(extra: #", "query_model": 4"#),
            TestCalls.body(extra: #", "classification_schema": [1, 2]"#),
            TestCalls.body().replacing("contract", with: "invoice"), TestCalls.body().replacing("contract", with: ""),
        ]
    )
    func refuses(body: String) {
        let error = #expect(throws: VendorRefusal.self) { try ClassifyQuestion(Array(body.utf8)) }
        #expect(error?.status == 400)
    }
}

@Suite("Identifiers of documents")
struct DocumentIdentifierTests {
    @Test("a UUID counts in either case")
    func cases() {
        #expect(DocumentIdentifier.normalised(TestCalls.document.uppercased()) == TestCalls.document)
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "0b13c9f251484ffbbb7bde03bb071ca8", "{0b13c9f2-5148-4ffb-bb7b-de03bb071ca8}",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071cag", "0b13c9f25-148-4ffb-bb7b-de03bb071ca8",
        ]
    )
    func others(text: String) { #expect(DocumentIdentifier.normalised(text) == nil) }

    @Test("every UUID is a document of 1 to 10 pages, and always of as many")
    func pages() {
        let book = DocumentBook()
        var seen: Set<Int> = []
        for number in 100...400 {
            let id = "00000000-0000-4000-8000-000000000\(number)"
            let record = book.record(of: id)
            #expect((1...10).contains(record.pages) && record.state == .ready)
            #expect(DocumentBook().record(of: id) == record)
            seen.insert(record.pages)
        }
        #expect(seen.count == 10)
        #expect(book.record(of: DocumentBook.sampleID).pages == 2)
    }
}
