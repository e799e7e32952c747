import Foundation
import TestSupport
import Testing

/// `docs/api.md` §6 on the real program: what two teams paid for twice, and why. The simulated vendor charges one
/// credit per page.
@Suite("Insights")
struct InsightTests {
    private func body(_ document: String, invoice: String = "A bill.", extra: String = "") -> String {
        #"{"document_id":"\#(document)","classification_schema":[{"label":"invoice","description":"\#(invoice)"},"#
            + #"{"label":"other","description":"Anything else."}]\#(extra)}"#
    }

    private func document(_ gateway: Gateway) throws -> String {
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.setDocument(document, ["pages": 2])
        return document
    }

    private func insights(_ gateway: Gateway, _ query: String = "") throws -> JSON {
        let answer = try gateway.admin("GET", "/insights\(query)", token: Gateway.viewerToken)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    @Test("two teams with slightly different schemas are told in which label they differ, after kill -9 too")
    func schemaText() throws {
        try withGateway { gateway in
            let document = try document(gateway)
            #expect(try insights(gateway)["items"].items.isEmpty)
            let first = try gateway.classify(body(document), [("x-request-id", "first-one")])
            expectStoredMiss(first)
            let again = try gateway.classify(body(document, invoice: "A bill of a supplier."), key: Gateway.keyB)
            expectStoredMiss(again)
            expectHit(try gateway.classify(body(document)))
            try gateway.killAndRestart()
            let report = try insights(gateway)
            #expect(report["total"] == ["credits": 2, "requests": 1])
            #expect(report["items"].items.count == 1)
            let item = report["items"][0]
            #expect(item["reason"] == "schema_text" && item["teams"] == ["team-a", "team-b"])
            let example = item["examples"][0]
            #expect(example["document_id"] == .string(document))
            #expect(example["first"]["request_id"] == "first-one" && example["again"]["credits"].int == 2)
            #expect(
                example["differs"] == [
                    [
                        "part": "schema_text", "label": "invoice", "member": "description", "first": "A bill.",
                        "again": "A bill of a supplier.",
                    ]
                ]
            )
            let result = try CommandResult.ofProgram(
                "tollgate",
                ["insights", "--examples", "--admin", "http://127.0.0.1:\(gateway.adminPort)"],
                environment: ["TOLLGATE_ADMIN_TOKEN": Gateway.viewerToken]
            )
            #expect(result.succeeded, "\(result.stderr)")
            for words in ["same labels, other descriptions", "schema_text · invoice", "again: A bill of a supplier."] {
                #expect(result.output.contains(words), "\(result.output)")
            }
        }
    }

    @Test("labels, pages, model, other members, no-cache and no-store are told apart")
    func reasons() throws {
        try withGateway { gateway in
            func reason(_ body: (String) -> String, _ fields: [(String, String)] = []) throws -> String? {
                let document = try document(gateway)
                expectStoredMiss(try gateway.classify(self.body(document)))
                #expect(try gateway.classify(body(document), fields).status == 200)
                let items = try insights(gateway)["items"].items
                let item = items.first { item in
                    item["examples"].items.contains { $0["document_id"] == .string(document) }
                }
                return item?["reason"].string
            }
            let plain = { (document: String) in self.body(document) }
            let cases: [(String, (String) -> String, [(String, String)])] = [
                ("schema_labels", { body($0).replacing("\"other\"", with: "\"rest\"") }, []),
                ("page_range", { body($0, extra: #","page_range":"1""#) }, []),
                ("model", { body($0, extra: #","query_model":"gpt-4o""#) }, []),
                ("other_members", { body($0, extra: #","priority":1"#) }, []),
                ("no_cache", plain, [("cache-control", "no-cache")]),
                ("no_cache", plain, [("cache-control", "max-age=0")]),
                ("no_store", plain, [("cache-control", "no-store")]),
            ]
            for (expected, body, fields) in cases { #expect(try reason(body, fields) == expected) }
            let report = try insights(gateway)
            #expect(report["total"]["requests"].int == 7 && report["unexplained"]["requests"].int == 0)
        }
    }

    @Test("a result that is too old is expired; one of another team is out of scope")
    func lifetimes() throws {
        try withGateway(["cache": ["ttl": "1ms", "scope": "team"]]) { gateway in
            let document = try document(gateway)
            #expect(try gateway.classify(body(document)).status == 200)
            let deadline = Deadline.generous
            while try insights(gateway)["items"].items.isEmpty {
                #expect(try gateway.classify(body(document)).status == 200)
                try #require(!deadline.hasPassed, "a result of 1 ms does not become stale")
            }
            #expect(try insights(gateway)["items"][0]["reason"] == "expired")
            #expect(try gateway.classify(body(document), key: Gateway.keyB).status == 200)
            #expect(try insights(gateway, "?team=team-b")["items"][0]["reason"] == "scope")
        }
    }

    @Test("a result that was purged is said to be")
    func purged() throws {
        try withGateway { gateway in
            let document = try document(gateway)
            expectStoredMiss(try gateway.classify(body(document)))
            let purge = "/cache/entries?document_id=\(document)"
            #expect(try gateway.admin("DELETE", purge, token: Gateway.operatorToken).status == 200)
            expectStoredMiss(try gateway.classify(body(document)))
            #expect(try insights(gateway)["items"][0]["reason"] == "purged")
        }
    }

    @Test("a payment that nobody knows the outcome of is one too")
    func unconfirmed() throws {
        try withGateway { gateway in
            let document = try document(gateway)
            try gateway.vendor.queueFault("reset_before_reply", document: document)
            #expect(try gateway.classify(body(document)).status == 502)
            expectStoredMiss(try gateway.classify(body(document)))
            let report = try insights(gateway)
            #expect(report["items"].items.isEmpty && report["unexplained"]["requests"].int == 1)
        }
    }
}
