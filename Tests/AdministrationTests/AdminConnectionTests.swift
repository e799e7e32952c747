import Administration
import TestSupport
import Testing

@Suite("Connections to the admin side")
final class AdminConnectionTests {
    /// Kept until the test ends: a server stops when it is let go.
    private var stands: [AdminStand] = []

    private func open(_ change: (inout AdminSettings) -> Void = { _ in }) throws -> AdminStand {
        var settings = AdminStand.settings()
        change(&settings)
        stands.append(try AdminStand(settings))
        return stands[stands.count - 1]
    }

    private static let authorization = "Authorization: Bearer \(AdminStand.admin)\r\n"

    /// A head up to its last field line, with an admin's token.
    private func head(_ line: String, _ fields: String = "") -> String {
        "\(line) HTTP/1.1\r\nHost: h\r\n\(Self.authorization)\(fields)\r\n"
    }

    /// How many replies stand in some bytes.
    private func replies(_ bytes: [UInt8]) -> Int {
        String(decoding: bytes, as: UTF8.self).split(separator: "HTTP/1.1 ", omittingEmptySubsequences: false).count - 1
    }

    // MARK: Bodies

    @Test("a body comes by length or in chunks, in any pieces", arguments: [true, false])
    func body(isChunked: Bool) throws {
        let connection = try open().connect()
        let framing = isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 5\r\n"
        let body = isChunked ? "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n" : "abcde"
        for byte in (head("POST /admin/v1/things", framing) + body).utf8 { try connection.send([byte]) }
        let response = try connection.response()
        #expect(response.status == 201)
        #expect(response.json["body"].string == "abcde")
        #expect(!response.announcesClose)
    }

