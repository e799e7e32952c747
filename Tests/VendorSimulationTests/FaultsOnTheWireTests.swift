import Testing

@testable import VendorSimulation

/// What a client of the server sees on its socket, for each kind of fault.
@Suite("Faults on the wire", .serialized)
struct FaultsOnTheWireTests {
    /// Queues the fault, calls with `Connection: close` and reads to the end.
    private func observe(_ fault: String) throws -> (text: String, end: TestClient.End) {
        var outcome: (text: String, end: TestClient.End) = ("", .timeout)
        try withServer { server in
            try server.control("POST", "/sim/faults", fault)
            let client = try TestClient(server.address)
            try client.send(TestClient.classify(TestCalls.body(), "Connection: close\r\n"))
            outcome = client.readToEnd()
            // The fault affects the connection, not the server.
            let other = try TestClient(server.address)
            try other.send(TestClient.classify())
            #expect(try other.reply().status == 200)
        }
        return outcome
    }

    @Test(
        "each kind sends what it says, and ends the connection so",
        arguments: [
            ("reset_before_reply", "", "", TestClient.End.reset), ("close_before_reply", "", "", .fin),
            ("reset_mid_reply", "HTTP/1.1 200 OK", "", .reset), ("truncated", "HTTP/1.1 200 OK", "", .fin),
            ("bad_chunk", "HTTP/1.1 200 OK", "\r\nzz\r\n", .fin), ("four_digit_status", "HTTP/1.1 2000 OK", "}", .fin),
            ("content_on_204", "HTTP/1.1 204 No Content", "}", .fin), ("http10", "HTTP/1.0 200 OK", "}", .fin),
            ("interim", "HTTP/1.1 103 Simulated\r\n\r\nHTTP/1.1 200 OK", "}", .fin),
            ("chunked", "HTTP/1.1 200 OK", "0\r\n\r\n", .fin), ("slow", "HTTP/1.1 200 OK", "}", .fin),
            ("not_json", "HTTP/1.1 200 OK", "</html>", .fin), ("rate_limit", "HTTP/1.1 429 ", "}", .fin),
            ("extra_bytes_after_reply", "HTTP/1.1 200 OK", "Content-Len", .fin),
            ("connection_close", "HTTP/1.1 200 OK", "}", .fin),
        ]
    )
    func ends(kind: String, prefix: String, suffix: String, end: TestClient.End) throws {
        let seen = try observe(#"{"kind": "\#(kind)"}"#)
        #expect(seen.text.hasPrefix(prefix))
        #expect(seen.text.hasSuffix(suffix))
        #expect(seen.text.isEmpty == prefix.isEmpty)
        #expect(seen.end == end)
    }

    @Test("a broken reply is short of what it announced", arguments: ["reset_mid_reply", "truncated"])
    func short(kind: String) throws {
        let text = try observe(#"{"kind": "\#(kind)"}"#).text
        let head = try #require(text.range(of: "\r\n\r\n"))
        let announced = try #require(text.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.output.1) })
        let body = text[head.upperBound...].utf8.count
        #expect(body > 0 && body < announced)
    }

    @Test("heads are sent that no correct server sends")
    func heads() throws {
        let both = try observe(#"{"kind": "both_framings"}"#).text
        #expect(both.contains("Content-Length: ") && both.contains("Transfer-Encoding: chunked\r\n"))
        #expect(try observe(#"{"kind": "nul_in_head"}"#).text.contains("X-Simulated: a\0b\r\n"))
        #expect(try observe(#"{"kind": "head_too_large"}"#).text.utf8.count > 100_000)
        #expect(!(try observe(#"{"kind": "http10"}"#).text.contains("Content-Length")))
    }

    @Test("a chunked reply has the same content")
    func chunked() throws {
        let text = try observe(#"{"kind": "chunked", "chunk_bytes": 50}"#).text
        let head = try #require(text.range(of: "\r\n\r\n"))
        let lines = text[head.upperBound...].split(separator: "\r\n")
        let content = stride(from: 1, to: lines.count - 1, by: 2).map { String(lines[$0]) }.joined()
        #expect(content.hasPrefix(#"{"request_id": ""#) && content.hasSuffix("}"))
        #expect(lines.first == "32" && lines.last == "0")
    }

    @Test("raw bytes go out as they stand", arguments: [("keep", false), ("close", true), ("reset", true)])
    func raw(then: String, ends: Bool) throws {
        try withServer { server in
            // "HTTP/1.1 200 OK", an empty body.
            let base64 = "SFRUUC8xLjEgMjAwIE9LDQpDb250ZW50LUxlbmd0aDogMA0KDQo="
            try server.control("POST", "/sim/faults", #"{"kind": "raw", "base64": "\#(base64)", "then": "\#(then)"}"#)
            let client = try TestClient(server.address)
            try client.send(TestClient.classify())
            if ends {
                let seen = client.readToEnd()
                #expect(seen.text == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                #expect(seen.end == (then == "reset" ? .reset : .fin))
            } else {
                #expect(try client.reply().body.isEmpty)
                try client.send(TestClient.classify())
                #expect(try client.reply().body.contains("request_id"))
            }
        }
    }

    @Test(
        "a reply of any size, whole or not, on a call that does not spend",
        arguments: [
            (0, 0, "close", 0, nil), (3_000_000, 0, "close", 3_000_000, nil), (100, 40, "close", 60, .fin),
            (100, 40, "reset", 60, .reset), (100, 100, "reset", 0, .reset),
        ] as [(Int, Int, String, Int, TestClient.End?)]
    )
    func sized(bytes: Int, missing: Int, then: String, count: Int, end: TestClient.End?) throws {
        try withServer { server in
            try server.control(
                "POST",
                "/sim/faults",
                #"{"kind": "sized", "path": "/v1/templates", "bytes": \#(bytes), "missing": \#(missing), "then": "\#(then)"}"#
            )
            let client = try TestClient(server.address)
            // A call of another path does not meet it.
            for path in ["/v1/documents/\(TestCalls.document)", "/v1/templates"] {
                try client.send(TestClient.request("GET", path, "", "X-Api-Key: \(TestCalls.key)\r\n"))
                if path == "/v1/templates", let end {
                    let seen = client.readToEnd()
                    #expect(seen.end == end && seen.text.contains("Content-Length: \(bytes)\r\n"))
                    // A reset may destroy what was not read.
                    #expect(end == .reset || seen.text.utf8.count { $0 == UInt8(ascii: "x") } == count)
                } else {
                    let reply = try client.reply()
                    #expect(reply.status == 200 && (path == "/v1/templates") == (reply.body.utf8.count == count))
                }
            }
        }
    }

    @Test("a fault about one document spares the others, and ends when it is used up")
    func oneDocument() throws {
        try withServer { server in
            let fault = #"{"kind": "status", "status": 503, "count": 2, "document_id": "\#(TestCalls.other)"}"#
            try server.control("POST", "/sim/faults", fault)
            let client = try TestClient(server.address)
            let documents = [TestCalls.document, TestCalls.other, TestCalls.document, TestCalls.other, TestCalls.other]
            var statuses: [Int] = []
            for document in documents {
                try client.send(TestClient.classify(TestCalls.body(document)))
                statuses.append(try client.reply().status)
            }
            #expect(statuses == [200, 503, 200, 503, 200])
        }
    }
}
