import Foundation
import TestSupport
import Testing

/// `docs/api.md` §4 as seen by clients. The simulated vendor charges one credit per page.
@Suite("Budgets")
struct BudgetTests {
    /// Budgets of team A, of its key and of the organization, over the base configuration.
    private func configuration(
        team: JSON = [],
        key: JSON = [],
        organization: JSON = [],
        upstream: JSON = [:],
        budgets: JSON = [:]
    ) -> JSON {
        let limits: JSON = ["organization": organization]
        return [
            "upstream": upstream,
            "budgets": limits.overlaid(with: budgets),
            "teams": [
                [
                    "id": "team-a",
                    "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)], "budgets": key]],
                    "budgets": team,
                ],
                ["id": "team-b", "keys": [["id": "b-key", "secret": ["value": .string(Gateway.keyB)]]]],
            ],
        ]
    }

    /// A question about pages of a ten-page document.
    private func pages(_ range: String, _ gateway: Gateway, extra: String = "") throws -> String {
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.setDocument(document, ["pages": 10])
        return SampleRequests.about(document, extra: #","page_range":"\#(range)""# + extra)
    }

    /// Expects these amounts charged, saved and left.
    private func expectCredits(
        _ response: TestResponse,
        _ expected: [String?],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let names = ["tollgate-credits-charged", "tollgate-credits-saved", "tollgate-budget-remaining"]
        #expect(names.map { response[$0] } == expected, "\(response.text)", sourceLocation: sourceLocation)
    }

    @Test("a miss is charged what the vendor says, a hit nothing, and the least that is left is told")
    func headers() throws {
        let budgets = configuration(
            team: [["window": "day", "credits": 100], ["window": "month", "credits": 50.5]],
            organization: [["window": "total", "credits": 1_000]]
        )
        try withGateway(budgets) { gateway in
            try expectCredits(gateway.classify(SampleRequests.vendors), ["2", "0", "48.5"])
            try expectCredits(gateway.classify(SampleRequests.vendors), ["0", "2", "48.5"])
            // Another team hits the same result: only the organization's budget applies to it.
            try expectCredits(gateway.classify(SampleRequests.vendors, key: Gateway.keyB), ["0", "2", "998"])
        }
    }

    @Test("without a budget nothing is said of what is left")
    func noBudget() throws {
        try withGateway(configuration(team: [["window": "day", "credits": 1, "enforce": false]])) { gateway in
            try expectCredits(gateway.classify(SampleRequests.vendors), ["2", "0", nil])
        }
    }

    @Test("a spent budget refuses with its figures and its reset; hits and other teams are served")
    func exceeded() throws {
        try withGateway(configuration(team: [["window": "month", "credits": 3]])) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let refusal = try gateway.classify(pages("1-2", gateway))
            expectError(refusal, 402, "budget_exceeded")
            #expect(refusal["cache-status"] == "tollgate; detail=budget_exceeded")
            expectCredits(refusal, ["0", "0", "1"])
            let message = refusal.json["message"].string ?? ""
            for part in [
                "monthly budget of team team-a", "limit 3,", "spent 2,", "reserved 0", "estimate 2", "resets at",
            ] {
                #expect(message.contains(part), "\(part) in: \(message)")
            }
            let seconds = try #require(refusal["retry-after"].flatMap { Int($0) })
            #expect((1...31 * 86_400).contains(seconds))
            expectHit(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.classify(pages("1-2", gateway), key: Gateway.keyB).status == 200)
            // Requests that fit are still admitted.
            try expectCredits(gateway.classify(pages("7", gateway)), ["1", "0", "0"])
            #expect(try gateway.vendor.calls() == 3)
        }
    }

