import Foundation
import TestSupport
import Testing

@Suite("Logs")
struct LogTests {
    private static let label = "sehr-geheimes-etikett"
    private static let description = "ein vertraulicher satz"

    private func body(_ document: String) -> String {
        #"{"document_id":"\#(document)","classification_schema":[{"label":"\#(Self.label)","description":"a"},"#
            + #"{"label":"other","description":"\#(Self.description)"}]}"#
    }

    @Test("one JSON line for each request says who, what came of it, and how much")
    func accessLog() throws {
        try withGateway { gateway in
            let body = body(SampleRequests.newDocumentID())
            let miss = try gateway.classify(body, [("x-request-id", "log-miss")])
            let hit = try gateway.classify(body, key: Gateway.keyB, [("x-request-id", "log-hit")])
            _ = try gateway.classify("{", [("x-request-id", "log-broken")])
            _ = try gateway.classify(body, key: "who-is-this-0123456789", [("x-request-id", "log-stranger")])
            let entries = try gateway.accessLog(atLeast: 4)
            func entry(_ id: String) throws -> JSON {
                let matching = entries.filter { $0["request_id"].string == id }
                #expect(matching.count == 1, "\(id): \(matching.count) lines")
                return try #require(matching.first)
            }

            let first = try entry("log-miss")
            #expect(first["team"].string == "team-a")
            #expect(first["key"].string == "a-key")
            #expect(first["status"].int == 200)
            #expect(first["cache_status"].string?.contains("fwd=miss") == true)
            #expect(first["bytes_in"].int ?? 0 > body.utf8.count)
            #expect(first["bytes_out"].int ?? 0 > miss.body.count)
            #expect(first["duration_ms"].number ?? -1 >= 0)
            let time = try #require(first["time"].string)
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/) != nil)

            let second = try entry("log-hit")
            #expect(second["team"].string == "team-b")
            #expect(second["cache_status"].string?.contains("hit") == true)
            #expect(second["bytes_out"].int ?? 0 > hit.body.count)
            #expect(try entry("log-broken")["status"].int == 400)
            let stranger = try entry("log-stranger")
            #expect(stranger["status"].int == 403)
            #expect(stranger["team"] == .null)

            let output = gateway.process.stdout.text + gateway.process.stderr.text
            for secret in [Self.label, Self.description, "who-is-this", Gateway.keyA, Gateway.keyB, VendorSim.key] {
                #expect(!output.contains(secret))
            }
        }
    }

    @Test("nothing a client sends can break a line or bring a control character into it")
    func injection() throws {
        try withGateway { gateway in
            let lines = [
                "GET /a%0d%0ab\"\\ HTTP/1.1\r\nHost: h\r\nUser-Agent: \u{1B}[2J\r\n\r\n",
                "GET /\u{1B}[31m HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET /x HTTP/1.1\r\nHost: h\r\nx-request-id: a\"b\\c}{\r\n\r\n",
                "GET /x HTTP/1.1\r\nHost: h\r\nx-request-id: \u{2028}\u{1B}\r\n\r\n",
                "\u{0}\u{1}\u{2}\r\n\r\n",
            ]
            for line in lines {
                let connection = try gateway.connect()
                try connection.send(line)
                _ = try connection.response()
            }
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
            #expect(try gateway.process.terminate() == .exit(0))
            let bytes = gateway.process.stdout.bytes + gateway.process.stderr.bytes
            #expect(!bytes.contains { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F })
            for line in gateway.process.stdout.lines.dropFirst() {
                #expect(throws: Never.self) { try JSON.parse(line.utf8) }
            }
        }
    }

    @Test("a line has the route by its name, and how long the call to the vendor waited and took")
    func routes() throws {
        try withGateway { gateway in
            let key = [("x-api-key", Gateway.keyA)]
            let document = SampleRequests.newDocumentID()
            expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
            expectHit(try gateway.classify(SampleRequests.about(document)))
            let parser = "/v1/documents/\(document)/run_parser"
            for path in ["/healthz", "/readyz", "/tollgate/usage", "/v1/templates", parser, "/nowhere"] {
                _ = try gateway.send(TestRequest("GET", path, fields: path == "/nowhere" ? [] : key))
            }
            // Lines of two workers may come in another order than the replies.
            let routes = [
                "/v1/classify": "classify", "/healthz": "health", "/readyz": "health", "/tollgate/usage": "usage",
                "/v1/templates": "passthrough", parser: "GET /v1/documents/{id}/run_parser", "/nowhere": "other",
            ]
            for entry in try gateway.accessLog(atLeast: 8) {
                let path = entry["path"].string ?? ""
                #expect(entry["route"].string == routes[path], "\(entry)")
                let isMiss = entry["cache_status"].string?.hasPrefix("fwd=miss") == true
                let isForwarded = isMiss || path == "/v1/templates" || path == parser
                #expect((entry["queue_ms"].number != nil) == isForwarded, "\(entry)")
                #expect((entry["upstream_ms"].number != nil) == isForwarded, "\(entry)")
            }
        }
    }

    @Test("of the hits a share is logged, of all other requests every one; a reload changes the share")
    func sample() throws {
        let configuration: JSON = ["listen": ["workers": 1], "log": ["access_sample": 0.25]]
        try withGateway(configuration) { gateway in
            let body = SampleRequests.about()
            expectStoredMiss(try gateway.classify(body))
            for number in 1...12 { expectHit(try gateway.classify(body, [("x-request-id", "hit-\(number)")])) }
            #expect(try gateway.classify("{", [("x-request-id", "broken")]).status == 400)
            var lines = try gateway.accessLog(atLeast: 5)
            #expect(lines.dropFirst().map { $0["request_id"].string } == ["hit-4", "hit-8", "hit-12", "broken"])
            // All are counted.
            #expect(try Scrape(gateway).value("tollgate_cache_hits_total") == "12")
            try gateway.rewriteConfiguration(configuration.overlaid(with: ["log": ["access_sample": 0]]))
            try gateway.reload(expecting: "reloaded")
            for _ in 0..<9 { expectHit(try gateway.classify(body, [("x-request-id", "unseen")])) }
            #expect(try gateway.classify("{", [("x-request-id", "last")]).status == 400)
            lines = try gateway.accessLog(atLeast: 6)
            #expect(lines.dropFirst(5).map { $0["request_id"].string } == ["last"])
        }
    }

    @Test("with log.access false there is no access log")
    func withoutAccessLog() throws {
        try withGateway(["log": ["access": false]]) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.process.terminate() == .exit(0))
            #expect(gateway.process.stdout.lines.count == 1)
        }
    }
}
