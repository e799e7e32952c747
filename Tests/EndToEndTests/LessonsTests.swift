import Foundation
import TestSupport
import Testing

/// `docs/api.md` §4 and §6: what estimates learn, that a wrong one corrects itself, and how an operator reads and
/// deletes it.
@Suite("What estimates have learned")
struct LessonsTests {
    private static let budget: JSON = ["budgets": ["organization": [["window": "total", "credits": 100_000]]]]

    /// A completed reply about the document, with these numbers.
    private func lie(_ gateway: Gateway, _ document: String, credits: String, pages: String) throws {
        let body =
            #"{"request_status":"completed","document_id":"\#(document)","classification":"invoice","#
            + #""credits_used":\#(credits),"num_pages":\#(pages)}"#
        try gateway.vendor.queueFault("json_not_object", document: document, ["body": .string(body)])
    }

    private func question(_ document: String, _ number: Int) -> String {
        SampleRequests.about(document, extra: #","note":\#(number)"#)
    }

    @Test("one wrong bill does not keep the next request from being sent, over a restart either")
    func wrongBill() throws {
        try withGateway(Self.budget) { gateway in
            let document = SampleRequests.newDocumentID()
            try lie(gateway, document, credits: "15000", pages: "1")
            #expect(try gateway.classify(question(document, 1))["tollgate-credits-charged"] == "15000")
            #expect(try gateway.classify(SampleRequests.about()).status == 200)
            try gateway.killAndRestart()
            #expect(try gateway.classify(SampleRequests.about()).status == 200)
            #expect(try gateway.classify(question(document, 2)).status == 200)
        }
    }

    @Test("a lie about the pages of a document does not keep the next question about it from being sent")
    func wrongPages() throws {
        try withGateway(Self.budget) { gateway in
            let document = SampleRequests.newDocumentID()
            try lie(gateway, document, credits: "2", pages: "1000000")
            expectStoredMiss(try gateway.classify(question(document, 1)))
            // The cost of a page is learned from other documents.
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
            expectStoredMiss(try gateway.classify(question(document, 2)))
            try gateway.killAndRestart()
            expectStoredMiss(try gateway.classify(question(document, 3)))
        }
    }

    @Test("models come first, then documents, a page at a time; a model or a document alone can be asked for")
    func list() throws {
        try withGateway { gateway in
            let documents = (0..<3).map { _ in SampleRequests.newDocumentID() }.sorted()
            for document in documents {
                try gateway.vendor.setDocument(document, ["pages": 3])
                #expect(try gateway.classify(SampleRequests.about(document)).status == 200)
            }
            let other = SampleRequests.about(documents[0], extra: #","query_model":"gpt-4o""#)
            #expect(try gateway.classify(other).status == 200)
            let all = try gateway.admin("GET", "/lessons", token: Gateway.viewerToken).json
            let names = all["items"].items.map { $0["model"].string ?? $0["document_id"].string }
            try #require(names == ["gpt-4o", "gpt-4o-mini"] + documents)
            #expect(all["next_cursor"].text == "null")
            let mini = all["items"].items[1]
            #expect(mini["kind"].string == "model" && mini["replies"].int == 3 && mini["credits_per_page"].int == 1)
            #expect(mini["recent"].items.count == 3)
            let last = all["items"].items[4]
            #expect(last["kind"].string == "document" && last["pages"].int == 3 && last["account"].string == "default")
            for limit in 1...6 {
                var found: [String?] = []
                var cursor: String?
                repeat {
                    let query = "?limit=\(limit)" + (cursor.map { "&cursor=\($0)" } ?? "")
                    let page = try gateway.admin("GET", "/lessons" + query).json
                    #expect(page["items"].items.count <= limit)
                    found += page["items"].items.map { $0["model"].string ?? $0["document_id"].string }
                    cursor = page["next_cursor"].string
                } while cursor != nil && found.count < 9
                #expect(found == names, "limit \(limit)")
            }
            let one = try gateway.admin("GET", "/lessons?model=gpt-4o").json["items"].items
            #expect(one.map { $0["model"].string } == ["gpt-4o"])
            let document = try gateway.admin("GET", "/lessons?document_id=\(documents[1].uppercased())").json
            #expect(document["items"].items.map { $0["document_id"].string } == [documents[1]])
            for query in [
                "?model=a&document_id=\(documents[0])", "?document_id=7", "?cursor=x", "?cursor=document:a", "?limit=0",
                "?model=", "?team=a",
            ] {
                expectError(try gateway.admin("GET", "/lessons" + query), 422, "invalid_request")
            }
        }
    }

    @Test("an operator forgets what is known of a model or a document, durably and in the audit log")
    func forgetting() throws {
        try withGateway(Self.budget) { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 3])
            #expect(try gateway.classify(SampleRequests.about(document)).status == 200)
            for token in [Gateway.viewerToken, Gateway.operatorToken] {
                let refused = try gateway.admin("DELETE", "/lessons?model=gpt-4o-mini", token: token)
                expectError(refused, 403, "forbidden")
            }
            for query in ["", "?model=a&document_id=\(document)", "?document_id=7", "?all=true"] {
                expectError(try gateway.admin("DELETE", "/lessons" + query), 422, "invalid_request")
            }
            #expect(try gateway.admin("GET", "/lessons").json["items"].items.count == 2)
            for query in ["model=gpt-4o-mini", "document_id=\(document)", "model=unheard-of"] {
                let reply = try gateway.admin("DELETE", "/lessons?\(query)")
                #expect(reply.status == 204)
            }
            #expect(try gateway.admin("GET", "/lessons").json["items"].items.isEmpty)
            let audit = try gateway.admin("GET", "/audit").json["items"].items
            #expect(audit.map { $0["action"].string } == Array(repeating: "lesson.delete", count: 3))
            let targets = ["model/unheard-of", "document/\(document)", "model/gpt-4o-mini"]
            try #require(audit.map { $0["target"].string } == targets)
            #expect(audit[0]["before"].text == "null" && audit[1]["before"].items.first?["pages"].int == 3)
            #expect(audit[2]["before"]["replies"].int == 1 && audit[2]["actor"].string == "boss")
            try gateway.killAndRestart()
            #expect(try gateway.admin("GET", "/lessons").json["items"].items.isEmpty)
        }
    }

    @Test("lessons are shown and changed from the shell")
    func command() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            #expect(try gateway.classify(SampleRequests.about(document)).status == 200)
            func run(_ arguments: [String]) throws -> CommandResult {
                try CommandResult.ofProgram(
                    "tollgate",
                    ["lessons"] + arguments + ["--admin", "http://127.0.0.1:\(gateway.adminPort)"],
                    environment: ["TOLLGATE_ADMIN_TOKEN": Gateway.adminToken]
                )
            }
            let table = try run([])
            #expect(table.succeeded && table.output.contains("gpt-4o-mini") && table.output.contains(document))
            #expect(try !run(["list", "--model", "gpt-4o-mini"]).output.contains(document))
            #expect(try !run(["list", "--document", document]).output.contains("gpt-4o-mini"))
            #expect(try !run(["delete"]).succeeded)
            #expect(try !run(["list", "--model", "a", "--document", document]).succeeded)
            let done = try run(["delete", "--document", document])
            #expect(done.output == "what was known of \(document) is forgotten\n")
            #expect(try run(["forget", "--model", "gpt-4o-mini"]).succeeded)
            #expect(try run(["--output", "json"]).output == "[]\n")
        }
    }
}
