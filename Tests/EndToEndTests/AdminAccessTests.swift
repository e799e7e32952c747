import Foundation
import TestSupport
import Testing

/// `docs/api.md` §6: roles, their permissions, and the audit of their actions.
@Suite("The admin side", .serialized, .gateway(["listen": ["workers": 2]]))
struct AdminAccessTests {
    private struct Attempt {
        let method: String
        let path: String
        let body: JSON?
        /// For viewer, operator and admin.
        let statuses: [Int]
    }

    private static let attempts = [
        Attempt(method: "GET", path: "/teams", body: nil, statuses: [200, 200, 200]),
        Attempt(method: "GET", path: "/teams/team-a", body: nil, statuses: [200, 200, 200]),
        Attempt(method: "POST", path: "/teams", body: ["id": "new-%"], statuses: [403, 403, 201]),
        Attempt(method: "PATCH", path: "/teams/team-a", body: ["name": "x"], statuses: [403, 403, 409]),
        Attempt(method: "DELETE", path: "/teams/team-a", body: nil, statuses: [403, 403, 409]),
        Attempt(method: "GET", path: "/teams/team-a/keys", body: nil, statuses: [200, 200, 200]),
        Attempt(method: "POST", path: "/teams/team-a/keys", body: ["id": "key-%"], statuses: [403, 201, 201]),
        Attempt(method: "POST", path: "/teams/team-a/keys/a-key/rotate", body: [:], statuses: [403, 409, 409]),
        Attempt(method: "DELETE", path: "/teams/team-a/keys/none", body: nil, statuses: [403, 404, 404]),
        Attempt(method: "GET", path: "/upstream-keys", body: nil, statuses: [200, 200, 200]),
        Attempt(method: "POST", path: "/upstream-keys", body: ["id": "k", "secret": "v"], statuses: [403, 403, 409]),
        Attempt(method: "PATCH", path: "/upstream-keys/primary", body: ["state": "active"], statuses: [403, 200, 200]),
        Attempt(method: "PATCH", path: "/upstream-keys/primary", body: ["weight": 2], statuses: [403, 403, 409]),
        Attempt(method: "DELETE", path: "/upstream-keys/primary", body: nil, statuses: [403, 403, 409]),
        Attempt(
            method: "POST",
            path: "/upstream-keys/primary/rotate",
            body: ["secret": "v"],
            statuses: [403, 403, 409]
        ),
        Attempt(method: "GET", path: "/audit", body: nil, statuses: [200, 200, 200]),
        Attempt(method: "GET", path: "/status", body: nil, statuses: [200, 200, 200]),
        Attempt(method: "GET", path: "/nothing", body: nil, statuses: [404, 404, 404]),
        Attempt(method: "PUT", path: "/teams", body: [:], statuses: [405, 405, 405]),
    ]

    private static let roles = [
        ("viewer", Gateway.viewerToken), ("operator", Gateway.operatorToken), ("admin", Gateway.adminToken),
    ]

    @Test("each role may do what docs/api.md §6 gives it", arguments: attempts.indices, roles.indices)
    func mayDo(index: Int, role: Int) throws {
        let attempt = Self.attempts[index]
        let (name, token) = Self.roles[role]
        let body = try attempt.body.map { try JSON.parse($0.text.replacingOccurrences(of: "%", with: name).utf8) }
        let reply = try suiteGateway().admin(attempt.method, attempt.path, body, token: token)
        #expect(reply.status == attempt.statuses[role], "\(attempt.method) \(attempt.path) as \(name): \(reply.text)")
    }

    private static let strangers: [String?] = [
        nil, "", "no-such-token-0123456789", Gateway.keyA, VendorSim.key, Gateway.adminToken + "x",
        String(Gateway.adminToken.dropLast()), String(repeating: "x", count: 4_000),
    ]

    @Test("without a good token everything is a 401, whatever is asked: one answer for all")
    func unauthorized() throws {
        let gateway = try suiteGateway()
        var texts: Set<String> = []
        for attempt in Self.attempts {
            for token in Self.strangers {
                let reply = try gateway.admin(attempt.method, attempt.path, attempt.body, token: token)
                expectError(reply, 401, "unauthorized")
                #expect(reply["www-authenticate"]?.hasPrefix("Bearer") == true)
                texts.insert(reply.text)
            }
        }
        #expect(texts.count == 1)
    }

