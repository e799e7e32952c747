import TestSupport
import Testing
import Transport

@testable import Administration

@Suite("Which Host and which site the admin side answers")
struct AdminHostsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let own: String
        let authority: String
        let isAccepted: Bool
        var testDescription: String { "\(authority) at \(own): \(isAccepted)" }

        init(_ own: String, _ authority: String, _ isAccepted: Bool) {
            self.own = own
            self.authority = authority
            self.isAccepted = isAccepted
        }
    }

    private static let loopback = "127.0.0.1:9090"
    private static let wide = "0.0.0.0:9090"

    @Test(
        "its own address, localhost and the names of the configuration, whatever the port of the first two",
        arguments: [
            Case(loopback, "127.0.0.1:9090", true), Case(loopback, "127.0.0.1", true),
            Case(loopback, "127.0.0.1:1", true),
            Case(loopback, "127.0.0.2:9090", true), Case(loopback, "[::1]:9090", true), Case(loopback, "[::1]", true),
            Case(loopback, "localhost", true), Case(loopback, "localhost:9090", true),
            Case(loopback, "LOCALHOST:1", true),
            Case(loopback, "a.example.com", true), Case(loopback, "A.Example.COM:444", true),
            Case(loopback, "b.example.com:9443", true), Case(loopback, "b.example.com:9444", false),
            Case(loopback, "b.example.com", false), Case(loopback, "[fd00::1]", true),
            Case(loopback, "[fd00::1]:7", true),
            // What a rebound name looks like.
            Case(loopback, "evil.example", false), Case(loopback, "evil.example:9090", false),
            Case(loopback, "127.0.0.1.evil.example", false), Case(loopback, "localhost.evil.example:9090", false),
            Case(loopback, "a.example.com.", false), Case(loopback, "xa.example.com", false), Case(loopback, "", false),
            Case(loopback, ":9090", false), Case(loopback, "localhost:", true), Case(loopback, "localhost:x", false),
            Case(loopback, "127.1:9090", false), Case(loopback, "2130706433", false), Case(loopback, "::1", false),
            Case(loopback, "[127.0.0.1]", false), Case(loopback, "[::ffff:127.0.0.1]:9090", false),
            Case(loopback, "10.0.0.5:9090", false), Case(loopback, "0.0.0.0:9090", false),
            Case("[::1]:9090", "127.0.0.1", true), Case("10.0.0.5:9090", "10.0.0.5", true),
            Case("10.0.0.5:9090", "10.0.0.5:80", true), Case("10.0.0.5:9090", "10.0.0.6", false),
            Case("10.0.0.5:9090", "127.0.0.1", false), Case("10.0.0.5:9090", "localhost", true),
            // Bound to all of its addresses, it cannot tell its own ones; a name still is none.
            Case(wide, "10.0.0.6:9090", true), Case(wide, "[fd00::2]", true), Case(wide, "evil.example", false),
            Case("[::]:9090", "10.0.0.6", true), Case("[::]:9090", "evil.example:9090", false),
        ]
    )
    func hosts(example: Case) throws {
        let own = try #require(SocketAddress(parsing: example.own))
        let hosts = AdminHosts(further: ["a.example.com", "B.example.com:9443", "[fd00::1]"])
        #expect(hosts.accepts(example.authority, at: own) == example.isAccepted)
    }

    private func answer(_ line: String, _ fields: String, of stand: AdminStand) throws -> TestResponse {
        let connection = try stand.connect()
        try connection.send([UInt8]("\(line) HTTP/1.1\r\n\(fields)\r\n".utf8))
        return try connection.response()
    }

    @Test("under another name nothing is told, not even that a token is wrong, and the refusal says what to do")
    func misdirected() throws {
        let stand = try AdminStand()
        for line in ["GET /", "GET /healthz", "GET /admin/v1/things/a", "GET /admin/v1/things/a HTTP/9", "GET /../x"] {
            let line = line.split(separator: " ").prefix(2).joined(separator: " ")
            let token = "Authorization: Bearer \(AdminStand.admin)\r\n"
            let refused = try answer(line, "Host: evil.example:9090\r\n\(token)", of: stand)
            #expect(refused.status == 421 && refused.code == "misdirected_request", "\(line)")
            let message = refused.json["message"].string ?? ""
            #expect(message.contains("admin.hosts") && message.contains("evil.example:9090"))
            #expect(message.contains("127.0.0.1:\(stand.port)"))
        }
        let long = try answer("GET /", "Host: \(String(repeating: "a", count: 4_000))\r\n", of: stand)
        #expect(long.status == 421 && long.text.utf8.count < 600)
        // The target's authority counts, RFC 9112 §3.2.2.
        #expect(try answer("GET http://evil.example/healthz", "Host: localhost\r\n", of: stand).status == 421)
        #expect(try answer("GET http://localhost/healthz", "Host: evil.example\r\n", of: stand).status == 200)
    }

    @Test("admin.hosts is followed from the next request on, on connections that are open too")
    func replaced() throws {
        let stand = try AdminStand()
        let connection = try stand.connect()
        let request = [UInt8]("GET /healthz HTTP/1.1\r\nHost: a.example.com\r\n\r\n".utf8)
        try connection.send(request)
        #expect(try connection.response().status == 421)
        stand.perform { server, _ in
            var settings = AdminStand.settings()
            settings.hosts = AdminHosts(further: ["a.example.com"])
            server.replace(settings)
        }
        try connection.send(request)
        #expect(try connection.response().status == 200)
    }

    @Test(
        "a change that another site's page asks for is refused, and only that",
        arguments: [
            ("POST", ["cross-site"], 403), ("POST", ["Cross-Site"], 403), ("POST", ["same-origin", "cross-site"], 403),
            ("POST", ["same-origin"], 201), ("POST", ["same-site"], 201), ("POST", ["none"], 201), ("POST", [], 201),
            ("DELETE", ["cross-site"], 403), ("PUT", ["cross-site"], 403), ("PATCH", ["cross-site"], 403),
        ]
    )
    func foreignChange(method: String, sites: [String], status: Int) throws {
        let fields = [AdminStand.bearer(AdminStand.admin)] + sites.map { ("Sec-Fetch-Site", $0) }
        let path = method == "POST" ? "/admin/v1/things" : "/admin/v1/things/a"
        let answer = try AdminStand().answer(TestRequest(method, path, fields: fields))
        #expect(answer.status == status)
        if status == 403 { #expect(answer.json["message"].string?.contains("Sec-Fetch-Site") == true) }
    }

    @Test("reading is not refused for it: a link on another site leads to the page")
    func foreignLink() throws {
        let stand = try AdminStand()
        for method in ["GET", "HEAD"] {
            let fields = [AdminStand.bearer(AdminStand.viewer), ("Sec-Fetch-Site", "cross-site")]
            #expect(try stand.answer(TestRequest(method, "/admin/v1/things/a", fields: fields)).status == 200)
        }
    }
}
