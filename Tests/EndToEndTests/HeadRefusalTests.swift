import TestSupport
import Testing

/// `docs/faults.md` §1, the rows about the head of requests.
@Suite("Heads of requests (RFC 9112 §2 to §5)", .serialized, .gateway())
struct HeadRefusalTests {
    private static let whiteSpace: [WireRow] = [
        .fieldLine("a folded field line", "a: b\r\n c"),
        .fieldLine("a field line folded by a tab", "a: b\r\n\tc"),
        .startLine("space before the first field line", "POST /v1/classify HTTP/1.1\r\n a: b"),
        .fieldLine("space before the colon", "a : b"),
        .fieldLine("tab before the colon", "a\t: b"),
    ]

    private static let characters: [WireRow] = [
        .fieldLine("bare LF as line end", "a: b\nc: d"),
        .startLine("bare LF after the request line", "POST /v1/classify HTTP/1.1\na: b"),
        .fieldLine("bare CR in a value", "a: b\rc"),
        .fieldLine("NUL in a value", "a: b\u{0}c"),
        .fieldLine("a control in a value", "a: b\u{1}c"),
        .fieldLine("ESC in a value", "a: \u{1B}[0m"),
        .fieldLine("DEL in a value", "a: b\u{7F}"),
        .fieldLine("a name that is no token", "a(b): c"),
        .fieldLine("a name not in ASCII", "é: c"),
        .fieldLine("NUL in a name", "a\u{0}: c"),
        .fieldLine("no name", ": c"),
        .fieldLine("no colon", "nocolon"),
    ]

