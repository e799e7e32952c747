import Authentication
import HTTPMessages
import Testing
import Vocabulary

@testable import Gateway

@Suite("What a request that is passed through is about")
struct PassageSubjectTests {
    private static let document = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"

    private func subject(_ target: String) throws -> PassageSubject {
        let bytes = Array("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
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

    @Test("a document and a model are found in a JSON object, whatever its type is said to be")
    func content() throws {
        let body = Array(#" {"document_id": "\#(Self.document)", "query_model": "gpt-4o", "other": [1]}"#.utf8)
        for isJSON in [true, false] {
            var subject = try subject("/v1/x")
            try subject.read(body, isJSON: isJSON, of: team(nil))
            #expect(subject.documentID == Self.document)
            #expect(subject.models == ["gpt-4o"])
        }
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
