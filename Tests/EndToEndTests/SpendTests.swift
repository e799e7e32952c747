import Foundation
import TestSupport
import Testing

/// `docs/api.md` §6, spend reports, on the real program. The simulated vendor charges one credit per page.
@Suite("Spend reports")
struct SpendTests {
    private static let groups = ["team", "key", "model", "upstream_key", "document", "day"]
    private static let counts = [
        "spent", "unconfirmed", "saved", "requests", "hits", "collapsed", "misses", "denied",
    ]

    private func spend(_ gateway: Gateway, _ query: String = "") throws -> JSON {
        let answer = try gateway.admin("GET", "/spend\(query)", token: Gateway.viewerToken)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func question(_ document: String, pages: Int) -> String {
        SampleRequests.about(document, extra: #","page_range":"1-\#(pages)""#)
    }

    private func documents(_ count: Int, _ gateway: Gateway) throws -> [String] {
        try (0..<count).map { _ in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 5])
            return document
        }
    }

    @Test("a report has the counts of this moment, by every grouping")
    func everyGrouping() throws {
        let budget: JSON = [
            [
                "id": "team-a", "budgets": [["window": "month", "credits": 3]],
                "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]],
            ],
            ["id": "team-b", "keys": [["id": "b-key", "secret": ["value": .string(Gateway.keyB)]]]],
        ]
        try withGateway(["teams": budget]) { gateway in
            let documents = try documents(2, gateway)
            expectStoredMiss(try gateway.classify(question(documents[0], pages: 2)))
            expectHit(try gateway.classify(question(documents[0], pages: 2), key: Gateway.keyB))
            expectError(try gateway.classify(question(documents[1], pages: 2)), 402, "budget_exceeded")
            expectStoredMiss(try gateway.classify(question(documents[1], pages: 1), key: Gateway.keyB))
            let total: JSON = [
                "spent": 3, "unconfirmed": 0, "saved": 2, "requests": 4, "hits": 1, "collapsed": 0, "misses": 2,
                "denied": 1,
            ]
            for group in Self.groups { #expect(try spend(gateway, "?group_by=\(group)")["total"] == total, "\(group)") }
            let teams = try spend(gateway)["items"].items
            #expect(teams.map { $0["team"] } == ["team-a", "team-b"])
            #expect(teams.map { $0["spent"].int } == [2, 1] && teams.map { $0["saved"].int } == [0, 2])
            let perDocument = try spend(gateway, "?group_by=document")["items"].items
            #expect(perDocument.map { $0["document"] } == [.string(documents[0]), .string(documents[1]), .null])
            #expect(perDocument.map { $0["misses"].int } == [1, 1, 0] && perDocument[2]["hits"].int == 1)
            let keys = try spend(gateway, "?group_by=upstream_key")["items"].items
            #expect(keys.map { $0["upstream_key"] } == ["primary", .null])
            #expect(keys.map { $0["spent"].int } == [3, 0] && keys[1]["requests"].int == 4)
        }
    }

    /// Requests whose outcome nobody can know are charged by the vendor, and estimated at exactly that.
    @Test("the total is the sum of the items by every grouping, and the vendor's own, after kill -9 in a random load")
    func randomLoad() throws {
        var random = SeededGenerator()
        let seed = "\(random)"
        try withGateway { gateway in
            let documents = try documents(8, gateway)
            for round in 0..<4 {
                for _ in 0..<25 {
                    let body = question(random.pick(documents), pages: Int.random(in: 1...5, using: &random))
                    let key = random.pick([Gateway.keyA, Gateway.keyB])
                    let fields = random.chance(1, in: 3) ? [("Cache-Control", "no-store")] : []
                    let isFaulty = random.chance(1, in: 8)
                    if isFaulty { try gateway.vendor.queueFault("reset_before_reply") }
                    _ = try gateway.classify(body, key: key, fields)
                    // A hit has left it: several would fail one call after the other, until none is sent any more.
                    if isFaulty { _ = try gateway.vendor.control("DELETE", "/sim/faults") }
                }
                if random.chance(1, in: 2) { _ = try spend(gateway, "?group_by=document") }
                // A call that the vendor charges, while the gateway is killed and never learns of it.
                try gateway.vendor.queueFault("hold")
                let connection = try gateway.connect()
                let body = question(documents[round], pages: round + 1)
                let fields = [("Cache-Control", "no-store")]
                try connection.send(TestRequest.classify(body, key: Gateway.keyA, fields: fields).bytes)
                try gateway.vendor.waitForCalls(inFlight: 1)
                try gateway.process.kill()
                try gateway.vendor.release()
                try gateway.vendor.waitForCalls(inFlight: 0)
                try gateway.restart()
            }
            let account = try gateway.vendor.account()
            let charged = try #require(account["credits_charged"].number)
            let totals = try Self.groups.map { group -> JSON in
                let report = try spend(gateway, "?group_by=\(group)")
                for name in Self.counts {
                    let sum = report["items"].items.reduce(Decimal(0)) { $0 + ($1[name].number ?? .nan) }
                    #expect(report["total"][name].number == sum, "\(name) by \(group), \(seed)")
                }
                return report["total"]
            }
            #expect(totals.allSatisfy { $0 == totals[0] }, "\(totals), \(seed)")
            let spent = try #require(totals[0]["spent"].number), unconfirmed = totals[0]["unconfirmed"].number ?? 0
            #expect(unconfirmed > 0 && spent + unconfirmed == charged, "\(spent), \(unconfirmed), \(charged), \(seed)")
            for item in try spend(gateway, "?group_by=document")["items"].items {
                guard let document = item["document"].string else {
                    #expect(item["spent"].int == 0 && item["unconfirmed"].int == 0)
                    continue
                }
                let cost = (item["spent"].number ?? 0) + (item["unconfirmed"].number ?? 0)
                #expect(cost == account["documents"][document]["credits"].number, "\(document), \(seed)")
            }
        }
    }

    @Test("days are those of the budgets' time zone")
    func timeZone() throws {
        try withGateway(["budgets": ["time_zone": "Pacific/Kiritimati"]]) { gateway in
            let documents = try documents(1, gateway)
            expectStoredMiss(try gateway.classify(question(documents[0], pages: 2)))
            let report = try spend(gateway, "?group_by=day")
            #expect(report["time_zone"] == "Pacific/Kiritimati" && report["total"]["spent"].int == 2)
            #expect(report["from"].string?.hasSuffix("T10:00:00Z") == true, "\(report["from"])")
            #expect(report["to"].string?.hasSuffix("T10:00:00Z") == true)
        }
    }

    @Test("from the shell, as a table, JSON and CSV; what is wrong is told with exit code 1")
    func command() throws {
        try withGateway { gateway in
            func run(_ arguments: [String]) throws -> CommandResult {
                try CommandResult.ofProgram(
                    "tollgate",
                    ["spend", "--admin", "http://127.0.0.1:\(gateway.adminPort)"] + arguments,
                    environment: ["TOLLGATE_ADMIN_TOKEN": Gateway.adminToken]
                )
            }
            let documents = try documents(1, gateway)
            expectStoredMiss(try gateway.classify(question(documents[0], pages: 2)))
            expectHit(try gateway.classify(question(documents[0], pages: 2)))
            let table = """
                team     spent  unconfirmed  saved  requests  hits  collapsed  misses  denied
                team-a       2            0      2         2     1          0       1       0
                (total)      2            0      2         2     1          0       1       0

                """
            #expect(try run([]).output == table)
            let csv = try run(["--group-by", "document", "--output", "csv"]).output
            #expect(csv.hasPrefix("document,spent,unconfirmed,saved,requests,hits,collapsed,misses,denied,row\r\n"))
            #expect(csv.contains("\r\n\(documents[0]),2,0,0,1,0,0,1,0,item\r\n"))
            #expect(csv.hasSuffix("\r\n(total),2,0,2,2,1,0,1,0,total\r\n"))
            let json = try JSON.parse(run(["--output", "json", "--from", "2020-01-01"]).output.utf8)
            #expect(json["total"]["spent"].int == 2 && json["from"] == "2020-01-01T00:00:00Z")
            let wrong = try run(["--from", "2026-02-30"])
            #expect(!wrong.succeeded && wrong.stderr.contains("from: must be a day like"), "\(wrong)")
            #expect(try !run(["--group-by", "colour"]).succeeded)
        }
    }

    @Test("while the store's file is away, reports and a team's usage are a 503 that says so")
    func withoutStore() throws {
        let gateway = try Gateway()
        let file = gateway.folder.file("tollgate.db")
        let away = gateway.folder.file("away.db")
        try FileManager.default.moveItem(atPath: file, toPath: away)
        let deadline = Deadline.generous
        while try gateway.admin("GET", "/spend").status == 200 { try #require(!deadline.hasPassed) }
        let answer = try gateway.admin("GET", "/spend")
        expectError(answer, 503, "store_unavailable")
        #expect(answer.json["message"].string?.contains("file_moved") == true, "\(answer.text)")
        try FileManager.default.moveItem(atPath: away, toPath: file)
        while try gateway.admin("GET", "/spend").status != 200 { try #require(!deadline.hasPassed) }
        _ = try gateway.stop()
    }
}
