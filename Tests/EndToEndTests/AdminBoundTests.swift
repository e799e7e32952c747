import TestSupport
import Testing

/// Input on the admin side is bounded, member by member, and so is what is shown of it.
@Suite("Bounds of the admin side", .serialized, .gateway())
struct AdminBoundTests {
    private func text(_ length: Int) -> JSON { .string(String(repeating: "n", count: length)) }

    /// A unique one.
    private func texts(_ count: Int, length: Int = 8) -> JSON {
        .array(
            (0..<count).map { number in
                let digits = String(number)
                return .string(digits + String(repeating: "m", count: max(0, length - digits.count)))
            }
        )
    }

    @Test("a form of more than 64 KiB is a 413, and a GET takes no content but a little")
    func bodies() throws {
        let gateway = try suiteGateway()
        let large = try gateway.admin("POST", "/teams", ["id": "large", "name": text(65_536)])
        expectError(large, 413, "body_too_large")
        #expect(large.json["message"].string?.contains("65536") == true)
        expectError(try gateway.admin("GET", "/teams", ["x": text(4_096)]), 413, "body_too_large")
        #expect(try gateway.admin("GET", "/teams", [:]).status == 200)
    }

    @Test("a length beyond all bounds is refused on every path, and the gateway lives")
    func lengths() throws {
        let gateway = try suiteGateway()
        for length in ["9223372036854775807", "9223372036854775808", "18446744073709551616", "4097"] {
            for (path, token) in [("/healthz", ""), ("/readyz", ""), ("/admin/v1/teams", Gateway.viewerToken)] {
                for method in ["GET", "HEAD", "DELETE", "POST"] {
                    let connection = try RawConnection(port: gateway.adminPort)
                    let line = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
                    let fields = "Authorization: Bearer \(token)\r\nContent-Length: \(length)\r\n\r\n"
                    try connection.send(line + fields)
                    let status = try connection.response(toHEAD: method == "HEAD").status
                    #expect([400, 403, 405, 413].contains(status), "\(method) \(path) \(length): \(status)")
                    #expect(try connection.receiveToEnd().end == .finished)
                }
            }
        }
        #expect(try gateway.admin("GET", "/teams").status == 200)
    }

    @Test("each member has a bound, which the 422 names")
    func members() throws {
        let gateway = try suiteGateway()
        let budget: JSON = ["window": "day", "credits": 1]
        let wrong: [(JSON, path: String, limit: String)] = [
            (["name": text(129)], "name: ", "128"), (["account": text(129)], "account: ", "128"),
            (["models": texts(101)], "models: ", "100"), (["models": [text(129)]], "models[0]: ", "128"),
            (["budgets": .array(Array(repeating: budget, count: 101))], "budgets: ", "100"),
            (
                ["budgets": [["window": "day", "credits": 1, "alert_at": .array(Array(repeating: 0.5, count: 101))]]],
                "budgets[0].alert_at: ", "100"
            ),
        ]
        for (form, path, limit) in wrong {
            let reply = try gateway.admin("POST", "/teams", form.overlaid(with: ["id": "bounded"]))
            expectError(reply, 422, "invalid_request")
            let message = reply.json["message"].string ?? ""
            #expect(message.contains(path) && message.contains(limit), "\(message)")
        }
        let keyed = try gateway.admin("POST", "/teams/team-a/keys", ["name": text(129)])
        expectError(keyed, 422, "invalid_request")
        let right: JSON = ["id": "bounded", "name": text(128), "models": texts(100, length: 128)]
        #expect(try gateway.admin("POST", "/teams", right).status == 201)
        #expect(try gateway.admin("DELETE", "/teams/bounded").status == 204)
    }

    @Test("a page is bounded in bytes, whatever its limit, and its cursor goes on to the end")
    func pages() throws {
        let gateway = try suiteGateway()
        let models = texts(100, length: 128)
        #expect(try gateway.admin("POST", "/teams", ["id": "page", "models": models]).status == 201)
        for number in 0..<120 {
            let change: JSON = ["name": .string("number \(number)")]
            #expect(try gateway.admin("PATCH", "/teams/page", change).status == 200)
        }
        var names: [String] = []
        var (cursor, pages) = ("", 0)
        repeat {
            let page = try gateway.admin("GET", "/audit?limit=1000" + cursor)
            #expect(page.status == 200 && page.body.count <= 1 << 20, "\(page.body.count) bytes")
            names += page.json["items"].items.compactMap { $0["after"]["name"].string }
            cursor = page.json["next_cursor"].string.map { "&cursor=\($0)" } ?? ""
            pages += 1
        } while !cursor.isEmpty && pages < 100
        #expect(pages > 2)
        #expect(names.filter { $0.hasPrefix("number") } == (0..<120).reversed().map { "number \($0)" })
        #expect(try gateway.admin("DELETE", "/teams/page").status == 204)
    }

    @Test("times and numbers at the ends of their ranges are answered, and shown as they were given or refused")
    func absurd() throws {
        let gateway = try suiteGateway()
        let good: [(JSON, JSON)] = [
            (["not_after": "9999-12-31T23:59:59Z"], "9999-12-31T23:59:59Z"),
            (["not_after": "9999-12-31T23:59:59.999999Z"], "9999-12-31T23:59:59.999999Z"),
        ]
        for (form, shown) in good {
            let key = try gateway.admin("POST", "/teams/team-a/keys", form)
            #expect(key.status == 201 && key.json["not_after"] == shown, "\(key.text)")
            let id = key.json["id"].string ?? ""
            let rotated = try gateway.admin("POST", "/teams/team-a/keys/\(id)/rotate", ["grace": "3650d"])
            #expect(rotated.status == 200, "\(rotated.text)")
        }
        let bad: [JSON] = [
            ["not_after": "9999-12-31T23:59:59-23:59"], ["not_after": "0000-01-01T00:00:00+23:59"],
            ["not_after": "0000-01-01T00:00:00Z"], ["not_after": "10000-01-01T00:00:00Z"], ["not_after": 1],
            ["budgets": [["window": "day", "credits": 1e30]]], ["budgets": [["window": "day", "credits": -1]]],
            ["budgets": [["window": "day", "credits": 1, "alert_at": [1e-9]]]],
        ]
        for form in bad { expectError(try gateway.admin("POST", "/teams/team-a/keys", form), 422, "invalid_request") }
        for grace in ["3651d", "9223372036854775807d", "99999999999999999999s", "-1s", "", "1", "1e3s"] {
            let reply = try gateway.admin("POST", "/teams/team-a/keys/a-key/rotate", ["grace": .string(grace)])
            expectError(reply, 422, "invalid_request")
        }
        let largest: JSON = [
            "id": "largest", "requests_per_second": 1_000_000_000, "max_concurrency": 1_000_000,
            "budgets": [["window": "total", "credits": 1_000_000_000]],
        ]
        #expect(try gateway.admin("POST", "/teams", largest).status == 201)
        let key = try #require(try gateway.admin("POST", "/teams/largest/keys", [:]).json["secret"].string)
        #expect(try gateway.classify(SampleRequests.vendors, key: key).status == 200)
        for cursor in ["-1", "+1", "9223372036854775808", "0x1", "%D9%A1"] {
            expectError(try gateway.admin("GET", "/audit?cursor=\(cursor)"), 422, "invalid_request")
        }
        for cursor in ["0", "9223372036854775807"] {
            #expect(try gateway.admin("GET", "/audit?cursor=\(cursor)&limit=1000").status == 200)
        }
    }
}