    @Test("an admin's token is no team's key, and the client side knows no admin path")
    func otherSide() throws {
        let gateway = try suiteGateway()
        expectError(try gateway.classify(SampleRequests.vendors, key: Gateway.adminToken), 403, "invalid_api_key")
        let request = TestRequest("GET", "/admin/v1/teams", fields: [("Authorization", "Bearer \(Gateway.adminToken)")])
        #expect(try gateway.send(request).status == 404)
    }

    @Test("health and readiness need no token")
    func health() throws {
        let connection = try RawConnection(port: try suiteGateway().adminPort)
        for path in ["/healthz", "/readyz"] {
            try connection.send(TestRequest("GET", path).bytes)
            #expect(try connection.response().status == 200)
        }
    }

    @Test("the status names the version, the node and the keys at the vendor")
    func status() throws {
        let status = try suiteGateway().admin("GET", "/status").json
        #expect(status["version"].string?.isEmpty == false && (status["uptime_seconds"].int ?? -1) >= 0)
        #expect(status["nodes"][0]["store"].string == "ready" && status["nodes"][0]["workers"].int == 2)
        #expect(status["upstream"][0]["account"].string == "default")
        #expect(status["upstream"][0]["circuit"].string == "closed")
        #expect(status["upstream"][0]["keys"][0]["id"].string == "primary")
    }