    @Test("a body beyond the limit is refused before it comes, and the connection ends", arguments: [true, false])
    func bodyTooLarge(isChunked: Bool) throws {
        let connection = try open { $0.bodyBytesMax = 10 }.connect()
        let chunked = head("POST /admin/v1/things", "Transfer-Encoding: chunked\r\n") + "b\r\n"
        try connection.send(isChunked ? chunked : head("POST /admin/v1/things", "Content-Length: 11\r\n"))
        let response = try connection.response()
        #expect(response.status == 413)
        #expect(response.code == "body_too_large")
        #expect(response.announcesClose)
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("as many bytes as the limit says are taken, whatever the framing", arguments: [true, false])
    func bodyAtLimit(isChunked: Bool) throws {
        let connection = try open { $0.bodyBytesMax = 10 }.connect()
        let framing = isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 10\r\n"
        let body = isChunked ? "a\r\n0123456789\r\n0\r\n\r\n" : "0123456789"
        try connection.send(head("POST /admin/v1/things", framing) + body)
        #expect(try connection.response().status == 201)
    }

    @Test("without a token a body may be small only", arguments: [(4_096, 200), (4_097, 413)])
    func publicBody(length: Int, status: Int) throws {
        let body = [UInt8](repeating: 0x20, count: length)
        let fields = [("Content-Length", String(length))]
        var request = TestRequest("GET", "/page", fields: fields).bytes
        request += body
        let connection = try open().connect()
        try connection.sendWhatIsTaken(request)
        #expect(try connection.response().status == status)
    }

    @Test("a malformed chunk is a 400 and ends the connection")
    func malformedChunk() throws {
        let connection = try open().connect()
        try connection.send(head("POST /admin/v1/things", "Transfer-Encoding: chunked\r\n") + "zz\r\n")
        let response = try connection.response()
        #expect(response.status == 400)
        #expect(response.announcesClose)
    }

    @Test("a client that waits for a 100 gets it when the body is wanted, and the final status alone when it is not")
    func expectation() throws {
        let stand = try open()
        let wanted = try stand.connect()
        let fields = "Content-Length: 2\r\nExpect: 100-continue\r\n"
        try wanted.send(head("POST /admin/v1/things", fields))
        while !wanted.received.starts(with: Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) {
            try #require(wanted.receiveMore())
        }
        try wanted.send("{}")
        let response = try wanted.response()
        #expect(response.interim.map(\.status) == [100])
        #expect(response.status == 201)
        let refused = try stand.connect()
        try refused.send(head("POST /admin/v1/nothing", fields))
        let refusal = try refused.response()
        #expect(refusal.interim.isEmpty)
        #expect(refusal.status == 404)
        #expect(refusal.announcesClose)
    }

    @Test("a body that is refused unread is never taken for a request")
    func unreadBody() throws {
        let stand = try open()
        let smuggled = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
        let cut = try stand.connect()
        try cut.send("POST /admin/v1/things HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n" + smuggled)
        let (bytes, end) = try cut.receiveToEnd()
        #expect(replies(bytes) == 1)
        #expect(bytes.starts(with: Array("HTTP/1.1 401 ".utf8)))
        #expect(end == .finished)
        let chunked = try stand.connect()
        try chunked.send("POST /admin/v1/things HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled)
        #expect(try replies(chunked.receiveToEnd().bytes) == 1)
        // A whole body is skipped exactly.
        let whole = try stand.connect()
        let length = smuggled.utf8.count
        let next = "GET /page HTTP/1.1\r\nHost: h\r\n\r\n"
        try whole.send(
            "POST /admin/v1/things HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n" + smuggled + next
        )
        let refused = try whole.response()
        let page = try whole.response()
        #expect(refused.status == 401)
        #expect(page.text == "<p>0")
    }

    // MARK: Heads

    @Test(
        "what is no sound request is refused and ends the connection",
        arguments: [
            ("GET /healthz HTTP/1.1\r\n\r\n", 400, "bad_request"),
            ("GET /healthz HTTP/1.1\nHost: h\n\n", 400, "bad_request"),
            ("GET /healthz HTTP/2.0\r\nHost: h\r\n\r\n", 505, "bad_request"),
            (
                "GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
                "bad_request"
            ),
            ("GET /healthz HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n", 417, "bad_request"),
            (
                "GET /healthz HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 20_000))", 431,
                "headers_too_large"
            ),
            ("GET /\(String(repeating: "x", count: 20_000))", 414, "uri_too_long"),
        ]
    )
    func refused(bytes: String, status: Int, code: String) throws {
        let connection = try open().connect()
        try connection.sendWhatIsTaken(Array(bytes.utf8))
        let response = try connection.response()
        #expect(response.status == status)
        #expect(response.code == code)
        #expect(response.announcesClose)
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("HTTP/1.0 closes unless keep-alive is asked for and confirmed", arguments: [true, false])
    func http10(asksForMore: Bool) throws {
        let connection = try open().connect()
        try connection.send("GET /healthz HTTP/1.0\r\n\(asksForMore ? "Connection: keep-alive\r\n" : "")\r\n")
        let response = try connection.response()
        #expect(response.text == "{\"status\": \"alive\"}\n")
        #expect(response["connection"] == (asksForMore ? "keep-alive" : "close"))
        if asksForMore {
            #expect(connection.isOpen)
        } else {
            #expect(try connection.receiveToEnd().end == .finished)
        }
    }

    @Test("requests that come at once are answered in order, the last of them after the client's FIN")
    func pipelining() throws {
        let stand = try open()
        let connection = try stand.connect()
        let requests = ["a", "b", "c"].map { head("GET /admin/v1/things/\($0)") }
        try connection.send(requests.joined())
        connection.finishSending()
        for name in ["a", "b", "c"] {
            let response = try connection.response()
            #expect(response.json["parameters"][0].string == name)
        }
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("a request behind one that waits is answered after it, and a half-closed client still is")
    func waiting() throws {
        let stand = try open()
        let connection = try stand.connect()
        try connection.send(head("GET /admin/v1/kept") + head("GET /admin/v1/things/next"))
        connection.finishSending()
        _ = try stand.waitForKept()
        stand.perform { _, shelf in shelf.completions.removeFirst()(.noContent) }
        let first = try connection.response()
        let second = try connection.response()
        #expect(first.status == 204)
        #expect(second.json["parameters"][0].string == "next")
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("what comes behind a request that waits is not read without end")
    func pipelinedBytes() throws {
        let stand = try open()
        let connection = try stand.connect()
        try connection.send(head("GET /admin/v1/kept"))
        _ = try stand.waitForKept()
        // More than the kernel holds on both sides together.
        let flood = [UInt8](repeating: UInt8(ascii: "x"), count: 64 * 1024 * 1024)
        #expect(throws: TestFailure.self) { try connection.sendWhatIsTaken(flood, .after(.seconds(2))) }
        stand.perform { _, shelf in shelf.completions.removeFirst()(.noContent) }
        #expect(try connection.response().status == 204)
        #expect(try connection.response().status == 414)
    }

    @Test("half a request that nothing follows is not answered")
    func halfRequest() throws {
        let connection = try open().connect()
        try connection.send("GET /healthz HTTP/1.1\r\nHo")
        connection.finishSending()
        #expect(try connection.receiveToEnd().bytes.isEmpty)
    }

    // MARK: Time

    @Test("a head that does not become whole in time is a 408, and drops of it do not extend the time")
    func slowHead() throws {
        let connection = try open { $0.headerTimeout = .milliseconds(300) }.connect()
        try connection.send("GET /healthz HTTP/1.1\r\nHost: h\r\n")
        var drops = 0
        while drops < 200, connection.staysQuiet(for: .milliseconds(30)) {
            try connection.sendWhatIsTaken(Array("X: y\r\n".utf8))
            drops += 1
        }
        let response = try connection.response()
        #expect(drops < 90, "fields are bounded too")
        #expect(response.status == 408)
        #expect(response.code == "request_timeout")
        #expect(response.announcesClose)
    }

    @Test("a body that stops coming is a 408")
    func slowBody() throws {
        let connection = try open { $0.bodyTimeout = .milliseconds(100) }.connect()
        try connection.send(head("POST /admin/v1/things", "Content-Length: 5\r\n") + "ab")
        let response = try connection.response()
        #expect(response.status == 408)
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("a body is whole in its time, and drops of it do not extend it")
    func droppedBody() throws {
        let connection = try open { $0.bodyTimeout = .milliseconds(300) }.connect()
        try connection.send(head("POST /admin/v1/things", "Content-Length: 10000\r\n"))
        var drops = 0
        while drops < 9_000, connection.staysQuiet(for: .milliseconds(30)) {
            try connection.sendWhatIsTaken([0x20])
            drops += 1
        }
        #expect(try connection.response().status == 408)
        #expect(drops < 9_000)
    }

    @Test(
        "without a token all of a request has one short time, which nothing extends",
        arguments: [
            ("", 0), ("GET /healthz HTTP/1.1\r\nHost: h\r\n", 408),
            ("GET /page HTTP/1.1\r\nHost: h\r\nContent-Length: 4000\r\n\r\n", 408), ("\r\n", 0),
        ]
    )
    func strangersTime(opening: String, status: Int) throws {
        let connection = try open { $0.strangerTimeout = .milliseconds(300) }.connect()
        try connection.send(opening)
        var drops = 0
        while status > 0, drops < 3_000, connection.staysQuiet(for: .milliseconds(30)) {
            try connection.sendWhatIsTaken(Array("X".utf8))
            drops += 1
        }
        if status > 0 { #expect(try connection.response().status == status) }
        let (bytes, end) = try connection.receiveToEnd()
        #expect(bytes.isEmpty && end == .finished)
    }

    @Test("with a token a connection has the time of the configuration")
    func knownTime() throws {
        let connection = try open { $0.strangerTimeout = .milliseconds(100) }.connect()
        try connection.send(head("POST /admin/v1/things", "Content-Length: 2\r\n"))
        #expect(connection.staysQuiet(for: .milliseconds(300)))
        try connection.send("{}")
        #expect(try connection.response().status == 201)
        #expect(connection.staysQuiet(for: .milliseconds(300)) && connection.isOpen)
    }

    @Test(
        "an empty line between two requests is nothing: no 408, and no end before its time",
        arguments: [true, false]
    )
    func emptyLine(goesOn: Bool) throws {
        let connection = try open { $0.headerTimeout = .milliseconds(100) }.connect()
        try connection.send(head("GET /admin/v1/things/a"))
        #expect(try connection.response().status == 200)
        try connection.send("\r\n")
        #expect(connection.staysQuiet(for: .milliseconds(400)))
        if goesOn {
            try connection.send(head("GET /admin/v1/things/b"))
            #expect(try connection.response().json["parameters"][0].string == "b")
        } else {
            connection.finishSending()
            #expect(try connection.receiveToEnd().bytes.isEmpty)
        }
    }

    @Test(
        "a length at the end of all numbers, or beyond, is refused and the connection ends, whatever is asked",
        arguments: ["9223372036854775807", "9223372036854775808", "99999999999999999999999", "4294967296", "65537"]
    )
    func absurdLength(length: String) throws {
        let stand = try open()
        for line in ["GET /healthz", "GET /nothing", "POST /admin/v1/things", "GET /admin/v1/things/a"] {
            let connection = try stand.connect()
            try connection.send(head(line, "Content-Length: \(length)\r\n"))
            let response = try connection.response()
            #expect([400, 404, 413].contains(response.status) && response.announcesClose)
            #expect(try connection.receiveToEnd().end == .finished)
        }
        let chunks = try stand.connect()
        try chunks.send(head("POST /admin/v1/things", "Transfer-Encoding: chunked\r\n") + "FFFFFFFFFFFFFFF\r\n")
        #expect(try chunks.response().status == 413)
    }

    @Test("what takes no content reads a little of it and refuses more", arguments: [(4_096, 200), (4_097, 413)])
    func unusedBody(length: Int, status: Int) throws {
        let connection = try open().connect()
        let body = String(repeating: " ", count: length)
        try connection.sendWhatIsTaken(
            Array((head("GET /admin/v1/things/a", "Content-Length: \(length)\r\n") + body).utf8)
        )
        #expect(try connection.response().status == status)
    }

    @Test("a connection that asks nothing ends without a word", arguments: [true, false])
    func idle(hasAsked: Bool) throws {
        let connection = try open { $0.idleTimeout = .milliseconds(100) }.connect()
        if hasAsked {
            try connection.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try connection.response().status == 200)
        }
        let (bytes, end) = try connection.receiveToEnd()
        #expect(bytes.isEmpty)
        #expect(end == .finished)
    }
}
