import Foundation
import TestSupport
import Testing

/// Saved classifiers with `cache.classifier_ttl` above zero: `docs/api.md` §2, `docs/keying.md` §5.
@Suite("Saved classifiers")
struct SavedClassifierTests {
    private static let cached: JSON = ["cache": ["classifier_ttl": "1h"]]

    private static func schema(_ labels: String...) -> String {
        "[" + labels.map { #"{"label": "\#($0)", "description": "\#($0)"}"# }.joined(separator: ", ") + "]"
    }

    private func body(_ document: String, _ extra: String = "") -> String {
        #"{"document_id": "\#(document)"\#(extra)}"#
    }

    // MARK: A client's calls

    private func request(
        _ method: String,
        _ path: String,
        _ body: String = "",
        key: String = Gateway.keyA,
        fields: [(name: String, value: String)] = []
    ) -> TestRequest {
        let all = [(name: "x-api-key", value: key), (name: "Content-Type", value: "application/json")] + fields
        return TestRequest(method, path, fields: all, body: Array(body.utf8))
    }

    /// Saves a classifier; returns its identifier.
    private func make(_ gateway: Gateway, _ schema: String = schema("invoice", "letter")) throws -> String {
        let made = try gateway.send(request("POST", "/v1/classifiers", #"{"classification_schema": \#(schema)}"#))
        return try #require(made.json["classifier_id"].string)
    }

    private func question(
        _ classifier: String,
        _ body: String,
        key: String = Gateway.keyA,
        _ fields: [(name: String, value: String)] = []
    ) -> TestRequest {
        request("POST", "/v1/classifiers/\(classifier)/classify", body, key: key, fields: fields)
    }

    private func charges(_ gateway: Gateway) throws -> Int? { try gateway.vendor.account()["charges"].int }

    private func spent(_ gateway: Gateway) throws -> String {
        let budget = try gateway.admin("GET", "/budgets").json["items"][0]["budgets"][0]
        return "\(budget["spent"].text) \(budget["unconfirmed"].text) \(budget["reserved"].text)"
    }

    // MARK: Hits

    @Test("a result answers equal questions, of other teams too; bodies of other meaning or other classifiers miss")
    func hits() throws {
        try withGateway(Self.cached) { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 3])
            let id = try make(gateway)
            let first = try gateway.send(question(id, body(document)))
            expectStoredMiss(first)
            #expect(first["tollgate-credits-charged"] == "3" && first.json["classifier_id"].string == id)
            for (number, body) in [
                body(document), body(document.uppercased()), body(document, #", "query_model": null"#),
                #"{"query_model":"gpt-4o-mini","page_range":null,"document_id":"\#(document)"}"#,
            ].enumerated() {
                let hit = try gateway.send(question(id, body, key: number % 2 == 0 ? Gateway.keyB : Gateway.keyA))
                expectHit(hit)
                #expect(hit.body == first.body && hit["age"] != nil && hit["cache-control"] == "no-store")
                #expect(hit["tollgate-credits-charged"] == "0" && hit["tollgate-credits-saved"] == "3")
            }
            #expect(try charges(gateway) == 1)
            for body in [
                body(document, #", "page_range": "1""#), body(document, #", "query_model": "gpt-4o""#),
                body(document, #", "other": 1"#), body(SampleRequests.newDocumentID()),
            ] { expectStoredMiss(try gateway.send(question(id, body))) }
            expectStoredMiss(try gateway.send(question(try make(gateway), body(document))))
            // The same document under a schema of the request's own is another question, too.
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            #expect(try charges(gateway) == 7)
        }
    }

    @Test("what goes to the vendor is the canonical form, on the path as it was sent")
    func forwarded() throws {
        let origin = try RecordingOrigin { request, connection in
            let document = SampleRequests.documentID
            let body =
                #"{"document_id":"\#(document)","classification":"a","request_status":"completed","credits_used":2}"#
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            return true
        }
        let settings = Self.cached.overlaid(with: ["upstream": ["base_url": .string(origin.url + "/base")]])
        try withGateway(settings) { gateway in
            let spelled = #" { "page_range": "2,1", "document_id": "\#(SampleRequests.documentID.uppercased())" } "#
            expectStoredMiss(try gateway.send(question("Ab.c-_~9", spelled)))
            // The vendor may tell letter case apart, so the gateway does.
            expectStoredMiss(try gateway.send(question("aB.c-_~9", spelled)))
            expectHit(try gateway.send(question("Ab.c-_~9", spelled)))
            let requests = origin.requests
            #expect(requests.map(\.target) == ["Ab.c-_~9", "aB.c-_~9"].map { "/base/v1/classifiers/\($0)/classify" })
            let canonical =
                #"{"document_id":"\#(SampleRequests.documentID)","page_range":"1-2","query_model":"gpt-4o-mini"}"#
            #expect(requests.allSatisfy { $0.method == "POST" && $0.body == Array(canonical.utf8) })
            #expect(requests.allSatisfy { $0["content-type"] == "application/json" })
        }
    }

    @Test("questions at the same time are one call, over all workers and teams")
    func collapsed() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 2])
            try gateway.vendor.queueFault("hold", document: document)
            let connections = try (0..<40).map { number in
                let connection = try gateway.connect()
                let key = number % 2 == 0 ? Gateway.keyA : Gateway.keyB
                try connection.send(question(id, body(document), key: key).bytes)
                return connection
            }
            try gateway.vendor.waitForCalls(inFlight: 1)
            try gateway.vendor.release()
            let replies = try connections.map { try $0.response() }
            #expect(replies.allSatisfy { $0.status == 200 && $0.body == replies[0].body })
            #expect(replies.count { $0["tollgate-credits-charged"] == "2" } == 1)
            #expect(replies.count { $0["tollgate-credits-saved"] == "2" } == 39)
            #expect(try charges(gateway) == 1)
        }
    }

