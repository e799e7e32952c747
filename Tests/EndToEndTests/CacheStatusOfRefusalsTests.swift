import TestSupport
import Testing

/// `docs/api.md` §2: every reply to a classify request has `Cache-Status`, even an early refusal.
@Suite("Cache-Status of refused classify requests", .serialized, .gateway(["listen": ["header_timeout": "300ms"]]))
struct CacheStatusOfRefusalsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let wire: WireRow
        let code: String
        var testDescription: String { wire.testDescription }

        init(_ wire: WireRow, _ code: String) {
            self.wire = wire
            self.code = code
        }
    }

    private static let long = String(repeating: "b", count: 17_000)

    private static let rows = [
        Row(.fieldLine("two keys", "x-api-key: \(Gateway.keyB)"), "bad_request"),
        Row(.fieldLine("an unknown expectation", "Expect: 200-maybe", [417]), "bad_request"),
        Row(.fieldLine("a malformed field line", "nocolon"), "bad_request"),
        Row(.fieldLine("two Hosts", "Host: other"), "bad_request"),
        Row(.fieldLine("a head over 16 KiB", "a: \(long)", [431]), "headers_too_large"),
        Row(.fields("two framings", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body: ""), "bad_request"),
        Row(.fields("an unknown coding", "Transfer-Encoding: gzip\r\n", body: "", [501]), "bad_request"),
        Row(.fields("a length above the limit", "Content-Length: 1048577\r\n", body: "", [413]), "body_too_large"),
        Row(.fields("an absurd length", "Content-Length: \(Int64.max)\r\n", body: "", [413]), "body_too_large"),
        Row(.chunked("a malformed chunk", "x\r\n"), "bad_request"),
        Row(.chunked("a chunk above the limit", "100001\r\n", [413]), "body_too_large"),
        Row(.fields("a head that stays half", "Content-Length: 5", body: "", [408]).cut(2), "request_timeout"),
        Row(.startLine("a query over 16 KiB", "POST /v1/classify?\(long) HTTP/1.1", [414]), "uri_too_long"),
        Row(.startLine("another version", "POST /v1/classify HTTP/2.0", [505]), "bad_request"),
        Row(.startLine("a malformed version", "POST /v1/classify HTTP/1.10"), "bad_request"),
        Row(.startLine("an absolute target", "POST http://h/v1/classify HTTP/1.1\r\nContent-Length: 1"), "bad_request"),
    ]

    @Test("a refusal says so as soon as the path is known", arguments: rows)
    func refused(row: Row) throws {
        let connection = try suiteGateway().connect()
        try connection.sendWhatIsTaken(row.wire.bytes)
        let response = try connection.response()
        #expect(row.wire.statuses.contains(response.status), "\(response.status) \(response.text)")
        #expect(response.code == row.code)
        #expect(response.values("cache-status") == ["tollgate; detail=\(row.code)"])
        #expect(response.values("tollgate-credits-charged") == ["0"])
        #expect(response.announcesClose)
    }

    @Test("a refused head keeps the request's own id, and other paths get no Cache-Status")
    func others() throws {
        let gateway = try suiteGateway()
        let named = try gateway.connect()
        try named.send("POST /v1/classify HTTP/1.1\r\nx-request-id: mine-1\r\nHost: a\r\nHost: b\r\n\r\n")
        #expect(try named.response().values("x-request-id") == ["mine-1"])
        for start in ["GET /v1/classify", "POST /v1/classifyx", "GET /healthz"] {
            let other = try gateway.connect()
            try other.send("\(start) HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            let response = try other.response()
            #expect(response.status == 400)
            #expect(response["cache-status"] == nil)
        }
    }
}

extension WireRow {
    /// The same, without the last bytes.
    fileprivate func cut(_ count: Int) -> WireRow { WireRow(name, bytes.dropLast(count), statuses) }
}