    @Test("a request that is above the limit by itself is told so, whichever window ends later")
    func neverFits() throws {
        let budgets: JSON = [["window": "day", "credits": 3], ["window": "month", "credits": 5]]
        try withGateway(configuration(team: budgets)) { gateway in
            try expectCredits(gateway.classify(pages("1-2", gateway)), ["2", "0", "1"])
            let refusal = try gateway.classify(pages("1-4", gateway))
            expectError(refusal, 402, "budget_exceeded")
            let wait = try #require(refusal["retry-after"].flatMap { Int($0) })
            #expect((1...86_401).contains(wait))
            let message = refusal.json["message"].string ?? ""
            for part in ["daily budget", "resets at", "estimate alone"] {
                #expect(message.contains(part), "\(part) in: \(message)")
            }
            #expect(try gateway.classify(pages("1-2", gateway))["retry-after"] != nil)
        }
        let key: JSON = ["id": "primary", "secret": ["value": .string(VendorSim.key)], "monthly_credits": 3]
        try withGateway(configuration(upstream: ["keys": [key]])) { gateway in
            let refusal = try gateway.classify(pages("1-4", gateway))
            expectError(refusal, 503, "no_upstream_key")
            #expect(refusal["retry-after"] != nil)
            #expect(refusal.json["message"].string?.contains("estimate alone") == true)
        }
    }

    @Test("exceeded_status is the status of the refusal, and a total has no reset")
    func status() throws {
        let budgets = configuration(
            key: [["window": "total", "credits": 0.5]],
            budgets: ["exceeded_status": 429]
        )
        try withGateway(budgets) { gateway in
            let refusal = try gateway.classify(pages("1", gateway))
            expectError(refusal, 429, "budget_exceeded")
            #expect(refusal["retry-after"] == nil)
            #expect(refusal.json["message"].string?.contains("total budget of key a-key") == true)
            #expect(try gateway.vendor.calls() == 0)
        }
    }

    @Test("a vendor's key that has spent its month is left out: 503 no_upstream_key")
    func upstreamKey() throws {
        let key: JSON = ["id": "primary", "secret": ["value": .string(VendorSim.key)], "monthly_credits": 3]
        try withGateway(configuration(upstream: ["keys": [key]])) { gateway in
            #expect(try gateway.classify(pages("1-3", gateway)).status == 200)
            let refusal = try gateway.classify(pages("1", gateway), key: Gateway.keyB)
            expectError(refusal, 503, "no_upstream_key")
            #expect(refusal["retry-after"] != nil)
            #expect(try gateway.vendor.calls() == 1)
        }
    }

    @Test("an estimate is by pages asked, by pages learned, by assumed pages, and by the price learned")
    func estimates() throws {
        let upstream: JSON = ["assumed_pages": 10, "credits_per_page": ["gpt-4o-mini": 1, "gpt-4o": 3]]
        try withGateway(configuration(team: [["window": "total", "credits": 20]], upstream: upstream)) { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["pages": 12])
            // 10 assumed, 12 charged: booked in full. 8 are left, and the document is now known to have 12 pages.
            try expectCredits(gateway.classify(SampleRequests.about(document)), ["12", "0", "8"])
            let again = SampleRequests.about(document, extra: #","query_model":"gpt-4o-mini","note":1"#)
            let learned = try gateway.classify(again)
            expectError(learned, 402, "budget_exceeded")
            #expect(learned.json["message"].string?.contains("estimate 12 ") == true)
            let assumed = try gateway.classify(SampleRequests.about())
            #expect(assumed.json["message"].string?.contains("estimate 10 ") == true)
            let model = #","query_model":"gpt-4o""#
            let dear = try gateway.classify(pages("1-3", gateway, extra: model))
            #expect(dear.json["message"].string?.contains("estimate 9 ") == true)
            // One page costs three by the configuration, one by the vendor: the next estimate uses that.
            try expectCredits(gateway.classify(pages("1", gateway, extra: model)), ["1", "0", "7"])
            try expectCredits(gateway.classify(pages("1-3", gateway, extra: model)), ["3", "0", "4"])
            // What was learned is on disk.
            try gateway.killAndRestart()
            #expect(try gateway.classify(again).json["message"].string?.contains("estimate 12 ") == true)
            try expectCredits(gateway.classify(pages("1-3", gateway, extra: model)), ["3", "0", "1"])
        }
    }

    @Test("what was spent survives kill -9, a changed limit and a renamed window")
    func restart() throws {
        try withGateway(configuration(team: [["window": "day", "credits": 10]])) { gateway in
            try expectCredits(gateway.classify(pages("1-4", gateway)), ["4", "0", "6"])
            try gateway.killAndRestart()
            try expectCredits(gateway.classify(pages("1-4", gateway)), ["4", "0", "2"])
            try gateway.rewriteConfiguration(configuration(team: [["window": "month", "credits": 9]]))
            try gateway.reload(expecting: "reloaded")
            expectError(try gateway.classify(pages("1-4", gateway)), 402, "budget_exceeded")
            try expectCredits(gateway.classify(pages("1", gateway)), ["1", "0", "0"])
        }
    }

