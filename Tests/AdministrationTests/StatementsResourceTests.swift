import TestSupport
import Testing
import Vocabulary

@testable import Administration

/// `/statements` with real rooms and a disk that can fail.
@Suite("Statements")
struct StatementsResourceTests {
    private static let members: Set<String> = [
        "id", "account", "from", "to", "credits", "spent", "unconfirmed", "drift", "created_at",
    ]

    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private func add(_ from: String, _ to: String, credits: String = "12.5") throws -> TestResponse {
        let body = #"{"account": "default", "from": "\#(from)", "to": "\#(to)", "credits": \#(credits)}"#
        return try rooms.answer("POST", "/statements", body)
    }

    @Test("a bill is entered, listed, shown, in the audit log, and withdrawn")
    func life() throws {
        let made = try add("2026-10-01", "2026-10-31")
        #expect(made.status == 201, "\(made.text)")
        let id = try #require(made.json["id"].string)
        #expect(made["location"] == "/admin/v1/statements/\(id)")
        #expect(Set(made.json.members.keys) == Self.members)
        #expect(made.json["account"] == "default" && made.json["credits"].number == 12.5)
        #expect(made.json["from"] == "2026-10-01" && made.json["to"] == "2026-10-31")
        #expect(made.json["spent"].int == 0 && made.json["unconfirmed"].int == 0 && made.json["drift"].number == 12.5)
        let moments = try add("2026-11-01T02:00:00+02:00", "2026-12-01T00:00:00Z", credits: "0")
        #expect(moments.status == 201, "\(moments.text)")
        #expect(moments.json["from"] == "2026-11-01T00:00:00Z" && moments.json["to"] == "2026-12-01T00:00:00Z")
        let page = try rooms.answer("GET", "/statements?limit=1", token: AdminStand.viewer).json
        #expect(page["items"].items == [moments.json] && page["next_cursor"] == moments.json["id"])
        let rest = try rooms.answer("GET", "/statements?cursor=\(page["next_cursor"].string ?? "")").json
        #expect(rest["items"].items == [made.json] && rest["next_cursor"] == .null)
        #expect(try rooms.answer("GET", "/statements/\(id)", token: AdminStand.viewer).json == made.json)
        #expect(try rooms.answer("DELETE", "/statements/\(id)").status == 204)
        #expect(try rooms.answer("DELETE", "/statements/\(id)").status == 404)
        #expect(try rooms.answer("GET", "/statements/\(id)").status == 404)
        let audit = try rooms.answer("GET", "/audit").json["items"].items
        #expect(audit.map { $0["action"] } == ["statement.delete", "statement.create", "statement.create"])
        #expect(audit[0]["target"].string == "statement/\(id)" && audit[0]["after"] == .null)
        #expect(audit[0]["before"] == audit[2]["after"] && audit[2]["before"] == .null)
        #expect(audit[2]["after"]["credits"].number == 12.5 && audit[2]["after"]["id"].string == id)
        #expect(try add("2026-10-31", "2026-10-31").status == 201, "its days are free again")
    }

    @Test("a period that shares a day with another one of the account is a 409 that names it")
    func overlap() throws {
        let id = try #require(try add("2026-10-01", "2026-10-31").json["id"].string)
        for (from, to) in [
            ("2026-10-31", "2026-11-30"), ("2026-09-01", "2026-10-01"), ("2026-10-10", "2026-10-10"),
            ("2026-10-31T23:59:59Z", "2026-11-02T00:00:00Z"), ("2026-01-01", "2026-12-31"),
        ] {
            let answer = try add(from, to)
            #expect(answer.status == 409 && answer.code == "conflict", "\(from): \(answer.text)")
            #expect(answer.text.contains("statement \(id) ") && answer.text.contains("2026-10-01 to 2026-10-31"))
        }
        #expect(try add("2026-11-01", "2026-11-30").status == 201)
        #expect(try add("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z").status == 201, "midnight ends September")
        #expect(try rooms.answer("GET", "/audit").json["items"].items.count == 3)
    }

    @Test(
        "each fault names its member",
        arguments: [
            ("{}", ["account", "from", "to", "credits"]),
            (#"{"account": "nobody", "from": "2026-01-01", "to": "2026-01-02", "credits": 1}"#, ["account"]),
            (#"{"account": "", "from": "2026-01-01", "to": "2026-01-02", "credits": 1}"#, ["account"]),
            (#"{"account": 5, "from": "2026-01-01", "to": "2026-01-02", "credits": 1}"#, ["account"]),
            (#"{"account": "default", "from": "x", "to": "2026-01-02", "credits": 1}"#, ["from"]),
            (#"{"account": "default", "from": "2026-01-01", "to": "2026-13-02", "credits": 1}"#, ["to"]),
            (#"{"account": "default", "from": "2026-01-02", "to": "2026-01-01", "credits": 1}"#, ["to"]),
            (#"{"account": "default", "from": null, "to": 7, "credits": 1}"#, ["from", "to"]),
            (#"{"account": "default", "from": "2026-01-01", "to": "2026-01-02", "credits": -1}"#, ["credits"]),
            (#"{"account": "default", "from": "2026-01-01", "to": "2026-01-02", "credits": 1e99}"#, ["credits"]),
            (#"{"account": "default", "from": "2026-01-01", "to": "2026-01-02", "credits": "1"}"#, ["credits"]),
            (#"{"account": "default", "from": "2026-01-01", "to": "2026-01-02", "credits": 1, "x": 1}"#, ["x"]),
        ]
    )
    func faults(body: String, members: [String]) throws {
        let answer = try rooms.answer("POST", "/statements", body)
        #expect(answer.status == 422 && answer.code == "invalid_request", "\(answer.text)")
        let message = answer.json["message"].string ?? ""
        #expect(message.hasPrefix("\(members[0]): "), "\(message)")
        #expect(members.allSatisfy { message.contains("\($0): ") }, "\(message)")
        #expect(try rooms.answer("GET", "/statements").json["items"].items.isEmpty)
    }

    @Test("a wrong role, path or query is refused, and the store's trouble is told")
    func refusals() throws {
        let id = try #require(try add("2026-10-01", "2026-10-31").json["id"].string)
        let body = #"{"account": "default", "from": "2026-01-01", "to": "2026-01-02", "credits": 1}"#
        for token in [AdminStand.viewer, AdminStand.operatorToken] {
            #expect(try rooms.answer("POST", "/statements", body, token: token).status == 403)
            #expect(try rooms.answer("DELETE", "/statements/\(id)", token: token).status == 403)
        }
        for path in ["/statements/x", "/statements/-1", "/statements/99999999999999999999"] {
            #expect(try rooms.answer("GET", path).status == 404)
            #expect(try rooms.answer("DELETE", path).status == 404)
        }
        for path in [
            "/statements?account=default", "/statements?cursor=x", "/statements?limit=0", "/statements/\(id)?x=1",
        ] {
            #expect(try rooms.answer("GET", path).status == 422, "\(path)")
        }
        #expect(try rooms.answer("POST", "/statements?x=1", body).status == 422)
        rooms.store.become(.failing(StoreFault(code: .full, detail: "")))
        for answer in [
            try rooms.answer("POST", "/statements", body), try rooms.answer("GET", "/statements"),
            try rooms.answer("DELETE", "/statements/\(id)"),
        ] {
            #expect(answer.status == 503 && answer.code == "store_unavailable")
        }
        rooms.store.become(.well)
        #expect(try rooms.answer("GET", "/statements").json["items"].items.count == 1)
    }
}
