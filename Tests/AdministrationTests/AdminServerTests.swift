import Administration
import TestSupport
import Testing

@Suite("The admin side's front door")
struct AdminServerTests {
    /// One request and the expected reply.
    struct Case: Sendable, CustomTestStringConvertible {
        let request: String
        let token: String?
        let status: Int
        let code: String?
        var allow: String?
        var testDescription: String { "\(request) → \(status)" }

        init(_ request: String, _ token: String?, _ status: Int, _ code: String? = nil, allow: String? = nil) {
            self.request = request
            self.token = token
            self.status = status
            self.code = code
            self.allow = allow
        }

        var bytes: TestRequest {
            let parts = request.split(separator: " ").map(String.init)
            return TestRequest(parts[0], parts[1], fields: token.map { [AdminStand.bearer($0)] } ?? [])
        }
    }

    private static let anyMethod = "GET, HEAD, POST, PUT, PATCH, DELETE"

    @Test(
        "each request is told the first thing that is wrong with it",
        arguments: [
            Case("GET /healthz", nil, 200), Case("GET /readyz", nil, 200), Case("HEAD /healthz", nil, 200),
            Case("GET /healthz?probe=1", nil, 200), Case("GET http://localhost/healthz", nil, 200),
            Case("GET /page", nil, 200), Case("GET /page", "no token at all", 200),
            Case("POST /healthz", nil, 405, "method_not_allowed", allow: "GET, HEAD"),
            Case("DELETE /page", nil, 405, "method_not_allowed", allow: "GET, HEAD"),
            Case("GET /", nil, 404, "not_found"), Case("GET /healthz/", nil, 404, "not_found"),
            Case("GET http://localhost", nil, 404, "not_found"), Case("OPTIONS *", nil, 404, "not_found"),
            Case("GET /admin", nil, 404, "not_found"), Case("GET /admin/v1x", nil, 404, "not_found"),
            Case("GET /admin/%76%31/things/a", AdminStand.admin, 404, "not_found"),
            Case("POST /v1/classify", AdminStand.admin, 404, "not_found"),
            Case("TRACE /", nil, 405, "method_not_allowed", allow: anyMethod),
            Case("BREW /", nil, 405, "method_not_allowed", allow: anyMethod),
            Case("CONNECT localhost:443", nil, 405, "method_not_allowed", allow: anyMethod),
            Case("GET http://elsewhere/admin/v1/things/a", AdminStand.admin, 421, "misdirected_request"),
            Case("CONNECT elsewhere:443", nil, 405, "method_not_allowed", allow: anyMethod),
            Case("GET //healthz", nil, 400, "bad_request"), Case("GET /x/../healthz", nil, 400, "bad_request"),
            Case("GET /admin%2fv1/things/a", nil, 400, "bad_request"),
            Case("GET /admin/v1/../../healthz", AdminStand.admin, 400, "bad_request"),
            // Without a token nothing is revealed: known paths, unknown paths and wrong methods get the same reply.
            Case("GET /admin/v1/things/a", nil, 401, "unauthorized"),
            Case("GET /admin/v1/nothing", nil, 401, "unauthorized"), Case("GET /admin/v1", nil, 401, "unauthorized"),
            Case("PUT /admin/v1/things/a", nil, 401, "unauthorized"),
            Case("TRACE /admin/v1/things/a", nil, 401, "unauthorized"),
            Case("GET /admin/v1/things/a?%zz", nil, 401, "unauthorized"),
            Case("GET /admin/v1/things/a", "tg_abcdefgh_ijklmnopqrstuvwxyz012345", 401, "unauthorized"),
            Case("GET /admin/v1/things/a", AdminStand.admin + "x", 401, "unauthorized"),
            Case("GET /admin/v1/nothing", AdminStand.viewer, 404, "not_found"),
            Case("GET /admin/v1/", AdminStand.viewer, 404, "not_found"),
            Case("GET /admin/v1/things", AdminStand.viewer, 405, "method_not_allowed", allow: "POST"),
            Case("PUT /admin/v1/things/a", AdminStand.viewer, 405, "method_not_allowed", allow: "GET, HEAD, DELETE"),
            Case("TRACE /admin/v1/things/a", AdminStand.viewer, 405, "method_not_allowed", allow: "GET, HEAD, DELETE"),
            Case("GET /admin/v1/things/a%20b", AdminStand.viewer, 404, "not_found"),
            Case("GET /admin/v1/things/...", AdminStand.viewer, 404, "not_found"),
            Case("GET /admin/v1/things/a/b", AdminStand.viewer, 404, "not_found"),
            Case("DELETE /admin/v1/things/a", AdminStand.viewer, 403, "forbidden"),
            Case("DELETE /admin/v1/things/a?%zz", AdminStand.operatorToken, 403, "forbidden"),
            Case("POST /admin/v1/things", AdminStand.viewer, 403, "forbidden"),
            Case("GET /admin/v1/things/a?%zz", AdminStand.viewer, 400, "bad_request"),
            Case("GET /admin/v1/things/a?x=%ff", AdminStand.viewer, 400, "bad_request"),
            Case("GET /admin/v1/things/a", AdminStand.viewer, 200),
            Case("POST /admin/v1/things", AdminStand.admin, 201),
            Case("HEAD /admin/v1/things/a", AdminStand.viewer, 200),
            Case("DELETE /admin/v1/things/a", AdminStand.admin, 204),
        ]
    )
    func status(example: Case) throws {
        let response = try AdminStand().answer(example.bytes)
        #expect(response.status == example.status)
        #expect(response["allow"] == example.allow)
        #expect(response["cache-control"] == "no-store")
        #expect(response["date"]?.hasSuffix(" GMT") == true)
        #expect(response["x-request-id"]?.count == 36)
        #expect((response["www-authenticate"] == "Bearer realm=\"tollgate\"") == (example.status == 401))
        guard let code = example.code else { return }
        #expect(response["content-type"] == "application/json")
        #expect(response.json["success"] == false)
        #expect(response.code == code)
        #expect(response.json["message"].string?.isEmpty == false)
    }