    private static let hosts: [WireRow] = [
        WireRow("no Host", "GET /healthz HTTP/1.1\r\n\r\n"),
        WireRow("two Hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        WireRow("space in Host", "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n"),
        WireRow("a path in Host", "GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        WireRow("user information in Host", "GET /healthz HTTP/1.1\r\nHost: a@b\r\n\r\n"),
        WireRow("a list in Host", "GET /healthz HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        WireRow("a port that is no number", "GET /healthz HTTP/1.1\r\nHost: a:b\r\n\r\n"),
        WireRow("an open bracket in Host", "GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        WireRow("a sound absolute target without Host", "GET http://a/healthz HTTP/1.1\r\n\r\n"),
    ]

    private static let versions: [WireRow] = [
        WireRow("HTTP/0.9", "GET /healthz\r\n", [400, 505]),
        WireRow("http/1.1", "GET /healthz http/1.1\r\nHost: a\r\n\r\n", [400, 505]),
        WireRow("HTTP/1.10", "GET /healthz HTTP/1.10\r\nHost: a\r\n\r\n", [400, 505]),
        WireRow("HTTP/01.1", "GET /healthz HTTP/01.1\r\nHost: a\r\n\r\n", [400, 505]),
        WireRow("HTTP/2.0", "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", [400, 505]),
        WireRow("HTTP/1.2", "GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n", [400, 505]),
        WireRow("two spaces", "GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
        WireRow("a tab for a space", "GET\t/healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
        WireRow("space after the version", "GET /healthz HTTP/1.1 \r\nHost: a\r\n\r\n", [400, 505]),
        WireRow("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n"),
        WireRow("the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505]),
        WireRow("a TLS hello", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]),
        WireRow("binary", [0x00, 0xFF, 0xFE, 0x80, 0x7F]),
    ]

    private static let sizes: [WireRow] = [
        WireRow(
            "a request line over 16 KiB",
            "GET /\(String(repeating: "a", count: 17_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
            [414]
        ),
        WireRow("a request line over 16 KiB that does not end", "GET /" + String(repeating: "a", count: 17_000), [414]),
        .fieldLine("a head over 16 KiB", "a: " + String(repeating: "b", count: 17_000), [431]),
        .fieldLine("101 fields", (1...101).map { "a\($0): b" }.joined(separator: "\r\n"), [431]),
    ]

    private static let expectations: [WireRow] = [
        .fieldLine("an unknown expectation", "Expect: 200-maybe", [417])
    ]

    private static let credentials: [WireRow] = [
        .fieldLine("two keys that differ", "x-api-key: \(Gateway.keyB)"),
        .fieldLine("the same key twice", "X-API-Key: \(Gateway.keyA)"),
    ]

    private static let targets: [WireRow] = [
        .startLine("backslash", "POST /v1\\classify HTTP/1.1", [400, 404]),
        .startLine("fragment", "POST /v1/classify#x HTTP/1.1", [400, 404]),
        .startLine("broken escape", "POST /v1/classify%2 HTTP/1.1", [400, 404]),
        .startLine("not in ASCII", "POST /v1/clássify HTTP/1.1", [400, 404]),
        .startLine("relative", "POST v1/classify HTTP/1.1"),
        .startLine("asterisk", "POST * HTTP/1.1"),
    ]

    static let rows = whiteSpace + characters + hosts + versions + sizes + expectations + credentials + targets

    @Test("a wrong head is refused, and the connection closed", arguments: rows)
    func refused(row: WireRow) throws {
        try expectRefusedAndClosed(row)
    }

    @Test(
        "a path that would normalise to another is never that other",
        arguments: [
            "//v1/classify", "/v1//classify", "/./v1/classify", "/v1/./classify", "/v1/../v1/classify",
            "/v1/classify/.",
            "/x/..%2fv1/classify", "/v1%2fclassify", "/v1%2Fclassify", "/v1/%63lassify", "/%76%31/classify",
            "/v1/classify%00", "/v1/classify%2e", "/v1/classify/", "/V1/classify", "/v1/Classify", "/v1/classify;a=b",
            "/%2e%2e/v1/classify", "/v1/classify%20", "/v1/classify%5c",
        ]
    )
    func otherPaths(path: String) throws {
        let gateway = try suiteGateway()
        let callsBefore = try gateway.vendor.requests()
        var request = TestRequest.classify(SampleRequests.about(), key: Gateway.keyA)
        request.target = path
        let response = try gateway.send(request)
        #expect([400, 404].contains(response.status), "\(response.status) \(response.text)")
        #expect(response.code == "bad_request" || response.code == "not_found")
        #expect(try gateway.vendor.requests() == callsBefore)
    }

    @Test("the admin side is not there for clients", arguments: ["/admin/v1/teams", "/metrics", "/openapi.json", "/"])
    func adminPaths(path: String) throws {
        let gateway = try suiteGateway()
        let response = try gateway.send(TestRequest("GET", path, fields: [("x-api-key", Gateway.keyA)]))
        expectError(response, 404, "not_found")
    }

    @Test("a request line of 8,000 octets is long, and read")
    func longRequestLine() throws {
        let gateway = try suiteGateway()
        let path = "/" + String(repeating: "a", count: 8000)
        expectError(try gateway.send(TestRequest("GET", path, fields: [("x-api-key", Gateway.keyA)])), 404, "not_found")
    }

    @Test("an absolute target counts, Host does not, and nobody is dialled")
    func absoluteTarget() throws {
        let gateway = try suiteGateway()
        let callsBefore = try gateway.vendor.calls()
        var request = TestRequest.classify(SampleRequests.about(), key: Gateway.keyA)
        request.target = "http://127.0.0.1:1/v1/classify"
        expectStoredMiss(try gateway.send(request))
        #expect(try gateway.vendor.calls() == callsBefore + 1)
        request.target = "http://127.0.0.1:1/../v1/classify"
        #expect([400, 404].contains(try gateway.send(request).status))
    }

    @Test(
        "methods that are not for this path are refused, and TRACE echoes nothing",
        arguments: [
            "CONNECT gateway.test:443", "CONNECT /v1/classify", "TRACE /v1/classify", "BREW /v1/classify",
            "PUT /v1/classify", "DELETE /v1/classify", "PATCH /v1/classify", "OPTIONS /v1/classify",
            "post /v1/classify",
        ]
    )
    func otherMethods(start: String) throws {
        let gateway = try suiteGateway()
        let connection = try gateway.connect()
        let head = "\(start) HTTP/1.1\r\nHost: gateway.test:443\r\nx-api-key: \(Gateway.keyA)\r\nx-mark: sesame\r\n\r\n"
        try connection.send(head)
        let response = try connection.response()
        #expect([400, 405, 501].contains(response.status), "\(response.status)")
        #expect(response.status == 400 || response.status == 501 || response["allow"]?.contains("POST") == true)
        #expect(!response.text.contains("sesame"))
        #expect(response.status != 400 || start.hasPrefix("CONNECT /"), "a sound request line")
    }

    @Test("a key under another name is no key")
    func underscoredName() throws {
        let gateway = try suiteGateway()
        var request = TestRequest.classify(SampleRequests.about(), key: Gateway.keyA)
        request.fields[0].name = "X_Api_Key"
        expectError(try gateway.send(request), 403, "invalid_api_key")
    }

    @Test(
        "fields nominated by Connection are used before they are dropped; Upgrade is ignored",
        arguments: [
            "Connection: x-api-key, Content-Length, Host", "Connection: Upgrade\r\nUpgrade: websocket",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        ]
    )
    func connectionOptions(lines: String) throws {
        let gateway = try suiteGateway()
        let connection = try gateway.connect()
        let body = SampleRequests.about()
        try connection.send(WireRow.fields("", "Content-Length: \(body.utf8.count)\r\n\(lines)\r\n", body: body).bytes)
        expectStoredMiss(try connection.response())
    }

    @Test(
        "a content coding on classify is 415; identity is none",
        arguments: [("gzip", 415), ("br", 415), ("identity", 200)]
    )
    func contentEncoding(coding: String, status: Int) throws {
        let gateway = try suiteGateway()
        let response = try gateway.classify(SampleRequests.about(), [("Content-Encoding", coding)])
        #expect(response.status == status)
        if status == 415 { expectError(response, 415, "unsupported_media_type") }
    }
}
