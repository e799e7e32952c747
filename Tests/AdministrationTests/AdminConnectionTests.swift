import Administration
import TestSupport
import Testing

/// Behaviour specific to the admin side; `ServerConnectionTests` covers what all servers share.
@Suite("Connections to the admin side")
final class AdminConnectionTests {
    /// Kept until the test ends: a server stops when it is released.
    private var stands: [AdminStand] = []

    private func open(_ change: (inout AdminSettings) -> Void = { _ in }) throws -> AdminStand {
        var settings = AdminStand.settings()
        change(&settings)
        stands.append(try AdminStand(settings))
        return stands[stands.count - 1]
    }

    private static let authorization = "Authorization: Bearer \(AdminStand.admin)\r\n"

    /// A complete head with an admin's token.
    private func head(_ line: String, _ fields: String = "") -> String {
        "\(line) HTTP/1.1\r\nHost: localhost\r\n\(Self.authorization)\(fields)\r\n"
    }

    // MARK: Bodies

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

    // MARK: Heads

    @Test(
        "what is no sound request is refused and ends the connection",
        arguments: [
            ("GET /healthz HTTP/1.1\r\n\r\n", 400, "bad_request"),
            ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n", 417, "bad_request"),
            (
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 20_000))", 431,
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

    // MARK: Time

    @Test(
        "without a token all of a request has one short time, which nothing extends",
        arguments: [
            ("", 0), ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n", 408),
            ("GET /page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n", 408), ("\r\n", 0),
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

}