    @Test("the directives of Cache-Control hold")
    func directives() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let body = body(SampleRequests.newDocumentID())
            func ask(_ directive: String) throws -> TestResponse {
                try gateway.send(question(id, body, [("Cache-Control", directive)]))
            }
            expectError(try ask("only-if-cached"), 504, "not_cached")
            let unstored = try ask("no-store")
            #expect(unstored["cache-status"] == "tollgate; fwd=request; fwd-status=200")
            expectError(try ask("only-if-cached"), 504, "not_cached")
            #expect(try ask("no-cache")["cache-status"] == "tollgate; fwd=request; fwd-status=200; stored")
            expectHit(try ask("only-if-cached"))
            #expect(try charges(gateway) == 2)
        }
    }

    @Test("results live for classifier_ttl, which a reload changes at once, and no other results do")
    func lifetime() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let body = body(SampleRequests.newDocumentID())
            func reload(_ lifetime: String, _ others: JSON = [:]) throws {
                let cache = (["classifier_ttl": .string(lifetime)] as JSON).overlaid(with: others)
                try gateway.rewriteConfiguration(["cache": cache])
                try gateway.reload(expecting: "reloaded")
            }
            expectStoredMiss(try gateway.send(question(id, body)))
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let ttl = try #require(try gateway.send(question(id, body))["cache-status"])
            #expect(ttl.hasPrefix("tollgate; hit; ttl=35") || ttl == "tollgate; hit; ttl=3600")
            try reload("1ms")
            let stale = try gateway.send(question(id, body))
            #expect(stale["cache-status"] == "tollgate; fwd=stale; fwd-status=200; stored")
            expectHit(try gateway.classify(SampleRequests.vendors))
            try reload("0s")
            let passed = try gateway.send(question(id, body))
            #expect(passed["cache-status"] == nil && passed["tollgate-credits-charged"] != nil)
            // A shorter cache.ttl does not concern them.
            try reload("1h", ["ttl": "1ms"])
            let other = self.body(SampleRequests.newDocumentID())
            expectStoredMiss(try gateway.send(question(id, other)))
            expectHit(try gateway.send(question(id, other)))
            let inline = try gateway.classify(SampleRequests.vendors)
            #expect(inline["cache-status"]?.hasPrefix("tollgate; fwd=") == true)
        }
    }

    @Test("team scope, hit_credits_used and negative_ttl hold as for classify")
    func settings() throws {
        let settings: JSON = [
            "cache": ["classifier_ttl": "1h", "scope": "team", "hit_credits_used": "zero", "negative_ttl": "1h"]
        ]
        try withGateway(settings) { gateway in
            let id = try make(gateway)
            let body = body(SampleRequests.newDocumentID())
            expectStoredMiss(try gateway.send(question(id, body)))
            let hit = try gateway.send(question(id, body))
            expectHit(hit)
            #expect(hit.json["credits_used"].int == 0)
            expectStoredMiss(try gateway.send(question(id, body, key: Gateway.keyB)))
            let unknown = try gateway.send(question("unknown", body))
            #expect(unknown.status == 404)
            #expect(unknown["cache-status"] == "tollgate; fwd=miss; fwd-status=404; stored")
            let kept = try gateway.send(question("unknown", body))
            #expect(kept.status == 404 && kept["cache-status"]?.hasPrefix("tollgate; hit") == true)
        }
    }

    // MARK: Changes

    @Test(
        "a change through the gateway drops the results, whatever the vendor makes of it",
        arguments: [
            ("PUT", "", 200), ("PUT", "/", 404), ("PATCH", "", 403), ("POST", "", 403), ("POST", "/labels", 404),
            ("DELETE", "/labels/1", 404),
        ]
    )
    func changes(method: String, suffix: String, status: Int) throws {
        try withGateway(Self.cached) { gateway in
            let document = SampleRequests.newDocumentID()
            let (id, other) = (try make(gateway), try make(gateway))
            for id in [id, other] { expectStoredMiss(try gateway.send(question(id, body(document)))) }
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            let settings = #"{"classification_schema": \#(Self.schema("contract", "memo"))}"#
            let changed = try gateway.send(
                request(method, "/v1/classifiers/\(id)\(suffix)", settings, key: Gateway.keyB)
            )
            #expect(changed.status == status, "\(changed.text)")
            let again = try gateway.send(question(id, body(document)))
            expectStoredMiss(again)
            if status == 200 { #expect(["contract", "memo"].contains(again.json["classification"].string)) }
            expectHit(try gateway.send(question(id, body(document))))
            expectHit(try gateway.send(question(other, body(document))))
            expectHit(try gateway.classify(SampleRequests.about(document)))
            let entries = try gateway.admin("GET", "/cache/entries?document_id=\(document)").json["items"].items
            #expect(entries.count == 3 && entries.count { $0["classifier"].string == id.lowercased() } == 1)
        }
    }

    @Test("a GET, a listing and a new classifier drop nothing")
    func noChanges() throws {
        try withGateway(Self.cached) { gateway in
            let body = body(SampleRequests.newDocumentID())
            let id = try make(gateway)
            expectStoredMiss(try gateway.send(question(id, body)))
            for (method, path) in [
                ("GET", "/\(id)"), ("OPTIONS", "/\(id)"), ("GET", ""), ("POST", "/\(id)/classify?a"),
            ] {
                _ = try gateway.send(request(method, "/v1/classifiers" + path))
            }
            _ = try make(gateway)
            expectHit(try gateway.send(question(id, body)))
        }
    }

    @Test("a deleted classifier answers no more")
    func deleted() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let body = body(SampleRequests.newDocumentID())
            expectStoredMiss(try gateway.send(question(id, body)))
            #expect(try gateway.send(request("DELETE", "/v1/classifiers/\(id)")).status == 200)
            let gone = try gateway.send(question(id, body))
            #expect(gone.status == 404 && gone["cache-status"] == "tollgate; fwd=miss; fwd-status=404")
        }
    }

    @Test("a question under way while its classifier changes is answered, not stored, and joined by none from after")
    func underWay() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 2])
            try gateway.vendor.queueFault("hold", document: document)
            let early = try gateway.connect()
            try early.send(question(id, body(document)).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            let settings = #"{"classification_schema": \#(Self.schema("contract", "memo"))}"#
            #expect(try gateway.send(request("PUT", "/v1/classifiers/\(id)", settings)).status == 200)
            let late = try gateway.send(question(id, body(document)))
            expectStoredMiss(late)
            try gateway.vendor.release()
            let answered = try early.response()
            #expect(answered["cache-status"] == "tollgate; fwd=miss; fwd-status=200")
            #expect(answered["tollgate-credits-charged"] == "2")
            #expect(answered.json["classification"].string != late.json["classification"].string)
            let hit = try gateway.send(question(id, body(document)))
            expectHit(hit)
            #expect(hit.body == late.body)
            try gateway.killAndRestart()
            #expect(try gateway.send(question(id, body(document))).body == late.body)
            #expect(try charges(gateway) == 2)
        }
    }

    /// An origin that answers questions with the settings of the moment, and holds a change until it is let go.
    private final class SlowOrigin: Sendable {
        let arrived = DispatchSemaphore(value: 0)
        let letGo = DispatchSemaphore(value: 0)

        func start() throws -> RecordingOrigin {
            try RecordingOrigin { [self] request, connection in
                var body = "{}"
                if request.method == "POST" {
                    body = #"{"document_id":"\#(SampleRequests.documentID)","classification":"a","credits_used":2,"#
                    body += #""request_status":"completed"}"#
                } else {
                    arrived.signal()
                    letGo.wait()
                }
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                try connection.send(head + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return true
            }
        }
    }

    @Test("what is asked and answered while a change is under way is dropped when it has ended")
    func between() throws {
        let slow = SlowOrigin()
        let origin = try slow.start()
        let settings = Self.cached.overlaid(with: ["upstream": ["base_url": .string(origin.url)]])
        try withGateway(settings) { gateway in
            let ask = question("c", body(SampleRequests.documentID))
            expectStoredMiss(try gateway.send(ask))
            let changing = try gateway.connect()
            try changing.send(request("PUT", "/v1/classifiers/c", "{}").bytes)
            slow.arrived.wait()
            expectStoredMiss(try gateway.send(ask))
            expectHit(try gateway.send(ask))
            slow.letGo.signal()
            #expect(try changing.response().status == 200)
            expectStoredMiss(try gateway.send(ask))
            expectHit(try gateway.send(ask))
        }
    }

    @Test("a client that leaves does not end a change that was sent; its end is awaited")
    func clientLeaves() throws {
        let slow = SlowOrigin()
        let origin = try slow.start()
        let settings = Self.cached.overlaid(with: ["upstream": ["base_url": .string(origin.url)]])
        try withGateway(settings) { gateway in
            let ask = question("c", body(SampleRequests.documentID))
            let changing = try gateway.connect()
            try changing.send(request("PUT", "/v1/classifiers/c", "{}").bytes)
            slow.arrived.wait()
            changing.reset()
            #expect(try gateway.accessLog(atLeast: 1).last?["status"].int == 499)
            expectStoredMiss(try gateway.send(ask))
            expectHit(try gateway.send(ask))
            slow.letGo.signal()
            // The change ends when its answer comes, which no client sees.
            let deadline = Deadline.generous
            while try gateway.send(ask)["cache-status"]?.hasPrefix("tollgate; hit") == true {
                try #require(!deadline.hasPassed)
                usleep(1_000)
            }
            expectHit(try gateway.send(ask))
        }
    }

    @Test("a kill while a change is under way: nothing from before the restart is served after it")
    func killedBetween() throws {
        let slow = SlowOrigin()
        let origin = try slow.start()
        let settings = Self.cached.overlaid(with: ["upstream": ["base_url": .string(origin.url)]])
        try withGateway(settings) { gateway in
            let (ask, other) = (
                question("c", body(SampleRequests.documentID)), question("d", body(SampleRequests.documentID))
            )
            expectStoredMiss(try gateway.send(other))
            let changing = try gateway.connect()
            try changing.send(request("PUT", "/v1/classifiers/c", "{}").bytes)
            slow.arrived.wait()
            expectStoredMiss(try gateway.send(ask))
            try gateway.killAndRestart()
            slow.letGo.signal()
            expectStoredMiss(try gateway.send(ask))
            expectHit(try gateway.send(ask))
            expectHit(try gateway.send(other))
        }
    }

    @Test("results and epochs survive a restart")
    func restart() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let body = body(SampleRequests.newDocumentID())
            #expect(try gateway.send(request("PUT", "/v1/classifiers/\(id)", "{}")).status == 200)
            let first = try gateway.send(question(id, body))
            expectStoredMiss(first)
            try gateway.killAndRestart()
            let hit = try gateway.send(question(id, body))
            expectHit(hit)
            #expect(hit.body == first.body)
            #expect(try gateway.send(request("PUT", "/v1/classifiers/\(id)", "{}")).status == 200)
            try gateway.killAndRestart()
            expectStoredMiss(try gateway.send(question(id, body)))
        }
    }

    @Test("a change that cannot be noted is refused, and nothing is sent")
    func storeFails() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let body = body(SampleRequests.newDocumentID())
            expectStoredMiss(try gateway.send(question(id, body)))
            let before = try gateway.vendor.requests()
            let file = gateway.folder.file("tollgate.db")
            try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
            expectError(try gateway.send(request("PUT", "/v1/classifiers/\(id)", "{}")), 503, "store_unavailable")
            expectHit(try gateway.send(question(id, body)))
            #expect(try gateway.vendor.requests() == before)
            try FileManager.default.moveItem(atPath: file + ".away", toPath: file)
            let deadline = Deadline.generous
            while try gateway.send(request("PUT", "/v1/classifiers/\(id)", "{}")).status != 200 {
                try #require(!deadline.hasPassed)
                usleep(5_000)
            }
            expectStoredMiss(try gateway.send(question(id, body)))
        }
    }

    // MARK: Purges, budgets, reports

    @Test(
        "every purge concerns them",
        arguments: ["document_id=DOCUMENT", "team=team-a", "key=KEY", "all=true"]
    )
    func purges(query: String) throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 2])
            expectStoredMiss(try gateway.send(question(id, body(document))))
            let entry = try gateway.admin("GET", "/cache/entries?document_id=\(document)").json["items"][0]
            #expect(entry["classifier"].string == id.lowercased() && entry["model"].string == "gpt-4o-mini")
            #expect(entry["page_range"] == .null && entry["credits"].int == 2)
            let target = query.replacingOccurrences(of: "DOCUMENT", with: document)
                .replacingOccurrences(of: "KEY", with: entry["key"].string ?? "")
            #expect(try gateway.admin("DELETE", "/cache/entries?\(target)").json["purged"].int == 1)
            expectStoredMiss(try gateway.send(question(id, body(document))))
        }
    }

    @Test("a miss is reserved as classify is, by pages and model; a spent budget refuses it, and hits go on")
    func budgets() throws {
        let budget: JSON = ["budgets": ["organization": [["window": "total", "credits": 12]]]]
        try withGateway(Self.cached.overlaid(with: budget)) { gateway in
            let id = try make(gateway)
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 9])
            let first = try gateway.send(question(id, body(document)))
            #expect(first["tollgate-credits-charged"] == "9" && first["tollgate-budget-remaining"] == "3")
            expectError(try gateway.send(question(id, body(SampleRequests.newDocumentID()))), 402, "budget_exceeded")
            // The pages are known, so what is asked is known to cost three.
            let some = try gateway.send(question(id, body(document, #", "page_range": "1-3""#)))
            #expect(some["tollgate-credits-charged"] == "3" && some["tollgate-budget-remaining"] == "0")
            expectHit(try gateway.send(question(id, body(document))))
            #expect(try spent(gateway) == "12 0 0")
            let models = try gateway.admin("GET", "/spend?group_by=model").json["items"].items
            #expect(models.contains { $0["model"].string == "gpt-4o-mini" && $0["spent"].int == 12 })
        }
    }

    @Test("a lost answer leaves the cost unconfirmed, and nothing stored")
    func unconfirmed() throws {
        let budget: JSON = ["budgets": ["organization": [["window": "total", "credits": 100]]]]
        try withGateway(Self.cached.overlaid(with: budget)) { gateway in
            let id = try make(gateway)
            let body = body(SampleRequests.newDocumentID())
            try gateway.vendor.queueFault("reset_before_reply")
            expectError(try gateway.send(question(id, body)), 502, "upstream_unreachable")
            #expect(try spent(gateway) == "0 10 0")
            expectStoredMiss(try gateway.send(question(id, body)))
        }
    }

    @Test("the access log and the last requests name the path, and reports why it was paid for again")
    func reports() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 2])
            let path = "/v1/classifiers/\(id)/classify"
            expectStoredMiss(try gateway.send(question(id, body(document))))
            expectHit(try gateway.send(question(id, body(document))))
            let lines = try gateway.accessLog(atLeast: 3).suffix(2)
            #expect(lines.map { $0["path"].string } == [path, path])
            #expect(lines.map { $0["credits_saved"].int } == [0, 2])
            #expect(lines.map { $0["cache_status"].string?.prefix(4) } == ["fwd=", "hit;"])
            let requests = try gateway.admin("GET", "/requests").json["items"].items.prefix(2)
            #expect(requests.allSatisfy { $0["path"].string == path && $0["document_id"].string == document })
            #expect(requests.allSatisfy { $0["model"].string == "gpt-4o-mini" })
            _ = try gateway.send(request("PUT", "/v1/classifiers/\(id)", "{}"))
            expectStoredMiss(try gateway.send(question(id, body(document))))
            let insights = try gateway.admin("GET", "/insights").json["items"].items
            #expect(insights.map { $0["reason"].string } == ["schema_text"])
            let differs = insights.first?["examples"][0]["differs"][0]
            #expect(differs?["label"].string == "saved classifier \(id.lowercased())", "\(insights)")
        }
    }

    // MARK: Hostile requests

    @Test("bodies that classify refuses are refused, and cost nothing")
    func hostileBodies() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let before = try gateway.vendor.requests()
            let document = SampleRequests.documentID
            for (body, code) in [
                ("", "invalid_json"), ("[]", "invalid_json"), ("{", "invalid_json"), ("{}", "invalid_request"),
                (#"{"document_id":"x"}"#, "invalid_request"),
                (body(document, #","page_range":"9-1""#), "invalid_request"),
                (body(document, #","document_id":1"#), "invalid_json"),
                (body(document, #","query_model":1"#), "invalid_request"),
                (body(document, #","Page_range":"1""#), "invalid_request"),
                (body(document, #","a":"# + String(repeating: "[", count: 100_000)), "invalid_json"),
            ] { expectError(try gateway.send(question(id, body)), 400, code) }
            let coded = question(id, body(document), [("Content-Encoding", "gzip")])
            expectError(try gateway.send(coded), 415, "unsupported_media_type")
            let large = question(id, body(document, #","a":""# + String(repeating: "a", count: 1 << 20) + "\""))
            expectError(try gateway.send(large), 413, "body_too_large")
            #expect(try gateway.vendor.requests() == before)
        }
    }

    @Test("identifiers that have several spellings are refused, or metered without the cache")
    func hostileIdentifiers() throws {
        try withGateway(Self.cached) { gateway in
            let body = body(SampleRequests.documentID)
            for id in ["..", ".", "%2e%2e", "%00", "%2F", "a%2fb", "a%61", "a//b", "a%5cb"] {
                expectError(try gateway.send(question(id, body)), 400, "bad_request")
            }
            #expect(try gateway.vendor.requests() == 0)
            for id in ["a%20b", "a;b", "a:b", String(repeating: "a", count: 8_192), "a/b"] {
                let passed = try gateway.send(question(id, body))
                #expect(passed["cache-status"] == nil && [403, 404].contains(passed.status), "\(id)")
            }
            #expect(try gateway.vendor.requests() == 5)
        }
    }

    // MARK: Without the cache

    @Test("with classifier_ttl 0 it is passed through, reserved and settled even if it is not listed as spending")
    func uncached() throws {
        let settings: JSON = [
            "budgets": ["organization": [["window": "total", "credits": 13]]], "passthrough": ["spending": []],
        ]
        try withGateway(settings) { gateway in
            let id = try make(gateway)
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 4])
            for remaining in ["9", "5", "1"] {
                let passed = try gateway.send(question(id, body(document)))
                #expect(passed.status == 200 && passed["cache-status"] == nil)
                #expect(passed["tollgate-credits-charged"] == "4" && passed["tollgate-budget-remaining"] == remaining)
            }
            // Estimated at what the last one cost: less is left, though something is.
            expectError(try gateway.send(question(id, body(document))), 402, "budget_exceeded")
            #expect(try charges(gateway) == 3)
            #expect(try spent(gateway) == "12 0 0")
        }
    }

    @Test("a question with a query is metered without the cache")
    func query() throws {
        try withGateway(Self.cached) { gateway in
            let id = try make(gateway)
            let path = "/v1/classifiers/\(id)/classify?page_range=1"
            for _ in 1...2 {
                let passed = try gateway.send(request("POST", path, body(SampleRequests.documentID)))
                #expect(passed.status == 200 && passed["cache-status"] == nil)
                #expect(passed["tollgate-credits-charged"] == "2")
            }
        }
    }

    @Test("with pass-through off there is no such path")
    func passthroughOff() throws {
        try withGateway(Self.cached.overlaid(with: ["passthrough": ["enabled": false]])) { gateway in
            for (method, path) in [("POST", "/v1/classifiers/a/classify"), ("PUT", "/v1/classifiers/a")] {
                expectError(try gateway.send(request(method, path, "{}")), 404, "not_found")
            }
            #expect(try gateway.vendor.requests() == 0)
        }
    }
}
