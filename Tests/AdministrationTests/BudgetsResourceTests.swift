import Budgeting
import TestSupport
import Testing
import Vocabulary

@testable import Administration

/// `/budgets`, `/teams/{team}/budgets` and `/teams/{team}/grants`, with real rooms and a disk that can fail.
@Suite("Budgets and grants")
struct BudgetsResourceTests {
    private static let diskFull = StoreFault(code: .full, detail: "")
    private static let members: Set<String> = [
        "window", "credits", "enforce", "alert_at", "granted", "spent", "unconfirmed", "reserved", "remaining",
        "resets_at", "runs_out_at", "would_have_refused",
    ]

    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private func create(_ team: String, _ budgets: String = #"[{"window": "month", "credits": 3}]"#) throws {
        let answer = try rooms.answer("POST", "/teams", #"{"id": "\#(team)", "budgets": \#(budgets)}"#)
        try #require(answer.status == 201, "\(answer.text)")
    }

    private func budgets(_ team: String) throws -> [JSON] {
        try rooms.answer("GET", "/teams/\(team)/budgets", token: AdminStand.viewer).json["budgets"].items
    }

    private func grant(_ team: String, _ body: String) throws -> TestResponse {
        try rooms.answer("POST", "/teams/\(team)/grants", body, token: AdminStand.operatorToken)
    }

    private static let five = #"{"window": "month", "credits": 5, "reason": "more"}"#

    // MARK: Budgets

    @Test("a team's budgets have every member; PUT answers the same, is one change of the team, and is durable first")
    func put() throws {
        try create("sales", "[]")
        #expect(try budgets("sales").isEmpty)
        let body =
            #"{"budgets": [{"window": "day", "credits": 2.5}, "#
            + #"{"window": "total", "credits": 9, "alert_at": [0.5], "enforce": false}]}"#
        let answer = try rooms.answer("PUT", "/teams/sales/budgets", body)
        #expect(answer.status == 200)
        let shown = answer.json["budgets"].items
        #expect(shown == (try budgets("sales")))
        try #require(shown.count == 2 && shown.allSatisfy { Set($0.members.keys) == Self.members })
        #expect(shown[0]["credits"].number == 2.5 && shown[0]["remaining"].number == 2.5)
        #expect(shown[0]["resets_at"].string != nil && shown[0]["runs_out_at"] == .null)
        #expect(shown[0]["enforce"].bool == true && shown[1]["enforce"].bool == false)
        #expect(shown[1]["resets_at"] == .null && shown[1]["alert_at"][0].number == 0.5)
        #expect(try rooms.answer("GET", "/teams/sales").json["budgets"].items.count == 2)
        let entry = try rooms.answer("GET", "/audit").json["items"][0]
        #expect(entry["action"] == "team.update" && entry["target"] == "team/sales")
        #expect(entry["before"]["budgets"].items.isEmpty && entry["after"]["budgets"].items.count == 2)
        rooms.store.become(.failing(Self.diskFull))
        let refused = try rooms.answer("PUT", "/teams/sales/budgets", #"{"budgets": []}"#)
        #expect(refused.status == 503 && refused.code == "store_unavailable")
        #expect(try budgets("sales").count == 2)
    }

    @Test("roles, unknown teams, the file's teams and bad forms are refused")
    func refusals() throws {
        try create("sales")
        for (token, method, path, status) in [
            (AdminStand.viewer, "PUT", "/teams/sales/budgets", 403),
            (AdminStand.operatorToken, "PUT", "/teams/sales/budgets", 403),
            (AdminStand.viewer, "POST", "/teams/sales/grants", 403),
            (AdminStand.viewer, "DELETE", "/teams/sales/grants/1", 403),
            (AdminStand.admin, "PUT", "/teams/nobody/budgets", 404),
            (AdminStand.admin, "GET", "/teams/nobody/budgets", 404),
            (AdminStand.admin, "GET", "/teams/nobody/grants", 404),
            (AdminStand.admin, "GET", "/teams/sales/grants/1", 404),
            (AdminStand.admin, "GET", "/teams/sales/grants/x", 404),
            (AdminStand.admin, "DELETE", "/teams/sales/grants/99999999999999999999", 404),
            (AdminStand.admin, "PUT", "/teams/filed/budgets", 409),
        ] {
            let answer = try rooms.answer(method, path, method == "PUT" ? #"{"budgets": []}"# : "", token: token)
            #expect(answer.status == status, "\(method) \(path): \(answer.text)")
        }
        for (path, member) in [
            ("/budgets?team=a", "team"), ("/budgets?limit=0", "limit"), ("/budgets?cursor=team", "cursor"),
            ("/budgets?cursor=organization:a", "cursor"), ("/budgets?cursor=", "cursor"),
            ("/budgets?cursor=x:y", "cursor"), ("/teams/sales/budgets?limit=1", "limit"),
            ("/teams/sales/grants?cursor=x", "cursor"), ("/teams/sales/grants?from=x", "from"),
        ] {
            let answer = try rooms.answer("GET", path)
            #expect(answer.status == 422, "\(path)")
            #expect(answer.json["message"].string?.hasPrefix("\(member): ") == true, "\(path): \(answer.text)")
        }
        for (body, member) in [
            ("{}", "budgets"), (#"{"budgets": null}"#, "budgets"), (#"{"budgets": [], "x": 1}"#, "x"),
            (#"{"budgets": [{"window": "day"}]}"#, "budgets[0].credits"),
            (#"{"budgets": [{"window": "year", "credits": 1}]}"#, "budgets[0].window"),
            (#"{"budgets": [{"window": "day", "credits": 1e18}]}"#, "budgets[0].credits"),
        ] {
            let answer = try rooms.answer("PUT", "/teams/sales/budgets", body)
            #expect(answer.status == 422, "\(body)")
            #expect(answer.json["message"].string?.contains("\(member): ") == true, "\(body): \(answer.text)")
        }
        #expect(try budgets("sales").count == 1)
    }

    @Test(
        "the list has every scope that has budgets and no other, in order, a page at a time",
        arguments: [1, 2, 3, 100]
    )
    func list(_ limit: Int) throws {
        for team in ["b", "a", "none"] {
            try create(team, team == "none" ? "[]" : #"[{"window": "day", "credits": 1}]"#)
        }
        for (key, budgets) in [
            ("z", #"[{"window": "day", "credits": 1}]"#), ("y", "[]"), ("x", #"[{"window": "total", "credits": 2}]"#),
        ] {
            let answer = try rooms.answer("POST", "/teams/none/keys", #"{"id": "\#(key)", "budgets": \#(budgets)}"#)
            #expect(answer.status == 201)
        }
        let upstream = #"{"id": "second", "secret": "vendor-secret-2", "monthly_credits": 7}"#
        #expect(try rooms.answer("POST", "/upstream-keys", upstream).status == 201)
        var (found, cursor): ([String], String?) = ([], nil)
        repeat {
            let path = "/budgets?limit=\(limit)" + (cursor.map { "&cursor=\($0)" } ?? "")
            let page = try rooms.answer("GET", path, token: AdminStand.viewer).json
            #expect(page["items"].items.count <= limit)
            for item in page["items"].items {
                found.append("\(item["scope"].string ?? "-")/\(item["id"].string ?? "-")")
                #expect(item["budgets"].items.allSatisfy { Set($0.members.keys) == Self.members })
            }
            cursor = page["next_cursor"].string
        } while cursor != nil && found.count < 20
        #expect(found == ["team/a", "team/b", "key/x", "key/z", "upstream_key/second"])
    }

    @Test("of many scopes the first ones behind the cursor are found, as a sorted list would have them")
    func least() throws {
        var plan = BudgetPlan(organization: [Budget(window: .day, limit: .zero, isEnforced: true)])
        let ids = (0..<500).map { String($0 * 7_919 % 500) }
        for id in ids { plan.keys[TeamKeyID(rawValue: id)] = plan.organization }
        let list = BudgetScopeList(plan: plan)
        let sorted = [BudgetScope.organization] + ids.sorted().map { .key(TeamKeyID(rawValue: $0)) }
        for count in [0, 1, 2, 7, 100, 499, 501, 600] {
            #expect(try list.scopes(after: nil, atMost: count) == Array(sorted.prefix(count)))
            #expect(try list.scopes(after: "organization", atMost: count) == Array(sorted.dropFirst().prefix(count)))
            let behind = sorted.dropFirst(124).prefix(count)
            #expect(try list.scopes(after: BudgetScopeList.cursor(sorted[123]), atMost: count) == Array(behind))
            #expect(try list.scopes(after: "upstream_key:a", atMost: count).isEmpty)
        }
    }

    // MARK: Grants

    @Test("an operator grants more, which counts at once, is listed, shown and in the audit log, and is withdrawn")
    func grants() throws {
        try create(
            "sales",
            #"[{"window": "month", "credits": 3}, {"window": "month", "credits": 1, "enforce": false}]"#
        )
        let made = try grant("sales", Self.five)
        #expect(made.status == 201, "\(made.text)")
        let id = try #require(made.json["id"].string)
        #expect(made["location"] == "/admin/v1/teams/sales/grants/\(id)")
        #expect(made.json["credits"].int == 5 && made.json["window"] == "month" && made.json["reason"] == "more")
        #expect(made.json["expires_at"] == .null && made.json["ends_at"].string != nil)
        #expect(made.json["actor"].string != nil && made.json["in_force"].bool == true)
        let shown = try budgets("sales")
        #expect(shown.map { $0["granted"].int } == [5, 5] && shown.map { $0["remaining"].int } == [8, 6])
        #expect(shown.map { $0["credits"].int } == [3, 1])
        #expect(try rooms.answer("GET", "/teams/sales/grants/\(id)").json == made.json)
        let second = try grant(
            "sales",
            #"{"window": "month", "credits": 0.5, "reason": "x", "expires_at": "9999-01-01T00:00:00Z"}"#
        )
        #expect(second.json["expires_at"] == "9999-01-01T00:00:00Z" && second.json["ends_at"] == made.json["ends_at"])
        let page = try rooms.answer("GET", "/teams/sales/grants?limit=1", token: AdminStand.viewer).json
        #expect(page["items"].items == [second.json] && page["next_cursor"] == second.json["id"])
        let rest = try rooms.answer("GET", "/teams/sales/grants?limit=1&cursor=\(page["next_cursor"].string ?? "")")
            .json
        #expect(rest["items"].items == [made.json] && rest["next_cursor"] == .null)
        try create("other")
        #expect(try rooms.answer("DELETE", "/teams/other/grants/\(id)").status == 404)
        #expect(try rooms.answer("DELETE", "/teams/sales/grants/\(id)", token: AdminStand.operatorToken).status == 204)
        #expect(try rooms.answer("DELETE", "/teams/sales/grants/\(id)").status == 404)
        #expect(try budgets("sales").map { $0["granted"].number } == [0.5, 0.5])
        let audit = try rooms.answer("GET", "/audit").json["items"].items
        #expect(
            audit.map { $0["action"] } == [
                "grant.delete", "team.create", "grant.create", "grant.create", "team.create",
            ]
        )
        #expect(audit[0]["target"].string == "team/sales/grant/\(id)" && audit[0]["before"] == made.json)
        #expect(audit[0]["after"] == .null && audit[3]["before"] == .null && audit[3]["after"] == made.json)
    }

    @Test("a grant is durable before it counts or is answered, and one that the store does not take changes nothing")
    func durable() throws {
        try create("sales")
        rooms.store.become(.slow)
        let asked = try rooms.ask("POST", "/teams/sales/grants", Self.five)
        try rooms.waitForHeld(1)
        #expect(try budgets("sales")[0]["granted"].int == 0)
        rooms.store.release()
        let made = try asked.response()
        #expect(made.status == 201)
        #expect(try budgets("sales")[0]["granted"].int == 5)
        rooms.store.become(.failing(Self.diskFull))
        let path = "/teams/sales/grants"
        for answer in [
            try rooms.answer("POST", path, Self.five),
            try rooms.answer("DELETE", "\(path)/\(made.json["id"].string ?? "")"),
        ] {
            #expect(answer.status == 503 && answer.code == "store_unavailable")
        }
        #expect(try budgets("sales")[0]["granted"].int == 5)
        #expect(try rooms.answer("GET", path).json["items"].items.count == 1)
    }

    @Test(
        "each fault of a grant names its member",
        arguments: [
            ("{}", ["window", "credits", "reason"]), (#"{"window": "day", "credits": 1, "reason": "a"}"#, ["window"]),
            (#"{"window": "year", "credits": 1, "reason": "a"}"#, ["window"]),
            (#"{"window": null, "credits": null, "reason": null}"#, ["window", "credits", "reason"]),
            (#"{"window": "month", "credits": 0, "reason": "a"}"#, ["credits"]),
            (#"{"window": "month", "credits": -1, "reason": "a"}"#, ["credits"]),
            (#"{"window": "month", "credits": 1e99, "reason": "a"}"#, ["credits"]),
            (#"{"window": "month", "credits": 0.0000001, "reason": "a"}"#, ["credits"]),
            (#"{"window": "month", "credits": "1", "reason": "a"}"#, ["credits"]),
            (#"{"window": "month", "credits": 1, "reason": ""}"#, ["reason"]),
            (#"{"window": "month", "credits": 1, "reason": " \t"}"#, ["reason"]),
            (#"{"window": "month", "credits": 1, "reason": 7}"#, ["reason"]),
            (#"{"window": "month", "credits": 1, "reason": "\#(String(repeating: "é", count: 201))"}"#, ["reason"]),
            (
                #"{"window": "month", "credits": 1, "reason": "tg_abcdefgh_0123456789abcdef0123456789abcdef"}"#,
                ["reason"]
            ),
            (
                #"{"window": "month", "credits": 1, "reason": "a", "expires_at": "2020-01-01T00:00:00Z"}"#,
                ["expires_at"]
            ),
            (#"{"window": "month", "credits": 1, "reason": "a", "expires_at": "tomorrow"}"#, ["expires_at"]),
            (#"{"window": "month", "credits": 1, "reason": "a", "expires_at": 5}"#, ["expires_at"]),
            (#"{"window": "month", "credits": 1, "reason": "a", "until": 5}"#, ["until"]),
        ]
    )
    func faults(body: String, members: [String]) throws {
        try create("sales")
        let answer = try grant("sales", body)
        #expect(answer.status == 422 && answer.code == "invalid_request")
        let message = answer.json["message"].string ?? ""
        #expect(
            members.allSatisfy(message.contains) && message.split(separator: "; ").count >= members.count,
            "\(message)"
        )
        #expect(message.hasPrefix("\(members[0]): "), "\(message)")
        #expect(try budgets("sales")[0]["granted"].int == 0)
    }

    @Test("reasons of 200 characters and the largest amount are taken; the hundred and first open grant is a 409")
    func limits() throws {
        try create("sales")
        let reason = String(repeating: "é", count: 200)
        let most = try grant(
            "sales",
            #"{"window": "month", "credits": 1000000000, "reason": "\#(reason)", "expires_at": null}"#
        )
        #expect(most.status == 201 && most.json["reason"].string == reason)
        for _ in 1..<100 { #expect(try grant("sales", Self.five).status == 201) }
        let full = try grant("sales", Self.five)
        #expect(full.status == 409 && full.code == "conflict")
        #expect(try rooms.answer("GET", "/teams/sales/budgets").text.contains("\"granted\": 1000000495,"))
        let id = try #require(most.json["id"].string)
        #expect(try rooms.answer("DELETE", "/teams/sales/grants/\(id)").status == 204)
        #expect(try grant("sales", Self.five).status == 201)
    }
}
