import TestSupport
import Testing

@Suite("Identical requests under way", .serialized, .gateway(["upstream": ["max_concurrency": 64]]))
struct CollapseTests {
    /// Connections that have each sent the same request and not yet read a reply.
    private func ask(_ count: Int, _ body: String, key: String = Gateway.keyA, directive: String? = nil) throws
        -> [RawConnection]
    {
        let gateway = try suiteGateway()
        let fields = directive.map { [(name: "Cache-Control", value: $0)] } ?? []
        let bytes = TestRequest.classify(body, key: key, fields: fields).bytes
        let connections = try (0..<count).map { _ in try gateway.connect() }
        for connection in connections { try connection.send(bytes) }
        return connections
    }

    /// Whole credits; a missing or fractional field makes the sum wrong.
    private func sum(_ field: String, _ replies: [TestResponse]) -> Int {
        replies.reduce(0) { $0 + (Int($1[field] ?? "") ?? -1_000_000) }
    }

    @Test("500 at once are one vendor call and 500 equal bodies, paid for once")
    func fiveHundred() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let callsBefore = try gateway.vendor.calls()
        try gateway.vendor.setDocument(document, ["pages": 3])
        try gateway.vendor.queueFault("hold", document: document)
        let connections = try ask(500, SampleRequests.about(document))
        try gateway.vendor.waitForCalls(inFlight: 1)
        try gateway.vendor.release()
        let replies = try connections.map { try $0.response() }

        let body = replies[0].body
        #expect(replies.allSatisfy { $0.status == 200 && $0.body == body })
        #expect(try gateway.vendor.calls() == callsBefore + 1)
        let statuses = replies.compactMap { $0["cache-status"] }
        #expect(statuses.count { $0 == "tollgate; fwd=miss; fwd-status=200; stored" } == 1)
        #expect(statuses.count { $0.hasSuffix("; collapsed") || $0.hasPrefix("tollgate; hit; ttl=") } == 499)
        #expect(sum("tollgate-credits-charged", replies) == 3)
        #expect(sum("tollgate-credits-saved", replies) == 3 * 499)
    }

    @Test("the first client hanging up changes nothing for the others")
    func leaderHangsUp() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let body = SampleRequests.about(document)
        let callsBefore = try gateway.vendor.calls()
        try gateway.vendor.queueFault("hold", document: document)
        let leader = try ask(1, body)[0]
        try gateway.vendor.waitForCalls(inFlight: 1)
        let followers = try ask(50, body)
        leader.reset()
        try gateway.vendor.release()
        let replies = try followers.map { try $0.response() }
        #expect(replies.allSatisfy { $0.status == 200 && $0.body == replies[0].body })
        #expect(try gateway.vendor.calls() == callsBefore + 1)
    }

    @Test("when all clients have gone the result is stored all the same")
    func allHangUp() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let callsBefore = try gateway.vendor.calls()
        try gateway.vendor.queueFault("hold", document: document)
        let only = try ask(1, SampleRequests.about(document))[0]
        try gateway.vendor.waitForCalls(inFlight: 1)
        only.reset()
        try gateway.vendor.release()
        #expect(try gateway.classify(SampleRequests.about(document)).status == 200)
        #expect(try gateway.vendor.calls() == callsBefore + 1)
    }

    @Test("other spellings and other teams join the flight")
    func spellingsAndTeams() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let callsBefore = try gateway.vendor.calls()
        try gateway.vendor.queueFault("hold", document: document)
        let first = try ask(3, SampleRequests.about(document))
        try gateway.vendor.waitForCalls(inFlight: 1)
        let others =
            try ask(3, SampleRequests.about(document.uppercased(), extra: #", "page_range": null"#))
            + ask(3, SampleRequests.about(document), key: Gateway.keyB)
        try gateway.vendor.release()
        let replies = try (first + others).map { try $0.response() }
        #expect(replies.allSatisfy { $0.status == 200 && $0.body == replies[0].body })
        #expect(try gateway.vendor.calls() == callsBefore + 1)
    }

    @Test("a failure of the vendor is everyone's outcome, and one call")
    func sharedFailure() throws {
        let asked = 20
        let team: JSON = ["id": "team-a", "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]]]
        let limit: JSON = ["max_concurrency": JSON(integerLiteral: asked)]
        try withGateway(["teams": [team.overlaid(with: limit)]]) { gateway in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            try gateway.vendor.queueFault("status", document: document, ["status": 500, "hold": true])
            let connections = try (0..<asked).map { _ in try gateway.connect() }
            for connection in connections { try connection.send(TestRequest.classify(body, key: Gateway.keyA).bytes) }
            try gateway.vendor.waitForCalls(inFlight: 1)
            // A request takes one of its team's places before it joins: when none is left, all have joined the flight.
            let deadline = Deadline.generous
            while try gateway.classify(body, [("Cache-Control", "only-if-cached")]).status != 429 {
                try #require(!deadline.hasPassed, "not all requests are under way")
            }
            try gateway.vendor.release()
            let replies = try connections.map { try $0.response() }
            #expect(replies.allSatisfy { $0.status == 500 && $0.body == replies[0].body })
            #expect(try gateway.vendor.calls() == 1)
            let statuses = replies.compactMap { $0["cache-status"] }
            #expect(statuses.count { $0 == "tollgate; fwd=miss; fwd-status=500" } == 1)
            #expect(statuses.count { $0 == "tollgate; fwd=miss; fwd-status=500; collapsed" } == asked - 1)
        }
    }

    @Test("no-store never shares a flight")
    func noStore() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let callsBefore = try gateway.vendor.calls()
        try gateway.vendor.queueFault("hold", count: 6, document: document)
        let plain = try ask(1, SampleRequests.about(document))
        try gateway.vendor.waitForCalls(inFlight: 1)
        let unshared = try ask(5, SampleRequests.about(document), directive: "no-store")
        try gateway.vendor.waitForCalls(inFlight: 6)
        try gateway.vendor.release()
        let replies = try (plain + unshared).map { try $0.response() }
        #expect(replies.allSatisfy { $0.status == 200 })
        #expect(Set(replies.map(\.body)).count == 6)
        #expect(try gateway.vendor.calls() == callsBefore + 6)
    }

    @Test("only-if-cached does not wait for a flight: 504 not_cached at once")
    func onlyIfCached() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.queueFault("hold", document: document)
        let flying = try ask(1, SampleRequests.about(document))[0]
        try gateway.vendor.waitForCalls(inFlight: 1)
        let reply = try gateway.classify(SampleRequests.about(document), [("Cache-Control", "only-if-cached")])
        expectError(reply, 504, "not_cached")
        try gateway.vendor.release()
        #expect(try flying.response().status == 200)
    }

    @Test("with scope team each team has a flight of its own")
    func scopeTeam() throws {
        try withGateway(["cache": ["scope": "team"]]) { gateway in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            try gateway.vendor.queueFault("hold", count: 2, document: document)
            let connections = try [Gateway.keyA, Gateway.keyB].map { key in
                let connection = try gateway.connect()
                try connection.send(TestRequest.classify(body, key: key).bytes)
                return connection
            }
            try gateway.vendor.waitForCalls(inFlight: 2)
            try gateway.vendor.release()
            let replies = try connections.map { try $0.response() }
            #expect(Set(replies.map(\.body)).count == 2)
        }
    }
}
