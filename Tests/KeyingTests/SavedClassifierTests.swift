import Cryptography
import Testing
import Vocabulary

@testable import Keying

/// Questions to saved classifiers: docs/keying.md §5.
@Suite("Questions to saved classifiers")
struct SavedClassifierTests {
    private static let classifier = SavedClassifier(identifier: "7d0c", epoch: 3)
    private static let scope = KeyScope(account: AccountID(rawValue: "default"), team: nil)

    private func read(
        _ body: String,
        of classifier: SavedClassifier = classifier
    ) throws(KeyingFault) -> ClassifyRequest {
        try ClassifyReader().read(Array(body.utf8).span, schemaOrder: .insignificant, of: classifier)
    }

    private func canonical(_ body: String) throws -> String {
        String(decoding: try read(body).canonical, as: UTF8.self)
    }

    private func key(
        _ body: String = classifyBody(schema: nil),
        _ identifier: String = "7d0c",
        epoch: Int64 = 3,
        account: String = "default",
        team: String? = nil
    ) throws -> CacheKey {
        let request = try read(body, of: SavedClassifier(identifier: identifier, epoch: epoch))
        let scope = KeyScope(account: AccountID(rawValue: account), team: team.map(TeamID.init(rawValue:)))
        return request.key(in: scope, with: SHA256Hasher())
    }

    @Test("the canonical form needs no schema, and follows the rules of classify in all else")
    func canonicalForm() throws {
        let least = #"{"document_id":"\#(sampleDocument)","query_model":"gpt-4o-mini"}"#
        #expect(try canonical(classifyBody(schema: nil)) == least)
        #expect(try canonical(#" {"document_id" : "\#(sampleDocument.uppercased())", "query_model": null} "#) == least)
        #expect(
            try canonical(
                classifyBody(schema: nil, pages: "\"2, 1-1,5\"", model: "\"gpt-4o\"", others: #","zz":1.0,"a":[2,1]"#)
            )
                == #"{"a":[2,1],"document_id":"\#(sampleDocument)","page_range":"1-2,5","query_model":"gpt-4o","zz":1.0}"#
        )
    }

    @Test("a schema is a member like any other: kept as it is, and part of the key")
    func schemaIsKept() throws {
        let body = classifyBody(schema: "[1]", others: #","Classification_Schema":null"#)
        #expect(
            try canonical(body)
                == #"{"Classification_Schema":null,"classification_schema":[1],"document_id":"\#(sampleDocument)","#
                + #""query_model":"gpt-4o-mini"}"#
        )
        #expect(try key(body) != key())
    }

    @Test(
        "what classify refuses is refused",
        arguments: [
            "", "[]", "{}", "null", #"{"document_id":1}"#, #"{"document_id":"x"}"#,
            #"{"document_id":"\#(sampleDocument)","document_id":"\#(sampleDocument)"}"#,
            #"{"Document_id":"\#(sampleDocument)"}"#, #"{"document_id":"\#(sampleDocument)","query_model":""}"#,
            #"{"document_id":"\#(sampleDocument)","page_range":"0"}"#,
            #"{"document_id":"\#(sampleDocument)","page_range":1}"#, #"{"document_id":"\#(sampleDocument)"} x"#,
            #"{"document_id":"\#(sampleDocument)","a":"\ud800"}"#,
            #"{"document_id":"\#(sampleDocument)","a":\#(String(repeating: "[", count: 64))"#,
        ]
    )
    func refused(body: String) {
        #expect(throws: KeyingFault.self) { try read(body) }
    }

    @Test("an inline question still needs its schema")
    func inlineNeedsSchema() {
        #expect(keyingFault(classifyBody(schema: nil))?.message.hasPrefix("classification_schema is missing") == true)
    }

    @Test("classifier, epoch, account, team and body are in the key, and each alone makes another one")
    func keys() throws {
        let keys = try [
            key(), key(classifyBody(schema: nil, pages: "\"1\"")), key(classifyBody(schema: nil, others: #","a":1"#)),
            key(classifyBody(schema: nil), "7D0C"),
            key(classifyBody(schema: nil), "7d0"), key(epoch: 4), key(epoch: 3 << 8), key(account: "other"),
            key(team: "7d0c"),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(try key(#"{"query_model":"gpt-4o-mini","document_id":"\#(sampleDocument)"}"#) == key())
    }

    @Test("no question with a schema of its own has the key of one to a saved classifier, whatever the body")
    func domains() throws {
        let inline = try readClassify(classifyBody())
        let saved = try read(classifyBody())
        #expect(inline.key(in: Self.scope, with: SHA256Hasher()) != saved.key(in: Self.scope, with: SHA256Hasher()))
        let formats = ["tollgate result 1\0", "tollgate classifier result 1\0"]
        #expect(!formats[0].hasPrefix(formats[1]) && !formats[1].hasPrefix(formats[0]))
    }

    @Test("the key is the digest of the documented bytes")
    func documentedBytes() throws {
        let request = try read(classifyBody(schema: nil))
        let length = { (count: UInt8) in [UInt8](repeating: 0, count: 7) + [count] }
        var bytes = Array("tollgate classifier result 1\0".utf8) + length(7) + Array("default".utf8) + [0]
        bytes += length(4) + Array("7d0c".utf8) + length(3) + request.canonical
        #expect(request.key(in: Self.scope, with: SHA256Hasher()) == CacheKey(SHA256Hasher().digest(bytes)))
    }

    @Test("reports tell classifiers apart by their labels, and epochs of one by its text")
    func parts() throws {
        func parts(_ identifier: String, epoch: Int64) throws -> QuestionParts {
            let request = try read(classifyBody(schema: nil), of: SavedClassifier(identifier: identifier, epoch: epoch))
            return request.parts(with: SHA256Hasher())
        }
        let first = try parts("7D0c", epoch: 3)
        #expect(try first == parts("7d0c", epoch: 3))
        #expect(try first.labels == parts("7d0c", epoch: 4).labels && first.schema != parts("7d0c", epoch: 4).schema)
        #expect(try first.labels != parts("7d0d", epoch: 3).labels)
        #expect(
            String(decoding: first.schemaText, as: UTF8.self)
                == #"[{"description":"as of change 3","label":"saved classifier 7d0c"}]"#
        )
    }

    @Test(
        "a reply is stored with any label, unless it is of another classifier",
        arguments: [
            (#""classification":"x","classifier_id":"7d0c""#, true),
            (#""classification":"x","classifier_id":"7D0C""#, true),
            (#""classification":"x","classifier_id":null"#, true), (#""classification":"x""#, true),
            (#""classification":"x","classifier_id":"7d0d""#, false), (#""classification":"""#, false),
            (#""classification":null"#, false), (#""classification":1"#, false), (#""a":1"#, false),
        ]
    )
    func replies(members: String, isStorable: Bool) {
        let body = #"{"request_status":"completed","document_id":"\#(sampleDocument)","credits_used":2,\#(members)}"#
        let verdict = ClassifyReply.read(Array(body.utf8).span)
            .verdict(documentID: sampleDocument, expecting: .anyLabel(of: "7d0c"))
        let credits = MicroCredits(micros: 2_000_000)
        switch verdict {
        case .storable(let charged): #expect(isStorable && charged == credits)
        case .passedOnUnstored(let charged, _): #expect(!isStorable && charged == credits)
        case .failedReply, .unsoundCredits, .invalid: Issue.record("\(verdict)")
        }
    }
}