    @Test("a refusal for the role names the one that is needed")
    func neededRole() throws {
        let fields = [AdminStand.bearer(AdminStand.viewer)]
        let response = try AdminStand().answer(TestRequest("DELETE", "/admin/v1/things/a", fields: fields))
        #expect(response.json["message"].string?.contains("role admin") == true)
    }

    @Test(
        "whatever is no token in the form of RFC 6750 is refused",
        arguments: [
            "Basic \(AdminStand.admin)", AdminStand.admin, "Bearer", "Bearer ", "Bearer\t\(AdminStand.admin)",
            "Bearer \(AdminStand.admin) x", "Bearer \(AdminStand.admin),", "Bearer: \(AdminStand.admin)",
            "Bearer é\(AdminStand.admin)",
        ]
    )
    func malformedCredentials(value: String) throws {
        let stand = try AdminStand()
        let fields = [("Authorization", value)]
        let response = try stand.answer(TestRequest("GET", "/admin/v1/things/a", fields: fields))
        #expect(response.status == 401)
    }

    @Test("the scheme's letter case does not matter, and two tokens are none")
    func credentials() throws {
        let stand = try AdminStand()
        for scheme in ["bearer", "BEARER", "Bearer "] {
            let fields = [("authorization", "\(scheme) \(AdminStand.viewer)")]
            #expect(try stand.answer(TestRequest("GET", "/admin/v1/things/a", fields: fields)).status == 200)
        }
        let twice = [AdminStand.bearer(AdminStand.admin), AdminStand.bearer(AdminStand.admin)]
        #expect(try stand.answer(TestRequest("GET", "/admin/v1/things/a", fields: twice)).status == 401)
        let others = [("x-api-key", AdminStand.admin), ("X_Authorization", "Bearer \(AdminStand.admin)")]
        #expect(try stand.answer(TestRequest("GET", "/admin/v1/things/a", fields: others)).status == 401)
    }