    @Test("what is under way is reserved, and a crash leaves it unconfirmed, which counts as spent")
    func crash() throws {
        try withGateway(configuration(team: [["window": "total", "credits": 5]])) { gateway in
            let body = try pages("1-4", gateway)
            try gateway.vendor.queueFault("hold")
            let waiting = try gateway.connect()
            try waiting.send(TestRequest.classify(body, key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            let refusal = try gateway.classify(pages("1-2", gateway))
            #expect(refusal.json["message"].string?.contains("reserved 4") == true, "\(refusal.text)")
            try gateway.killAndRestart()
            let after = try gateway.classify(pages("1-2", gateway))
            #expect(after.json["message"].string?.contains("unconfirmed 4") == true, "\(after.text)")
            #expect(gateway.process.stderr.wait { $0.contains { $0.contains("reservations_unconfirmed") } })
        }
    }

    private static let failures: [(fault: String, details: JSON, left: String)] = [
        ("status", ["status": 500], "10"), ("status", ["status": 503], "10"), ("status", ["status": 400], "10"),
        ("status", ["status": 404], "10"), ("failed", [:], "10"), ("failed", ["credits": 1.5], "8.5"),
        ("status", ["status": 502], "6"), ("status", ["status": 504], "6"), ("reset_before_reply", [:], "6"),
        ("truncated", [:], "6"), ("not_json", [:], "6"), ("other_document", [:], "6"),
        ("credits", ["credits": "missing"], "6"), ("credits", ["credits": "-1"], "6"),
    ]

    @Test("a failure is released, settled or unconfirmed as docs/faults.md §3 says", arguments: failures.indices)
    func failure(index: Int) throws {
        let row = Self.failures[index]
        try withGateway(configuration(team: [["window": "total", "credits": 10]])) { gateway in
            try gateway.vendor.queueFault(row.fault, row.details)
            let reply = try gateway.classify(pages("1-4", gateway))
            #expect(reply["tollgate-budget-remaining"] == row.left, "\(reply.status) \(reply.text)")
            // The same after a restart: the amounts in the headers are on disk.
            try gateway.killAndRestart()
            try gateway.vendor.queueFault("status", ["status": 500])
            #expect(try gateway.classify(pages("1", gateway))["tollgate-budget-remaining"] == row.left)
        }
    }

    @Test("a follower is served and pays nothing though its own team has spent its budget")
    func follower() throws {
        let budgets = configuration(team: [["window": "total", "credits": 0]])
        try withGateway(budgets) { gateway in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document, extra: #","page_range":"1""#)
            try gateway.vendor.queueFault("hold", document: document)
            let leader = try gateway.connect()
            try leader.send(TestRequest.classify(body, key: Gateway.keyB).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            let follower = try gateway.connect()
            try follower.send(TestRequest.classify(body, key: Gateway.keyA).bytes)
            // Meanwhile another question of the same team is refused: the follower's request was read before it.
            expectError(try gateway.classify(pages("1", gateway)), 402, "budget_exceeded")
            try gateway.vendor.release()
            try expectCredits(leader.response(), ["1", "0", nil])
            let reply = try follower.response()
            #expect(reply.status == 200)
            expectCredits(reply, ["0", "1", "0"])
        }
    }

    @Test("a refused leader does not take those along whose teams have credits")
    func refusedLeader() throws {
        try withGateway(configuration(team: [["window": "total", "credits": 0]])) { gateway in
            for _ in 0..<20 {
                let body = try pages("1", gateway)
                let poor = try (0..<8).map { _ in try gateway.connect() }
                let rich = try (0..<8).map { _ in try gateway.connect() }
                for index in poor.indices {
                    try poor[index].send(TestRequest.classify(body, key: Gateway.keyA).bytes)
                    try rich[index].send(TestRequest.classify(body, key: Gateway.keyB).bytes)
                }
                #expect(try rich.map { try $0.response() }.allSatisfy { $0.status == 200 })
                #expect(try poor.map { try $0.response() }.allSatisfy { $0.status == 200 || $0.status == 402 })
            }
            #expect(try gateway.vendor.calls() == 20)
        }
    }
}
