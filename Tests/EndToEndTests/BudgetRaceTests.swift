import TestSupport
import Testing

/// 1,000 distinct questions at once, with a budget for 100 of them: `docs/faults.md` §5, I1.
@Suite("Races for credits", .serialized)
struct BudgetRaceTests {
    private static let room = 100
    private static let asked = 1_000

    enum Scope: String, CaseIterable, Sendable { case organization, team, key, upstreamKey }

    private func configuration(_ scope: Scope, credits: Int) -> JSON {
        let budgets: JSON = [["window": "day", "credits": JSON(integerLiteral: credits)]]
        let key: JSON = ["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]
        let team: JSON = ["id": "team-a", "keys": [scope == .key ? key.overlaid(with: ["budgets": budgets]) : key]]
        let upstreamKey: JSON = ["id": "primary", "secret": ["value": .string(VendorSim.key)]]
        let limit: JSON = ["monthly_credits": JSON(integerLiteral: credits)]
        return [
            "upstream": [
                "max_concurrency": 500,
                "keys": [scope == .upstreamKey ? upstreamKey.overlaid(with: limit) : upstreamKey],
            ],
            "budgets": ["organization": scope == .organization ? budgets : []],
            "teams": [scope == .team ? team.overlaid(with: ["budgets": budgets]) : team],
        ]
    }

    /// Connections that have each asked about a page of a different document.
    private func ask(_ gateway: Gateway, _ count: Int) throws -> [RawConnection] {
        let connections = try (0..<count).map { _ in try gateway.connect() }
        for connection in connections {
            let body = SampleRequests.about(extra: #","page_range":"1""#)
            try connection.send(TestRequest.classify(body, key: Gateway.keyA).bytes)
        }
        return connections
    }

    @Test("I1: of 1,000 at once exactly 100 reach the vendor, whatever scope has the budget", arguments: Scope.allCases)
    func exactly(scope: Scope) throws {
        try withGateway(configuration(scope, credits: Self.room)) { gateway in
            try gateway.vendor.queueFault("hold", count: -1)
            let connections = try ask(gateway, Self.asked)
            try gateway.vendor.waitForCalls(inFlight: Self.room)
            // None of the hundred is answered before all the others are, so all were under way together.
            let refusals = try RawConnection.firstResponses(Self.asked - Self.room, of: connections)
            let code = scope == .upstreamKey ? "no_upstream_key" : "budget_exceeded"
            let status = scope == .upstreamKey ? 503 : 402
            #expect(refusals.values.allSatisfy { $0.status == status && $0.code == code })
            #expect(try gateway.vendor.calls() == Self.room)
            try gateway.vendor.release()
            let paid = try connections.indices.filter { refusals[$0] == nil }.map { try connections[$0].response() }
            #expect(paid.count == Self.room && paid.allSatisfy { $0.status == 200 })
            #expect(try gateway.vendor.account()["credits_charged"].int == Self.room)
            try gateway.vendor.control("DELETE", "/sim/faults")
            #expect(try gateway.classify(SampleRequests.about(extra: #","page_range":"1""#)).status != 200)
        }
    }

    @Test("I1: where the vendor charges five times the estimate, the excess is booked and admission closes")
    func dearer() throws {
        try withGateway(configuration(.team, credits: Self.room)) { gateway in
            try gateway.vendor.control("PUT", "/sim/settings", ["credits_per_page": ["gpt-4o-mini": 5]])
            try gateway.vendor.queueFault("hold", count: -1)
            let connections = try ask(gateway, Self.asked)
            try gateway.vendor.waitForCalls(inFlight: Self.room)
            try gateway.vendor.control("DELETE", "/sim/faults")
            try gateway.vendor.release()
            let replies = try connections.map { try $0.response() }
            // Those that were in flight together, and no more.
            #expect(replies.count { $0.status == 200 } == Self.room)
            #expect(try gateway.vendor.account()["credits_charged"].int == 5 * Self.room)
            let refusal = try gateway.classify(SampleRequests.about(extra: #","page_range":"1""#))
            expectError(refusal, 402, "budget_exceeded")
            #expect(refusal.json["message"].string?.contains("spent 500,") == true, "\(refusal.text)")
        }
    }
}