    @Test("teams are made, changed, shown and deleted; what is there twice is a conflict")
    func teams() throws {
        let gateway = try suiteGateway()
        let body: JSON = [
            "id": "legal", "name": "Legal", "budgets": [["window": "day", "credits": 0.5, "alert_at": [0.8]]],
            "requests_per_second": 2.5, "max_concurrency": 3, "models": ["gpt-4o"], "cache_scope": "team",
        ]
        let made = try gateway.admin("POST", "/teams", body)
        #expect(made.status == 201 && made["location"] == "/admin/v1/teams/legal", "\(made.text)")
        #expect(made.json["account"].string == "default" && made.json["source"].string == "store")
        #expect(made.json["budgets"][0]["credits"] == 0.5 && made.json["budgets"][0]["enforce"].bool == true)
        expectError(try gateway.admin("POST", "/teams", body), 409, "conflict")
        expectError(try gateway.admin("POST", "/teams", ["id": "team-a"]), 409, "conflict")
        expectError(try gateway.admin("POST", "/teams", ["id": "x", "account": "none"]), 422, "invalid_request")
        let changed = try gateway.admin("PATCH", "/teams/legal", ["name": "Law", "models": nil])
        #expect(changed.json["name"].string == "Law" && changed.json["models"] == .null, "\(changed.text)")
        #expect(changed.json["max_concurrency"].int == 3)
        expectError(try gateway.admin("PATCH", "/teams/legal", ["id": "other"]), 422, "invalid_request")
        #expect(try gateway.admin("GET", "/teams/legal").json == changed.json)
        let key = try gateway.admin("POST", "/teams/legal/keys", [:]).json["secret"].string ?? ""
        let ask = SampleRequests.about(extra: #","page_range":"1""#)
        expectError(try gateway.classify(ask, key: key), 402, "budget_exceeded")
        #expect(try gateway.admin("PATCH", "/teams/legal", ["budgets": []]).status == 200)
        #expect(try gateway.classify(ask, key: key).status == 200)
        #expect(try gateway.admin("DELETE", "/teams/legal").status == 204)
        expectError(try gateway.classify(ask, key: key), 403, "invalid_api_key")
        expectError(try gateway.admin("GET", "/teams/legal"), 404, "not_found")
    }

    @Test("limits of a team hold as soon as the change is answered, and are lifted as soon")
    func limits() throws {
        let gateway = try suiteGateway()
        #expect(try gateway.admin("POST", "/teams", ["id": "limited"]).status == 201)
        let key = try #require(try gateway.admin("POST", "/teams/limited/keys", [:]).json["secret"].string)
        func ask(_ body: String = SampleRequests.vendors) throws -> TestResponse {
            try gateway.classify(body, key: key)
        }
        func change(_ body: JSON) throws { #expect(try gateway.admin("PATCH", "/teams/limited", body).status == 200) }
        #expect(try ask().status == 200)
        try change(["requests_per_second": 0.001])
        #expect(try ask().status == 200)
        expectError(try ask(), 429, "rate_limited")
        try change(["requests_per_second": nil, "models": ["gpt-4o"]])
        expectError(try ask(), 403, "model_not_allowed")
        try change(["models": []])
        #expect(try ask().json["message"].string?.contains("may use none") == true)
        try change(["models": nil, "cache_scope": "team"])
        expectStoredMiss(try ask())
        expectHit(try ask())
        try change(["budgets": [["window": "day", "credits": 0]]])
        expectHit(try ask())
        expectError(try ask(SampleRequests.about()), 402, "budget_exceeded")
        #expect(try gateway.admin("DELETE", "/teams/limited").status == 204)
    }

    @Test("every change is in the audit log with who, what, when and whence; what was refused is not")
    func audit() throws {
        let gateway = try suiteGateway()
        #expect(try gateway.admin("POST", "/teams", ["id": "audited"]).status == 201)
        let refused = try gateway.admin("POST", "/teams", ["id": "audited"])
        #expect(refused.status == 409)
        let change = try gateway.admin("PATCH", "/teams/audited", ["name": "After"])
        let issued = try gateway.admin("POST", "/teams/audited/keys", [:], token: Gateway.operatorToken)
        let id = try #require(issued.json["id"].string)
        #expect(try gateway.admin("DELETE", "/teams/audited").status == 204)
        let entries = try gateway.admin("GET", "/audit").json["items"].items.filter {
            $0["target"].string?.hasPrefix("team/audited") == true
        }
        #expect(
            entries.compactMap { $0["action"].string } == [
                "team.delete", "team_key.create", "team.update", "team.create",
            ]
        )
        #expect(entries.map { $0["target"].string }.dropFirst().first == "team/audited/key/\(id)")
        #expect(entries[1]["actor"].string == "hand" && entries[1]["role"].string == "operator")
        #expect(entries[2]["actor"].string == "boss" && entries[2]["address"].string == "127.0.0.1")
        #expect(entries[2]["before"]["name"].string == "audited" && entries[2]["after"] == change.json)
        #expect(entries[3]["before"] == .null && entries[0]["after"] == .null)
        let secret = try #require(issued.json["secret"].string)
        #expect(!entries.contains { $0.text.contains(secret) })
    }

    @Test("lists come in pages that neither repeat nor leave out anything")
    func pages() throws {
        let gateway = try suiteGateway()
        for number in 0..<7 { _ = try gateway.admin("POST", "/teams/team-b/keys", ["id": .string("page-\(number)")]) }
        func all(_ path: String, limit: Int) throws -> [String] {
            var items: [JSON] = []
            var cursor = ""
            repeat {
                let page = try gateway.admin("GET", "\(path)?limit=\(limit)\(cursor)").json
                #expect(page["items"].items.count <= limit)
                items += page["items"].items
                cursor = page["next_cursor"].string.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty && items.count < 1_000
            return items.compactMap { $0["id"].string }
        }
        let whole = try all("/teams/team-b/keys", limit: 1_000)
        #expect(whole == whole.sorted() && whole.count == 8)
        for limit in 1...9 { #expect(try all("/teams/team-b/keys", limit: limit) == whole) }
        let audit = try all("/audit", limit: 1_000)
        #expect(audit.count >= 7)
        #expect(try all("/audit", limit: 3) == audit)
        for query in ["limit=0", "limit=x", "limit=1001", "cursor=a&cursor=b", "surprise=1"] {
            expectError(try gateway.admin("GET", "/teams?\(query)"), 422, "invalid_request")
        }
        expectError(try gateway.admin("GET", "/audit?cursor=x"), 422, "invalid_request")
    }
}
