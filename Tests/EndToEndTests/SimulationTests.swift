import Foundation
import TestSupport
import Testing

/// `docs/api.md` §6 on the real program: a replay agrees with what the vendor was really paid for.
@Suite("Simulations of the whole program")
struct SimulationTests {
    private static let configuration: JSON = [
        "cache": ["ttl": "1s"],
        "teams": [
            [
                "id": "team-a", "budgets": [["window": "month", "credits": 8]],
                "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]],
            ]
        ],
    ]

    private func pages(_ range: String, _ gateway: Gateway) throws -> String {
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.setDocument(document, ["pages": 10])
        return SampleRequests.about(document, extra: #","page_range":"\#(range)""#)
    }

    private func simulate(_ gateway: Gateway, _ body: JSON) throws -> JSON {
        let answer = try gateway.admin("POST", "/simulate", body, token: Gateway.viewerToken)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    @Test("the budgets in force refuse nothing again, smaller ones do from the first call that does not fit")
    func budgets() throws {
        try withGateway(Self.configuration) { gateway in
            for _ in 0..<3 { expectStoredMiss(try gateway.classify(pages("1-2", gateway))) }
            let same = try simulate(gateway, ["team": "team-a", "budgets": [["window": "month", "credits": 8]]])
            #expect(same["refused"].int == 0 && same["refused_from"] == .null && same["spent"].int == 6)
            #expect(same["exactness"] == "exact", "\(same["exactness_reason"])")
            #expect(same["was"]["spent"] == same["spent"] && same["calls"].int == 3)
            let rows = try simulate(gateway, ["team": "team-a", "budgets": [["window": "day", "credits": 5]]])
            #expect(rows["refused"].int == 1 && rows["refused_from"].string != nil && rows["spent"].int == 4)
            try gateway.killAndRestart()
            #expect(try simulate(gateway, ["team": "team-a", "budgets": []])["spent"].int == 6)
            #expect(try gateway.classify(pages("1", gateway)).status == 200, "nothing was changed")
        }
    }

    @Test("a call that was paid for again because its result was stale would have been a hit under a longer ttl")
    func ttl() throws {
        try withGateway(Self.configuration) { gateway in
            let body = try pages("1-2", gateway)
            expectStoredMiss(try gateway.classify(body))
            // The result is fresh for a second; hits until then are not in the ledger.
            let deadline = Deadline.generous
            var again = try gateway.classify(body)
            while again["cache-status"]?.contains("hit") == true, !deadline.hasPassed {
                usleep(10_000)
                again = try gateway.classify(body)
            }
            #expect(again["cache-status"] == "tollgate; fwd=stale; fwd-status=200; stored")
            let longer = try simulate(gateway, ["team": "team-a", "ttl": "1h"])
            #expect(longer["hits"].int == 1 && longer["saved"].int == 2 && longer["spent"].int == 2)
            #expect(longer["exactness"] == "lower_bound", "\(longer["exactness_reason"])")
        }
    }

    @Test("the command shows the answer, and an unknown team is a refusal with exit status 1")
    func command() throws {
        try withGateway(Self.configuration) { gateway in
            expectStoredMiss(try gateway.classify(pages("1-2", gateway)))
            let run = { (arguments: [String]) in
                try CommandResult.ofProgram(
                    "tollgate",
                    ["simulate"] + arguments + ["--admin", "http://127.0.0.1:\(gateway.adminPort)"],
                    environment: ["TOLLGATE_ADMIN_TOKEN": Gateway.viewerToken]
                )
            }
            let shown = try run(["team-a", "--budget", "day=1"])
            #expect(shown.succeeded && shown.output.contains(/refused +0 +\+ 1\n/), "\(shown.output)")
            #expect(shown.stderr.isEmpty, "no progress without a terminal")
            let unknown = try run(["nobody", "--ttl", "1d"])
            #expect(unknown.end == .exit(1) && unknown.stderr.hasPrefix("tollgate: 404 not_found"))
        }
    }
}
