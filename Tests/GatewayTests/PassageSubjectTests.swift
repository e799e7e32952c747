import Authentication
import HTTPMessages
import Testing
import Vocabulary

@testable import Gateway

@Suite("What a request that is passed through is about")
struct PassageSubjectTests {
    private static let document = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"

    private static let second = "11111111-2222-3333-4444-555555555555"

    private func subject(_ target: String, _ method: String = "GET") throws -> PassageSubject {
        let bytes = Array("\(method) \(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        var parser = RequestParser(limits: HeadLimits())
        try #require(parser.parse(bytes.span) == .complete)
        return PassageSubject(parser.head, in: bytes.span)
    }

    private func team(_ models: Set<String>?) -> Team {
        Team(
            id: TeamID(rawValue: "sales"),
            name: "Sales",
            account: AccountID(rawValue: "default"),
            cacheScopeIsTeam: false,
            limits: TeamLimits(models: models)
        )
    }

    @Test("a document is found in the path, then in the query, in lower case")
    func target() throws {
        #expect(try subject("/v1/documents/\(Self.document.uppercased())/run_parser").documentID == Self.document)
        #expect(try subject("/v1/documents/\(Self.document)").documentID == Self.document)
        #expect(try subject("/files?a=b&document_id=\(Self.document)").documentID == Self.document)
        #expect(try subject("/v1/documents/upload_url?file_name=a").documentID == "")
        #expect(try subject("/v1/\(Self.document)").documentID == "")
        #expect(try subject("/v1/x?query_model=gpt%2D4o&query_model=b").models == ["gpt-4o", "b"])
        #expect(try subject("/v1/x?query_model=%").models == [])
    }

    @Test(
        "what a target names is what it may change, whatever the method, but for the call of a saved classifier",
        arguments: [
            ("GET", "/v1/documents/\(document)", [document]), ("DELETE", "/v1/documents/\(document)", [document]),
            ("HEAD", "/v1/documents/\(document)/", [document]), ("POST", "/v1/documents/\(document)/a/b", [document]),
            ("GET", "/v1/documents/\(document.uppercased())/run_parser?page_ranges=1", [document]),
            ("GET", "/v1/Documents/\(document);v=1", [document]), ("GET", "/v1/documents/\(document)%20", [document]),
            ("GET", "/v1/documents/\(document)/documents/\(second)", [document, second]),
            ("PUT", "/v1/x?document_id=\(document)&document_id=\(second)", [document, second]),
            ("PUT", "/v1/x?document_id=\(document)&document_id=\(document.uppercased())", [document]),
            ("GET", "/v1/documents/\(document)?document_id=\(second)", [document, second]),
            ("GET", "/v1/x?a=%&docu%6Dent_id=%30b13c9f2-5148-4ffb-bb7b-de03bb071ca8", [document]),
            ("POST", "/v1/documents", []), ("GET", "/v1/documents/upload_url?file_name=\(document)", []),
            ("GET", "/v1/documents/\(document)x", []), ("GET", "/files?request_id=\(document)", []),
            ("GET", "/v1/templates/\(document)", []), ("GET", "/v1/x?document_id=", []),
            ("GET", "/v1/x?Document_id=\(document)", []),
            ("POST", "/v1/classifiers/\(second)/classify?document_id=\(document)", []),
            ("POST", "/v1/Classifiers/\(second)/classify/?document_id=\(document)", []),
            ("PUT", "/v1/classifiers/\(second)/classify?document_id=\(document)", [document]),
            ("POST", "/v1/classifiers/\(second)/extract?document_id=\(document)", [document]),
            ("POST", "/v1/a/classifiers/\(second)/classify?document_id=\(document)", [document]),
        ]
    )
    func changes(method: String, target: String, documents: [String]) throws {
        #expect(try subject(target, method).changed == documents)
    }

    @Test("the call of a saved classifier names its document for the ledger all the same")
    func classifier() throws {
        var subject = try subject("/v1/classifiers/\(Self.second)/classify", "POST")
        try subject.read(Array(#"{"document_id": "\#(Self.document)"}"#.utf8), isJSON: true, of: team(nil))
        #expect(subject.documentID == Self.document && subject.changed == [])
    }

    @Test("of too many documents one more than may be changed is kept, so that the request can be refused")
    func tooMany() throws {
        func member(_ number: Int) -> String {
            let digits = String(number, radix: 16)
            return "document_id=00000000-0000-0000-0000-" + String(repeating: "0", count: 12 - digits.count) + digits
        }
        for (count, kept) in [(100, 100), (101, 101), (150, 101)] {
            let query = (0..<count).map(member).joined(separator: "&")
            #expect(try subject("/v1/x?\(query)").changed.count == kept)
        }
    }

    @Test("a document and a model are found in a JSON object, whatever its type is said to be")
    func content() throws {
        let body = Array(#" {"document_id": "\#(Self.document)", "query_model": "gpt-4o", "other": [1]}"#.utf8)
        for isJSON in [true, false] {
            var subject = try subject("/v1/x")
            try subject.read(body, isJSON: isJSON, of: team(["gpt-4o"]))
            #expect(subject.documentID == Self.document && subject.changed == [Self.document])
            #expect(subject.models == ["gpt-4o"])
        }
    }

    @Test("a mark in front hides no object, and no model, whatever the content's type is said to be")
    func marked() throws {
        var subject = try subject("/v1/x")
        let body = Array("\u{FEFF} {\"query_model\": \"other\"}".utf8)
        #expect(throws: ErrorReply.self) { try subject.read(body, isJSON: false, of: team(["gpt-4o"])) }
        try subject.read(Array("\u{FEFF}text".utf8), isJSON: false, of: team(["gpt-4o"]))
    }

    @Test(
        "content that cannot be read is refused to a team that may use certain models only",
        arguments: [
            ("{", true), ("[1]", false), (#"{"query_model": 1}"#, true), (#"{"query_model": ["gpt-4o"]}"#, true),
            (#"{"query_model": "a", "query_model": "b"}"#, true), (#"{"query_model": null}"#, false), ("", false),
            ("{}", false), ("\u{FEFF}{}", true),
        ]
    )
    func unreadable(body: String, isRefused: Bool) throws {
        var subject = try subject("/v1/x")
        try subject.read(Array(body.utf8), isJSON: true, of: team(nil))
        if isRefused {
            #expect(throws: ErrorReply.self) { try subject.read(Array(body.utf8), isJSON: true, of: team(["gpt-4o"])) }
        } else {
            try subject.read(Array(body.utf8), isJSON: true, of: team(["gpt-4o"]))
        }
    }
}