    @Test("a handler sees parameters, query, body, key, actor, address and the request's name")
    func request() throws {
        let stand = try AdminStand()
        var fields = [
            AdminStand.bearer(AdminStand.operatorToken), ("x-request-id", "mine-1"), ("idempotency-key", "k!"),
        ]
        let target = "/admin/v1/things?from=a+b&to=%C3%A9"
        let posted = try stand.answer(TestRequest("POST", target, fields: fields, body: Array("{}".utf8)))
        #expect(posted["location"] == "/admin/v1/things/new")
        #expect(posted["x-request-id"] == "mine-1")
        #expect(posted.json["query"][0].string == "from=a b")
        #expect(posted.json["query"][1].string == "to=é")
        #expect(posted.json["body"].string == "{}")
        #expect(posted.json["idempotency_key"].string == "k!")
        #expect(posted.json["actor"].string == "olga")
        #expect(posted.json["address"].string == "127.0.0.1")
        #expect(posted.json["request_id"].string == "mine-1")
        fields[1].1 = "not acceptable"
        let shown = try stand.answer(TestRequest("GET", "/admin/v1/things/a.b-c_1", fields: fields))
        #expect(shown.json["parameters"][0].string == "a.b-c_1")
        #expect(shown["x-request-id"] == shown.json["request_id"].string)
        #expect(shown["x-request-id"]?.count == 36)
    }

    @Test(
        "an Idempotency-Key is one field of 1 to 128 visible characters",
        arguments: [
            (["k"], 200), ([String(repeating: "k", count: 128)], 200), ([String(repeating: "k", count: 129)], 400),
            ([""], 400), (["a b"], 400), (["a", "a"], 400), (["é"], 400),
        ]
    )
    func idempotencyKey(values: [String], status: Int) throws {
        let fields = [AdminStand.bearer(AdminStand.viewer)] + values.map { ("Idempotency-Key", $0) }
        let response = try AdminStand().answer(TestRequest("GET", "/admin/v1/things/a", fields: fields))
        #expect(response.status == status)
    }

    @Test("an answer to HEAD is that to GET without its content; a 204 has neither content nor a length")
    func contentLength() throws {
        let stand = try AdminStand()
        let got = try stand.answer(TestRequest("GET", "/page"))
        let connection = try stand.connect()
        try connection.send(TestRequest("HEAD", "/page", fields: [("Connection", "close")]).bytes)
        let head = try connection.response(toHEAD: true)
        #expect(try connection.receiveToEnd().bytes.isEmpty)
        #expect(head["content-length"] == String(got.body.count))
        #expect(head["content-type"] == "text/html; charset=utf-8")
        let fields = [AdminStand.bearer(AdminStand.admin)]
        let deleted = try stand.answer(TestRequest("DELETE", "/admin/v1/things/a", fields: fields))
        #expect(deleted["content-length"] == nil)
        #expect(deleted["content-type"] == nil)
    }

    @Test("a request is told to the log without token, query and body")
    func logged() throws {
        let stand = try AdminStand()
        let fields = [AdminStand.bearer(AdminStand.admin)]
        let long = "/admin/v1/things/a/" + String(repeating: "x", count: 300)
        for target in ["/admin/v1/things/a?secret=1", long] {
            _ = try stand.answer(TestRequest("GET", target, fields: fields))
        }
        _ = try stand.answer(TestRequest("GET", "/admin/v1/things/a"))
        let lines = try stand.lines.wait(for: 3)
        let whole = ["method": "GET", "path": "/admin/v1/things/a", "status": "200", "address": "127.0.0.1"]
        #expect(lines[0].metadata == whole.merging(["actor": "ada"]) { $1 })
        #expect(lines[1].path == String(long.prefix(200)))
        #expect(lines[2].metadata == whole.merging(["status": "401"]) { $1 })
    }

    @Test("a refused token is warned of with the address, and stands nowhere in the log")
    func warned() async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardErrorContent, \.standardOutputContent]
        ) {
            let stand = try AdminStand()
            let fields = [AdminStand.bearer("a-wrong-secret")]
            let response = try stand.answer(TestRequest("GET", "/admin/v1/things/a?secret", fields: fields))
            precondition(response.status == 401)
        }
        let exit = try #require(result)
        let log = String(decoding: exit.standardErrorContent + exit.standardOutputContent, as: UTF8.self)
        #expect(log.contains("warning"))
        #expect(log.contains("admin_unauthorized"))
        #expect(log.contains("127.0.0.1"))
        #expect(!log.contains("secret"))
    }
}
