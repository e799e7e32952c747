import TestSupport
import Testing

/// `requests_per_second`, `max_concurrency` and `models` of a team: `docs/settings.md` §9, `docs/api.md` §3.
@Suite("What a team may ask")
struct TeamLimitTests {
    private func configuration(_ limits: JSON) -> JSON {
        let team: JSON = ["id": "team-a", "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]]]
        let other: JSON = ["id": "team-b", "keys": [["id": "b-key", "secret": ["value": .string(Gateway.keyB)]]]]
        return ["teams": [team.overlaid(with: limits), other]]
    }

    @Test("above its rate a team is told to wait, hits included; another team is not")
    func rate() throws {
        // One request in a thousand seconds: a second one is refused however slow the machine is.
        try withGateway(configuration(["requests_per_second": 0.001])) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let refusal = try gateway.classify(SampleRequests.vendors)
            expectError(refusal, 429, "rate_limited")
            let seconds = try #require(refusal["retry-after"].flatMap { Int($0) })
            #expect((1...1_000).contains(seconds))
            #expect(refusal["cache-status"] == "tollgate; detail=rate_limited")
            expectHit(try gateway.classify(SampleRequests.vendors, key: Gateway.keyB))
            // A reload lifts it.
            try gateway.rewriteConfiguration(configuration([:]))
            try gateway.reload(expecting: "reloaded")
            expectHit(try gateway.classify(SampleRequests.vendors))
        }
    }

    @Test("no more of a team's requests wait than max_concurrency; hits need no place, and places come back")
    func concurrency() throws {
        try withGateway(configuration(["max_concurrency": 2])) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            try gateway.vendor.queueFault("hold", count: -1)
            let waiting = try (0..<2).map { _ in try gateway.connect() }
            for client in waiting {
                try client.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
            }
            try gateway.vendor.waitForCalls(inFlight: 2)
            let refusal = try gateway.classify(SampleRequests.about())
            expectError(refusal, 429, "rate_limited")
            #expect(refusal["retry-after"] == "1")
            expectHit(try gateway.classify(SampleRequests.vendors))
            try gateway.vendor.control("DELETE", "/sim/faults")
            try gateway.vendor.release()
            #expect(try waiting.map { try $0.response() }.allSatisfy { $0.status == 200 })
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
        }
    }

    @Test("a model that the team may not use is 403, also where another team's result is in the cache")
    func models() throws {
        try withGateway(configuration(["models": ["gpt-4o-mini"]])) { gateway in
            let body = SampleRequests.about(extra: #","query_model":"gpt-4o""#)
            expectStoredMiss(try gateway.classify(body, key: Gateway.keyB))
            for _ in 0..<2 {
                let refusal = try gateway.classify(body)
                expectError(refusal, 403, "model_not_allowed")
                #expect(refusal.json["message"].string?.contains("gpt-4o-mini") == true)
            }
            #expect(try gateway.classify(SampleRequests.about()).status == 200)
            expectHit(try gateway.classify(body, key: Gateway.keyB))
            #expect(try gateway.vendor.calls() == 2)
        }
    }
}
