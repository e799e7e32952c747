import Foundation
import TestSupport
import Testing

/// `docs/api.md` §2 and §6 on the real program: budgets in operation, grants, and what a team sees itself. The
/// simulated vendor charges one credit per page.
@Suite("Budgets in operation")
struct BudgetOperationTests {
    private func configuration(_ budgets: JSON, organization: JSON = [], key: JSON = []) -> JSON {
        [
            "budgets": ["organization": organization],
            "teams": [
                [
                    "id": "team-a", "budgets": budgets,
                    "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)], "budgets": key]],
                ],
                ["id": "team-b", "keys": [["id": "b-key", "secret": ["value": .string(Gateway.keyB)]]]],
            ],
        ]
    }

    /// A question about pages of a ten-page document.
    private func pages(_ range: String, _ gateway: Gateway) throws -> String {
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.setDocument(document, ["pages": 10])
        return SampleRequests.about(document, extra: #","page_range":"\#(range)""#)
    }

    private func budgets(_ gateway: Gateway) throws -> [JSON] {
        try gateway.admin("GET", "/teams/team-a/budgets", token: Gateway.viewerToken).json["budgets"].items
    }

    private func usage(_ gateway: Gateway, key: String? = Gateway.keyA) throws -> TestResponse {
        let fields = key.map { [("x-api-key", $0)] } ?? []
        return try gateway.send(TestRequest("GET", "/tollgate/usage", fields: fields))
    }

    @Test(
        "a grant to a team of the file admits what was refused, is there after kill -9, and ends when it is withdrawn"
    )
    func grant() throws {
        try withGateway(configuration([["window": "month", "credits": 2]])) { gateway in
            expectStoredMiss(try gateway.classify(pages("1-2", gateway)))
            expectError(try gateway.classify(pages("1-2", gateway)), 402, "budget_exceeded")
            let path = "/teams/team-a/grants"
            let body: JSON = ["window": "month", "credits": 3, "reason": "a late batch"]
            expectError(try gateway.admin("POST", path, body, token: Gateway.viewerToken), 403, "forbidden")
            let made = try gateway.admin("POST", path, body, token: Gateway.operatorToken)
            #expect(made.status == 201, "\(made.text)")
            try gateway.killAndRestart()
            #expect(try budgets(gateway)[0]["granted"].int == 3 && budgets(gateway)[0]["remaining"].int == 3)
            let admitted = try gateway.classify(pages("1-2", gateway))
            expectStoredMiss(admitted)
            #expect(admitted["tollgate-budget-remaining"] == "1")
            let refused = try gateway.classify(pages("1-2", gateway))
            expectError(refused, 402, "budget_exceeded")
            #expect(refused.json["message"].string?.contains("limit 2 and 3 granted, spent 4,") == true)
            let id = try #require(made.json["id"].string)
            #expect(try gateway.admin("DELETE", "\(path)/\(id)", token: Gateway.operatorToken).status == 204)
            expectError(try gateway.classify(pages("1", gateway)), 402, "budget_exceeded")
            try gateway.killAndRestart()
            #expect(try budgets(gateway)[0]["granted"].int == 0 && budgets(gateway)[0]["spent"].int == 4)
            let audit = try gateway.admin("GET", "/audit").json["items"].items
            #expect(audit.map { $0["action"] } == ["grant.delete", "grant.create"])
        }
    }

    @Test("what a shadow budget would have refused is counted over a restart")
    func shadow() throws {
        let shadow: JSON = [["window": "month", "credits": 2, "enforce": false]]
        try withGateway(configuration(shadow)) { gateway in
            for _ in 0..<3 { expectStoredMiss(try gateway.classify(pages("1", gateway))) }
            #expect(try budgets(gateway)[0]["would_have_refused"].int == 1)
            #expect(try budgets(gateway)[0]["runs_out_at"].string != nil, "nothing is left of it")
            #expect(try gateway.process.terminate() == .exit(0))
            try gateway.restart()
            expectStoredMiss(try gateway.classify(pages("1", gateway)))
            #expect(try budgets(gateway)[0]["would_have_refused"].int == 2)
        }
    }

    @Test("a limit below what is spent closes the budget at once")
    func lowered() throws {
        try withGateway { gateway in
            let team: JSON = ["id": "sales", "budgets": [["window": "day", "credits": 9]]]
            #expect(try gateway.admin("POST", "/teams", team).status == 201)
            let key = try gateway.admin("POST", "/teams/sales/keys", [:]).json["secret"].string ?? ""
            expectStoredMiss(try gateway.classify(pages("1-3", gateway), key: key))
            let lower: JSON = ["budgets": [["window": "day", "credits": 2]]]
            let answer = try gateway.admin("PUT", "/teams/sales/budgets", lower)
            #expect(answer.status == 200)
            #expect(answer.json["budgets"][0]["spent"].int == 3 && answer.json["budgets"][0]["remaining"].int == 0)
            expectError(try gateway.classify(pages("1", gateway), key: key), 402, "budget_exceeded")
        }
    }

    @Test("a team sees its own budgets, spend and savings with its key, and nothing of others or of the organization")
    func ownUsage() throws {
        let file = configuration(
            [["window": "month", "credits": 10]],
            organization: [["window": "total", "credits": 777]],
            key: [["window": "day", "credits": 5]]
        )
        try withGateway(file) { gateway in
            let body = try pages("1-2", gateway)
            expectStoredMiss(try gateway.classify(body))
            expectHit(try gateway.classify(body))
            expectHit(try gateway.classify(body, key: Gateway.keyB))
            expectError(try gateway.classify(pages("1-9", gateway)), 402, "budget_exceeded")
            // The counts reach the store within a second; a drain stores them at once.
            #expect(try gateway.process.terminate() == .exit(0))
            try gateway.restart()
            let response = try usage(gateway)
            #expect(response.status == 200 && response["content-type"] == "application/json")
            let json = response.json
            #expect(Set(json.members.keys) == ["team", "key", "budgets", "month"])
            #expect(json["team"] == "team-a" && json["key"] == "a-key")
            #expect(json["budgets"].items.map { $0["scope"] } == ["team", "key"])
            #expect(json["budgets"].items.map { $0["remaining"].int } == [8, 3])
            #expect(!response.text.contains("777"))
            let month: JSON = [
                "spent": 2, "unconfirmed": 0, "saved": 2, "requests": 3, "hits": 1, "collapsed": 0, "misses": 1,
                "denied": 1,
            ]
            #expect(json["month"] == month)
            let other = try usage(gateway, key: Gateway.keyB).json
            #expect(other["team"] == "team-b" && other["budgets"].items.isEmpty)
            #expect(other["month"]["spent"].int == 0 && other["month"]["saved"].int == 2)
            for key in [nil, Gateway.expiredKey, Gateway.adminToken, "x"] {
                expectError(try usage(gateway, key: key), 403, "invalid_api_key")
            }
            #expect(try gateway.vendor.calls() == 1)
            let scopes = try gateway.admin("GET", "/budgets", token: Gateway.viewerToken).json["items"].items
            #expect(scopes.map { $0["scope"] } == ["organization", "team", "key"])
            #expect(scopes.map { $0["id"] } == [.null, "team-a", "a-key"])
        }
    }

    @Test("budgets and grants are shown and changed from the shell")
    func commands() throws {
        try withGateway(configuration([["window": "month", "credits": 4]])) { gateway in
            func run(_ arguments: [String]) throws -> CommandResult {
                try CommandResult.ofProgram(
                    "tollgate",
                    arguments + ["--admin", "http://127.0.0.1:\(gateway.adminPort)"],
                    environment: ["TOLLGATE_ADMIN_TOKEN": Gateway.adminToken]
                )
            }
            expectStoredMiss(try gateway.classify(pages("1-2", gateway)))
            let table = try run(["budgets"]).output
            #expect(table.contains("team-a") && table.contains(" 50% ") && !table.contains("█"))
            #expect(try run(["budgets", "list", "--team", "team-b"]).output.split(separator: "\n").count == 1)
            #expect(
                try run(["budgets", "--output", "csv"]).output.contains("\r\nteam,team-a,month,4,true,[],0,2,0,0,2,")
            )
            #expect(try !run(["budgets", "set", "team-a", "day=1"]).succeeded)
            #expect(try run(["teams", "create", "sales"]).succeeded)
            let set = try run(["budgets", "set", "sales", "day=1", "day=2:shadow", "--output", "json"])
            #expect(try JSON.parse(set.output.utf8)["budgets"].items.map { $0["credits"].int } == [1, 2])
            #expect(try run(["budgets", "set", "sales", "--none"]).output.split(separator: "\n").count == 1)
            let added = try run([
                "grants", "add", "team-a", "--window", "month", "--credits", "0.5", "--reason", "a reason",
                "--expires", "2200-01-01T00:00:00Z", "--output", "json",
            ])
            let id = try #require(JSON.parse(added.output.utf8)["id"].string)
            let listed = try run(["grants", "team-a"]).output
            #expect(listed.contains(id) && listed.contains("a reason"))
            #expect(try run(["grants"]).output == listed)
            #expect(try run(["grants", "remove", "team-a", id]).output == "grant \(id) of team team-a is withdrawn\n")
            #expect(try !run(["grants", "remove", "team-a", id]).succeeded)
            #expect(try run(["grants", "list", "team-a", "--output", "json"]).output == "[]\n")
        }
    }
}
