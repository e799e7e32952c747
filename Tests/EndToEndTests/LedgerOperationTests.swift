import Foundation
import TestSupport
import Testing

/// `docs/api.md` §6 on the real program: the ledger's rows, the resolution of unconfirmed ones, and statements. The
/// simulated vendor charges one credit per page.
@Suite("The ledger in an operator's hands")
struct LedgerOperationTests {
    private static let configuration: JSON = [
        "upstream": ["response_timeout": "2s"],
        "budgets": ["organization": [["window": "month", "credits": 20]]],
        "teams": [
            [
                "id": "team-a", "budgets": [["window": "day", "credits": 10]],
                "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]],
            ]
        ],
    ]

    /// Asks about the pages of a new document; with a fault, the vendor never answers.
    private func ask(_ gateway: Gateway, pages: String, isLost: Bool = false) throws -> TestResponse {
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.setDocument(document, ["pages": 100])
        if isLost { try gateway.vendor.queueFault("hold", document: document) }
        return try gateway.classify(SampleRequests.about(document, extra: #","page_range":"\#(pages)""#))
    }

    private func rows(_ gateway: Gateway, _ query: String = "") throws -> [JSON] {
        let answer = try gateway.admin("GET", "/ledger\(query)", token: Gateway.viewerToken)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json["items"].items
    }

    private func team(_ gateway: Gateway) throws -> [Decimal?] {
        let budget = try gateway.admin("GET", "/teams/team-a/budgets", token: Gateway.viewerToken).json["budgets"][0]
        return ["spent", "unconfirmed", "reserved", "remaining"].map { budget[$0].number }
    }

    private func resolve(_ gateway: Gateway, _ id: String, _ credits: JSON) throws -> TestResponse {
        let body: JSON = ["credits": credits, "note": "on the bill"]
        return try gateway.admin("POST", "/ledger/\(id)/resolve", body, token: Gateway.operatorToken)
    }

    @Test("an unconfirmed reservation is resolved once; balances follow at once, and are the same after kill -9")
    func resolution() throws {
        try withGateway(Self.configuration) { gateway in
            expectStoredMiss(try ask(gateway, pages: "1-2"))
            expectError(try ask(gateway, pages: "1-5", isLost: true), 504, "upstream_timeout")
            try gateway.vendor.release()
            expectError(try ask(gateway, pages: "1-4"), 402, "budget_exceeded")
            #expect(try team(gateway) == [2, 5, 0, 3])
            let row = try #require(try rows(gateway, "?state=unconfirmed&team=team-a").first)
            #expect(row["estimate"].int == 5 && row["upstream_key"] == "primary")
            let id = try #require(row["id"].string)
            let resolved = try resolve(gateway, id, 1.5)
            #expect(resolved.status == 200, "\(resolved.text)")
            #expect(resolved.json["state"] == "resolved" && resolved.json["credits"].number == 1.5)
            for isRestarted in [false, true] {
                if isRestarted { try gateway.killAndRestart() }
                #expect(try team(gateway) == [3.5, 0, 0, 6.5])
                expectError(try resolve(gateway, id, 9), 409, "conflict")
                #expect(try rows(gateway).map { $0["state"] } == ["resolved", "settled"])
            }
            let admitted = try ask(gateway, pages: "1-6")
            expectStoredMiss(admitted)
            #expect(admitted["tollgate-budget-remaining"] == "0.5")
            let audit = try gateway.admin("GET", "/audit").json["items"].items
            #expect(audit.map { $0["action"] } == ["reservation.resolve"])
            #expect(audit.first?["after"]["note"] == "on the bill")
        }
    }

    @Test("a cost above the limit closes the budget at once")
    func expensive() throws {
        try withGateway(Self.configuration) { gateway in
            expectError(try ask(gateway, pages: "1", isLost: true), 504, "upstream_timeout")
            try gateway.vendor.release()
            let id = try #require(try rows(gateway).first?["id"].string)
            #expect(try resolve(gateway, id, 1_000_000_000).status == 200)
            expectError(try ask(gateway, pages: "1"), 402, "budget_exceeded")
            #expect(try team(gateway)[0] == 1_000_000_000)
        }
    }

    @Test("what a crash left open is resolved like any other")
    func crash() throws {
        try withGateway(["teams": Self.configuration["teams"]]) { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 3])
            try gateway.vendor.queueFault("hold", document: document)
            let connection = try gateway.connect()
            let body = SampleRequests.about(document, extra: #","page_range":"1-3""#)
            try connection.send(TestRequest.classify(body, key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            #expect(try rows(gateway, "?state=reserved").count == 1)
            try gateway.killAndRestart()
            let row = try #require(try rows(gateway, "?state=unconfirmed").first)
            #expect(try team(gateway) == [0, 3, 0, 7])
            #expect(try resolve(gateway, row["id"].string ?? "", 0).status == 200)
            #expect(try team(gateway) == [0, 0, 0, 10])
            try gateway.vendor.release()
        }
    }

    @Test("a bill stands beside the ledger, and its drift goes when what is unconfirmed is resolved")
    func statements() throws {
        try withGateway(Self.configuration) { gateway in
            expectStoredMiss(try ask(gateway, pages: "1-2"))
            expectError(try ask(gateway, pages: "1-3", isLost: true), 504, "upstream_timeout")
            try gateway.vendor.release()
            let bill: JSON = ["account": "default", "from": "2020-01-01", "to": "2199-12-31", "credits": 5]
            expectError(
                try gateway.admin("POST", "/statements", bill, token: Gateway.operatorToken),
                403,
                "forbidden"
            )
            let made = try gateway.admin("POST", "/statements", bill)
            #expect(made.status == 201, "\(made.text)")
            #expect(["spent", "unconfirmed", "drift"].map { made.json[$0].int } == [2, 3, 3])
            expectError(try gateway.admin("POST", "/statements", bill), 409, "conflict")
            try gateway.killAndRestart()
            let id = try #require(try rows(gateway, "?state=unconfirmed").first?["id"].string)
            #expect(try resolve(gateway, id, 3).status == 200)
            let after = try gateway.admin("GET", "/statements").json["items"][0]
            #expect(["spent", "unconfirmed", "drift"].map { after[$0].int } == [5, 0, 0])
        }
    }

    @Test("the ledger is shown and changed from the shell")
    func commands() throws {
        try withGateway(Self.configuration) { gateway in
            func run(_ arguments: [String], token: String = Gateway.adminToken) throws -> CommandResult {
                try CommandResult.ofProgram(
                    "tollgate",
                    arguments + ["--admin", "http://127.0.0.1:\(gateway.adminPort)"],
                    environment: ["TOLLGATE_ADMIN_TOKEN": token]
                )
            }
            #expect(try run(["ledger", "unconfirmed"]).output.split(separator: "\n").count == 1)
            expectStoredMiss(try ask(gateway, pages: "1-2"))
            expectError(try ask(gateway, pages: "1-3", isLost: true), 504, "upstream_timeout")
            try gateway.vendor.release()
            let row = try #require(try rows(gateway, "?state=unconfirmed").first)
            let (id, document) = (row["id"].string ?? "", row["document_id"].string ?? "")
            let table = try run(["ledger"])
            #expect(table.output.split(separator: "\n").count == 3 && table.output.contains("settled"))
            let csv = try run(["ledger", "list", "--state", "settled", "--output", "csv"]).output
            #expect(csv.hasPrefix("id,team,key,account,upstream_key,document_id,model,cache_key,request_id,state,"))
            #expect(try run(["ledger", "list", "--document", document, "--output", "json"]).output.contains(id))
            #expect(try run(["ledger", "--team", "nobody"]).output.split(separator: "\n").count == 1)
            #expect(try !run(["ledger", "--from", "tomorrow"]).succeeded)
            let unconfirmed = try run(["ledger", "unconfirmed"])
            #expect(unconfirmed.output.contains(document) && unconfirmed.output.contains("0m"))
            #expect(unconfirmed.stderr.contains("tollgate ledger resolve ID --credits N"))
            #expect(try run(["ledger", "unconfirmed", "--output", "json"]).stderr.isEmpty)
            #expect(try !run(["ledger", "resolve", id, "--credits", "-1"]).succeeded)
            #expect(try !run(["ledger", "resolve", id]).succeeded)
            let resolved = try run(["ledger", "resolve", id, "--credits", "2.25"], token: Gateway.operatorToken)
            #expect(resolved.succeeded && resolved.output.contains("resolved") && resolved.output.contains("2.25"))
            #expect(try !run(["ledger", "resolve", id, "--credits", "2"]).succeeded)
            let create = ["statements", "create", "--from", "2020-01-01", "--to", "2199-12-31", "--credits", "4"]
            #expect(try run(create).succeeded)
            #expect(try !run(create).succeeded)
            let listed = try run(["statements", "--output", "json"]).output
            let statement = try #require(JSON.parse(listed.utf8)[0]["id"].string)
            #expect(try run(["statements"]).output.contains("-0.25"))
            #expect(try run(["statements", "delete", statement]).output == "statement \(statement) is withdrawn\n")
            #expect(try run(["statements", "list", "--output", "json"]).output == "[]\n")
        }
    }
}
