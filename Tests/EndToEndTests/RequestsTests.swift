import TestSupport
import Testing

/// `docs/api.md` §6: the last requests of a node, and what the cache did.
@Suite("The last requests and the figures of the cache")
struct RequestsTests {
    private func requests(_ gateway: Gateway, _ query: String = "") throws -> JSON {
        let answer = try gateway.admin("GET", "/requests\(query)", token: Gateway.viewerToken)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    @Test("a miss, a hit, a collapsed reply's peer and refusals are listed newest first, with what each cost")
    func list() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 3])
            let body = SampleRequests.about(document)
            expectStoredMiss(try gateway.classify(body, [("x-request-id", "first")]))
            expectHit(try gateway.classify(body))
            expectHit(try gateway.classify(body, key: Gateway.keyB, [("x-request-id", "third")]))
            #expect(try gateway.classify("{", [("x-request-id", "fourth")]).status == 400)
            #expect(try gateway.classify(body, key: "unknown-key-0123456789").status == 403)
            #expect(try gateway.send(TestRequest("GET", "/healthz")).status == 200)
            #expect(try gateway.send(TestRequest("GET", "/nowhere")).status == 404)
            let items = try requests(gateway)["items"].items
            try #require(items.count == 6)
            #expect(items.map { $0["status"].int } == [404, 403, 400, 200, 200, 200])
            #expect(items.map { $0["path"].string }.prefix(2) == ["/nowhere", "/v1/classify"])
            #expect(items[1]["team"] == .null && items[1]["error"] == "invalid_api_key")
            #expect(items[2]["request_id"] == "fourth" && items[2]["error"] == "invalid_json")
            let (third, second, first) = (items[3], items[4], items[5])
            #expect(third["request_id"] == "third" && third["team"] == "team-b" && third["saved"].int == 3)
            #expect(third["cache_status"].string?.hasPrefix("hit; ttl=") == true && third["charged"].int == 0)
            #expect(second["team"] == "team-a" && second["request_id"].string?.count == 36)
            #expect(second["cache_status"].string?.hasPrefix("hit; ttl=") == true)
            #expect(first["request_id"] == "first" && first["cache_status"] == "fwd=miss; fwd-status=200; stored")
            #expect(first["charged"].int == 3 && first["saved"].int == 0 && first["upstream_ms"].number != nil)
            for item in [first, second, third] {
                #expect(item["document_id"].string == document && item["model"] == "gpt-4o-mini")
                #expect(item["method"] == "POST" && item["path"] == "/v1/classify" && item["key"].string != nil)
                #expect(item["duration_ms"].number != nil && item["at"].string != nil && item["error"] == .null)
            }
        }
    }

    @Test("teams, statuses and their classes are picked out, a page at a time; what is no filter is refused by name")
    func filters() throws {
        try withGateway(["listen": ["workers": 2]]) { gateway in
            let body = SampleRequests.about()
            for number in 0..<30 {
                let key = number % 3 == 0 ? Gateway.keyB : Gateway.keyA
                _ = try gateway.classify(number % 5 == 0 ? "{" : body, key: key)
            }
            #expect(try requests(gateway, "?status=400")["items"].items.count == 6)
            #expect(try requests(gateway, "?status=4xx&team=team-b")["items"].items.count == 2)
            #expect(try requests(gateway, "?status=200&team=team-a")["items"].items.count == 16)
            #expect(try requests(gateway, "?status=5xx")["items"].items.isEmpty)
            #expect(try requests(gateway, "?team=nobody")["items"].items.isEmpty)
            var identifiers: [String?] = []
            var cursor: String?
            repeat {
                let page = try requests(gateway, "?limit=7" + (cursor.map { "&cursor=\($0)" } ?? ""))
                identifiers += page["items"].items.map { $0["id"].string }
                cursor = page["next_cursor"].string
                // What comes meanwhile is newer, and moves nothing.
                _ = try gateway.classify(body)
            } while cursor != nil && identifiers.count < 100
            #expect(identifiers.count == 30 && Set(identifiers).count == 30)
            for (query, name) in [
                ("?status=600", "status"), ("?status=99", "status"), ("?status=4x", "status"), ("?status=", "status"),
                ("?status=+20", "status"), ("?team=a%2Fb", "team"), ("?cursor=1-2", "cursor"),
                ("?cursor=-1-2-3", "cursor"),
                ("?cursor=99999999999999999999-1-1", "cursor"), ("?key=a", "key"), ("?limit=1001", "limit"),
            ] {
                let answer = try gateway.admin("GET", "/requests\(query)")
                #expect(answer.status == 422 && answer.json["message"].string?.contains(name) == true, "\(query)")
            }
        }
    }

    @Test("the figures of the cache add up, and are there before anything is stored")
    func statistics() throws {
        try withGateway { gateway in
            let empty = try gateway.admin("GET", "/cache/stats", token: Gateway.viewerToken).json
            #expect(empty["entries"].int == 0 && empty["oldest_stored_at"] == .null)
            #expect(empty["last_24h"]["hit_rate"] == .null && empty["memory"]["entries"].int == 0)
            let documents = (0..<3).map { _ in SampleRequests.newDocumentID() }
            for document in documents {
                try gateway.vendor.setDocument(document, ["pages": 2])
                expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            }
            expectHit(try gateway.classify(SampleRequests.about(documents[0])))
            // Roll-ups are written once a second; a restart writes what is left.
            gateway.process.signal(15)
            _ = try gateway.process.waitForEnd()
            try gateway.restart()
            let figures = try gateway.admin("GET", "/cache/stats").json
            #expect(figures["entries"].int == 3 && figures["memory"]["entries"].int == 0)
            #expect(figures["memory"]["bytes_max"].int ?? 0 > 0 && figures["store_bytes"].int ?? 0 > 4_096)
            let day = figures["last_24h"]
            #expect(day["hits"].int == 1 && day["misses"].int == 3 && day["collapsed"].int == 0)
            #expect(day["saved"].int == 2 && day["hit_rate"].number == 0.25)
            // The store is new: counting began with it, at the start of a quarter of an hour.
            let since = day["since"].string ?? ""
            #expect(
                since.hasSuffix(":00Z") && ["00", "15", "30", "45"].contains(since.dropLast(4).suffix(2)),
                "\(since)"
            )
            let (oldest, newest) = (figures["oldest_stored_at"].string, figures["newest_stored_at"].string)
            #expect(oldest != nil && oldest! <= newest!)
            expectHit(try gateway.classify(SampleRequests.about(documents[1])))
            let memory = try gateway.admin("GET", "/cache/stats").json["memory"]
            #expect(memory["entries"].int == 1 && memory["bytes"].int ?? 0 > 0)
            #expect(try gateway.admin("GET", "/cache/stats?x=1").status == 422)
        }
    }
}
