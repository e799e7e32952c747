import Foundation
import TestSupport
import Testing

/// `docs/api.md` §6: what an operator can see and remove of the cache, while requests go on.
@Suite("Purges of the cache")
struct CachePurgeTests {
    private func purge(_ gateway: Gateway, _ query: String) throws -> Int? {
        let answer = try gateway.admin("DELETE", "/cache/entries?\(query)", token: Gateway.operatorToken)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json["purged"].int
    }

    private func entries(_ gateway: Gateway, _ document: String, _ query: String = "") throws -> JSON {
        try gateway.admin("GET", "/cache/entries?document_id=\(document)\(query)", token: Gateway.viewerToken).json
    }

    private func question(_ document: String, _ number: Int) -> String {
        SampleRequests.about(document, extra: #","note":\#(number)"#)
    }

    @Test("a purge of a document removes all spellings of all questions about it, in memory and store, and counts them")
    func document() throws {
        try withGateway { gateway in
            let (document, other) = (SampleRequests.newDocumentID(), SampleRequests.newDocumentID())
            for number in 0..<5 { expectStoredMiss(try gateway.classify(question(document, number))) }
            expectStoredMiss(try gateway.classify(SampleRequests.about(other)))
            // Another spelling, so that an alias leads to the result too.
            expectHit(try gateway.classify(" " + question(document, 1)))
            let list = try entries(gateway, document.uppercased())
            #expect(list["items"].items.count == 5)
            let entry = list["items"][0]
            #expect(entry["document_id"].string == document && entry["account"] == "default")
            #expect(entry["team"] == "team-a")
            #expect(entry["page_range"] == .null && entry["credits"].number != nil && entry["key"].string?.count == 64)
            #expect(try purge(gateway, "document_id=\(document.uppercased())") == 5)
            #expect(try purge(gateway, "document_id=\(document)") == 0)
            #expect(try entries(gateway, document)["items"].items.isEmpty)
            for body in [question(document, 1), " " + question(document, 2)] {
                expectStoredMiss(try gateway.classify(body))
            }
            expectHit(try gateway.classify(SampleRequests.about(other)))
            try gateway.killAndRestart()
            expectHit(try gateway.classify(question(document, 1)))
            expectStoredMiss(try gateway.classify(question(document, 3)))
            #expect(try entries(gateway, document, "&limit=2")["next_cursor"].string != nil)
        }
    }

    @Test("teams, keys and all results can be purged, each with its exact number, over a kill as well")
    func others() throws {
        try withGateway { gateway in
            let documents = (0..<6).map { _ in SampleRequests.newDocumentID() }
            for (index, document) in documents.enumerated() {
                let key = index < 4 ? Gateway.keyA : Gateway.keyB
                expectStoredMiss(try gateway.classify(SampleRequests.about(document), key: key))
            }
            let entry = try entries(gateway, documents[0])["items"][0]
            #expect(try purge(gateway, "key=\(try #require(entry["key"].string))") == 1)
            #expect(try purge(gateway, "team=\(try #require(entry["team"].string))") == 3)
            try gateway.killAndRestart()
            #expect(try gateway.admin("GET", "/cache/entries?document_id=\(documents[1])").json["items"].items.isEmpty)
            expectHit(try gateway.classify(SampleRequests.about(documents[5])))
            #expect(try purge(gateway, "all=true") == 2)
            try gateway.killAndRestart()
            expectStoredMiss(try gateway.classify(SampleRequests.about(documents[5])))
            let audit = try gateway.admin("GET", "/audit").json["items"].items
            #expect(audit.prefix(3).map { $0["after"]["purged"].int } == [2, 3, 1])
        }
    }

    @Test(
        "what was asked before a purge is not stored after it, and a request made after it joins no flight from before",
        arguments: ["document", "all"]
    )
    func flightUnderWay(target: String) throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            let bytes = TestRequest.classify(body, key: Gateway.keyA).bytes
            try gateway.vendor.queueFault("hold", document: document)
            let before = try gateway.connect()
            try before.send(bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            #expect(try purge(gateway, target == "all" ? "all=true" : "document_id=\(document)") == 0)
            // The vendor holds the first call alone: this one is a call of its own.
            let after = try gateway.classify(body)
            expectStoredMiss(after)
            try gateway.vendor.release()
            let late = try before.response()
            #expect(late.status == 200)
            #expect(late["cache-status"] == "tollgate; fwd=miss; fwd-status=200")
            #expect(try gateway.vendor.calls() == 2)
            // The later answer is the one that is kept.
            expectHit(try gateway.classify(body))
            #expect(try gateway.classify(body).body == after.body)
            #expect(try entries(gateway, document)["items"].items.count == 1)
        }
    }

    @Test("an error that memory keeps is purged and counted too")
    func negative() throws {
        try withGateway(["cache": ["negative_ttl": "1h"]]) { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.queueFault(
                "status",
                document: document,
                ["status": 404, "body": .string(#"{"success":false,"error":"not_found"}"#)]
            )
            let first = try gateway.classify(SampleRequests.about(document))
            try #require(first.status == 404, "\(first.text)")
            #expect(try gateway.classify(SampleRequests.about(document)).status == 404)
            #expect(try gateway.vendor.calls() == 1)
            #expect(try purge(gateway, "document_id=\(document)") == 1)
            #expect(try gateway.classify(SampleRequests.about(document)).status == 200)
        }
    }

    @Test("the command purges and lists; it asks for a confirmation where all would go")
    func command() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            func run(_ arguments: String...) throws -> CommandResult {
                try CommandResult.ofProgram(
                    "tollgate",
                    ["cache"] + arguments + ["--admin", "http://127.0.0.1:\(gateway.adminPort)"],
                    environment: ["TOLLGATE_ADMIN_TOKEN": Gateway.operatorToken]
                )
            }
            let list = try run("entries", document)
            #expect(list.output.contains("classification") && list.output.contains("gpt-4o-mini"))
            #expect(try run("purge").end == .exit(64))
            #expect(try run("purge", "--all").end == .exit(64))
            #expect(try run("purge", "--team", "a", "--all", "--yes").end == .exit(64))
            let purge = try run("purge", "--all", "--yes")
            #expect(purge.end == .exit(0) && purge.output == "purged  1\n")
            #expect(try run("purge", "--document", document, "--output", "json").output == "{\"purged\": 0}\n")
            #expect(try run("purge", "--key", "xyz").end == .exit(1))
        }
    }
}
