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

    @Test("with log.access false there is no access log")
    func withoutAccessLog() throws {
        try withGateway(["log": ["access": false]]) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.process.terminate() == .exit(0))
            #expect(gateway.process.stdout.lines.count == 1)
        }
    }
}
