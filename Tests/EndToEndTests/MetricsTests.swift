import Foundation
import TestSupport
import Testing

/// `docs/metrics.md`: what is counted, on the running program.
@Suite("What the metrics count")
struct MetricsTests {
    private static let document = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"

    @Test("each request is counted once, by team, route, status and what answered; sums and credits agree")
    func requests() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 3])
            let body = SampleRequests.about(document)
            expectStoredMiss(try gateway.classify(body))
            for _ in 0..<4 { expectHit(try gateway.classify(body)) }
            expectHit(try gateway.classify(body, key: Gateway.keyB))
            #expect(try gateway.classify("{").status == 400)
            #expect(try gateway.classify(body, key: "not-a-key-0123456789").status == 403)
            #expect(try gateway.classify(body, [("Cache-Control", "only-if-cached, no-cache")]).status == 504)
            #expect(try gateway.send(TestRequest("GET", "/healthz")).status == 200)
            #expect(try gateway.send(TestRequest("GET", "/readyz")).status == 200)
            #expect(try gateway.send(TestRequest("GET", "/nowhere")).status == 404)
            let key = [("x-api-key", Gateway.keyB)]
            #expect(try gateway.send(TestRequest("GET", "/tollgate/usage", fields: key)).status == 200)
            #expect(try gateway.send(TestRequest("GET", "/v1/templates", fields: key)).status == 200)
            try gateway.vendor.setDocument(Self.document, ["pages": 2])
            let parser = TestRequest("GET", "/v1/documents/\(Self.document)/run_parser", fields: key)
            #expect(try gateway.send(parser).status == 200)
            try gateway.vendor.queueFault("status", document: Self.document, ["status": 404])
            #expect(try gateway.classify(SampleRequests.about(Self.document)).status == 404)

            let scrape = try Scrape(gateway)
            #expect(scrape.requests("team-a", "classify", 200, "miss") == "1")
            #expect(scrape.requests("team-a", "classify", 200, "hit") == "4")
            #expect(scrape.requests("team-b", "classify", 200, "hit") == "1")
            #expect(scrape.requests("team-a", "classify", 400, "none") == "1")
            #expect(scrape.requests("team-a", "classify", 504, "miss") == "1")
            #expect(scrape.requests("team-a", "classify", 404, "miss") == "1")
            #expect(scrape.requests("", "classify", 403, "none") == "1")
            #expect(scrape.requests("", "health", 200, "none") == "2")
            #expect(scrape.requests("", "other", 404, "none") == "1")
            #expect(scrape.requests("team-b", "usage", 200, "none") == "1")
            #expect(scrape.requests("team-b", "passthrough", 200, "none") == "1")
            #expect(scrape.requests("team-b", "GET /v1/documents/{id}/run_parser", 200, "none") == "1")
            let all = scrape.values.filter { $0.key.name == "tollgate_requests_total" }.compactMap { Int($0.value) }
            #expect(all.reduce(0, +) == 16)
            #expect(scrape.value("tollgate_cache_hits_total") == "5")
            #expect(scrape.value("tollgate_cache_misses_total") == "3")
            #expect(scrape.value("tollgate_cache_collapsed_total") == "0")
            #expect(scrape.value("tollgate_cache_stored_total") == "1")
            #expect(scrape.value("tollgate_cache_entries") == "1")
            #expect(scrape.value("tollgate_credits_spent_total", ["team": "team-a"]) == "3")
            #expect(scrape.value("tollgate_credits_spent_total", ["team": "team-b"]) == "2")
            #expect(scrape.value("tollgate_credits_saved_total", ["team": "team-a"]) == "12")
            #expect(scrape.value("tollgate_credits_saved_total", ["team": "team-b"]) == "3")
            #expect(scrape.value("tollgate_errors_total", ["error": "invalid_api_key"]) == "1")
            #expect(scrape.value("tollgate_errors_total", ["error": "invalid_json"]) == "1")
            #expect(scrape.value("tollgate_errors_total", ["error": "not_cached"]) == "1")
            #expect(scrape.value("tollgate_upstream_replies_total", ["status": "2xx"]) == "3")
            #expect(scrape.value("tollgate_upstream_replies_total", ["status": "4xx"]) == "1")
            #expect(scrape.value("tollgate_upstream_duration_seconds_count") == "4")
            #expect(scrape.value("tollgate_upstream_queue_wait_seconds_count") == "4")
        }
    }

    @Test("a flight's followers are counted as collapsed, and what is under way is in the gauges")
    func underWay() throws {
        let configuration: JSON = [
            "upstream": ["max_concurrency": 1, "assumed_pages": 7],
            "budgets": [
                "organization": [
                    ["window": "total", "credits": 50.5], ["window": "day", "credits": 9, "enforce": false],
                ]
            ],
        ]
        try withGateway(configuration) { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 3])
            try gateway.vendor.queueFault("hold", document: document)
            let bytes = TestRequest.classify(SampleRequests.about(document), key: Gateway.keyA).bytes
            let connections = try (0..<3).map { _ in try gateway.connect() }
            for connection in connections { try connection.send(bytes) }
            try gateway.vendor.waitForCalls(inFlight: 1)
            let other = try gateway.connect()
            try other.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyB).bytes)
            var scrape = try Scrape(gateway)
            try Deadline.wait(for: "a request in the queue") {
                scrape = try Scrape(gateway)
                return scrape.value("tollgate_upstream_queue_length") == "1"
            }
            let total = ["scope": "organization", "id": "", "window": "total", "enforced": "true"]
            let day = ["scope": "organization", "id": "", "window": "day", "enforced": "false"]
            #expect(scrape.value("tollgate_upstream_calls_in_flight") == "1")
            #expect(scrape.value("tollgate_upstream_max_concurrency") == "1")
            #expect(scrape.value("tollgate_connections") == "4")
            #expect(scrape.value("tollgate_reserved_credits") == "14")
            #expect(scrape.value("tollgate_open_reservations") == "2")
            #expect(scrape.value("tollgate_budget_limit_credits", total) == "50.5")
            #expect(scrape.value("tollgate_budget_reserved_credits", total) == "14")
            #expect(scrape.value("tollgate_budget_remaining_credits", total) == "36.5")
            #expect(scrape.value("tollgate_budget_remaining_credits", day) == "0")
            try gateway.vendor.release()
            for connection in connections { #expect(try connection.response().status == 200) }
            #expect(try other.response().status == 200)
            let after = try Scrape(gateway)
            #expect(after.value("tollgate_cache_collapsed_total") == "2")
            #expect(after.value("tollgate_cache_misses_total") == "2")
            #expect(after.value("tollgate_upstream_calls_in_flight") == "0")
            #expect(after.value("tollgate_reserved_credits") == "0")
            #expect(after.value("tollgate_open_reservations") == "0")
        }
    }

    @Test("the vendor's failures, its breaker and a key that is disabled are in the figures")
    func failures() throws {
        let configuration: JSON = [
            "upstream": ["circuit_breaker": ["failures": 2, "window": "60s", "open_for": "60s"], "assumed_pages": 4]
        ]
        try withGateway(configuration) { gateway in
            for _ in 0..<2 {
                let document = SampleRequests.newDocumentID()
                try gateway.vendor.queueFault("close_before_reply", document: document)
                #expect(try gateway.classify(SampleRequests.about(document)).status == 502)
            }
            #expect(try gateway.classify(SampleRequests.about()).status == 503)
            let scrape = try Scrape(gateway)
            #expect(scrape.value("tollgate_upstream_circuit_state", ["account": "default", "state": "open"]) == "1")
            #expect(scrape.value("tollgate_upstream_circuit_state", ["account": "default", "state": "closed"]) == "0")
            #expect(scrape.value("tollgate_upstream_errors_total", ["error": "upstream_unreachable"]) == "2")
            #expect(scrape.value("tollgate_upstream_errors_total", ["error": "circuit_open"]) == "1")
            #expect(scrape.value("tollgate_unconfirmed_credits") == "8")
            #expect(scrape.value("tollgate_credits_spent_total", ["team": "team-a"]) == "0")
            let state = ["account": "default", "key": "primary", "state": "active"]
            #expect(scrape.value("tollgate_upstream_key_state", state) == "1")
            // An operator says what one of the two has cost.
            let row = try gateway.admin("GET", "/ledger?state=unconfirmed").json["items"][0]["id"].string ?? ""
            #expect(try gateway.admin("POST", "/ledger/\(row)/resolve", ["credits": 2.5]).status == 200)
            #expect(try gateway.admin("PATCH", "/upstream-keys/primary", ["state": "disabled"]).status == 200)
            let after = try Scrape(gateway)
            #expect(after.value("tollgate_unconfirmed_credits") == "4")
            #expect(after.value("tollgate_credits_spent_total", ["team": "team-a"]) == "2.5")
            #expect(after.value("tollgate_upstream_key_state", state) == "0")
        }
    }

    @Test("teams beyond the first thousand are one; a team that is deleted keeps its counters")
    func manyTeams() throws {
        let teams = (0..<1_005).map { number -> JSON in
            let name = "t\(10_000 + number)"
            return [
                "id": .string(name), "name": .string(name), "account": "default",
                "keys": [
                    ["id": .string("k\(number)"), "secret": ["value": .string("secret-of-team-\(10_000 + number)")]]
                ],
            ]
        }
        try withGateway(["teams": .array(teams)]) { gateway in
            for number in [0, 999, 1_000, 1_004] {
                let document = SampleRequests.newDocumentID()
                try gateway.vendor.setDocument(document, ["pages": 1])
                let key = "secret-of-team-\(10_000 + number)"
                expectStoredMiss(try gateway.classify(SampleRequests.about(document), key: key))
            }
            let scrape = try Scrape(gateway)
            #expect(scrape.requests("t10000", "classify", 200, "miss") == "1")
            #expect(scrape.requests("t10999", "classify", 200, "miss") == "1")
            #expect(scrape.requests("other", "classify", 200, "miss") == "2")
            #expect(scrape.value("tollgate_credits_spent_total", ["team": "other"]) == "2")
            #expect(scrape.values.keys.filter { $0.name == "tollgate_credits_spent_total" }.count == 1_001)
            #expect(scrape.values.keys.filter { $0.name == "tollgate_team_info" }.count == 1_000)
            // With the first team gone, the last one must not take its name.
            try gateway.rewriteConfiguration(["teams": .array(Array(teams.dropFirst()))])
            try gateway.reload(expecting: "reloaded")
            let key = "secret-of-team-11004"
            expectStoredMiss(try gateway.classify(SampleRequests.about(), key: key))
            let after = try Scrape(gateway)
            #expect(after.requests("t10000", "classify", 200, "miss") == "1")
            #expect(after.requests("t11004", "classify", 200, "miss") == nil)
            #expect(after.requests("other", "classify", 200, "miss") == "3")
            #expect(after.value("tollgate_team_info", ["team": "t10000", "name": "t10000"]) == nil)
        }
    }

    @Test("a scrape works while the store does not, and says so")
    func storeDown() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            #expect(try Scrape(gateway).value("tollgate_store_writable") == "1")
            let file = gateway.folder.file("tollgate.db")
            try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
            // The store looks for its file by itself.
            func waitForReadiness(_ status: Int) throws {
                try Deadline.wait(for: "/readyz to say \(status)") {
                    try gateway.send(TestRequest("GET", "/readyz")).status == status
                }
            }
            try waitForReadiness(503)
            expectHit(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.classify(SampleRequests.about()).status == 503)
            let scrape = try Scrape(gateway)
            #expect(scrape.value("tollgate_cache_hits_total") == "1")
            #expect(scrape.value("tollgate_errors_total", ["error": "store_unavailable"]) != nil)
            #expect(scrape.value("tollgate_store_writable") == "0")
            try FileManager.default.moveItem(atPath: file + ".away", toPath: file)
            try waitForReadiness(200)
            #expect(try Scrape(gateway).value("tollgate_store_writable") == "1")
        }
    }
}
