import Foundation
import TestSupport
import Testing

/// `docs/faults.md` §4 as seen by clients and the vendor.
@Suite("Keys at the vendor")
struct UpstreamKeyTests {
    static let second = "vendor-second-0123456789abcdef"
    static let third = "vendor-third-0123456789abcdef"

    static func entry(_ id: String, _ secret: String, _ more: JSON = [:]) -> JSON {
        let entry: JSON = ["id": .string(id), "account": "default", "secret": ["value": .string(secret)]]
        return entry.overlaid(with: more)
    }

    private let primary = Self.entry("primary", VendorSim.key)
    private let other = Self.entry("second", Self.second)

    /// A gateway with these keys in front of a vendor that accepts all of them.
    private func withKeys(_ keys: [JSON], upstream: JSON = [:], _ body: (Gateway) throws -> Void) throws {
        let gateway = try start(keys, upstream: upstream)
        try body(gateway)
        try end(gateway)
    }

    private func start(_ keys: [JSON], upstream: JSON = [:]) throws -> Gateway {
        let vendor = try VendorSim(keys: [VendorSim.key, Self.second, Self.third])
        let keys: JSON = ["keys": .array(keys)]
        return try Gateway(["upstream": keys.overlaid(with: upstream)], vendor: vendor)
    }

    private func end(_ gateway: Gateway) throws {
        let output = gateway.process.stdout.text + gateway.process.stderr.text
        #expect(!output.contains(Self.second) && !output.contains(Self.third))
        try expectCleanEnd(of: gateway)
    }

    /// A question about the first page of a new document.
    private func page() -> String { SampleRequests.about(extra: #","page_range":"1""#) }

    /// A question about pages of a ten-page document.
    private func pages(_ range: String, _ gateway: Gateway) throws -> String {
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.setDocument(document, ["pages": 10])
        return SampleRequests.about(document, extra: #","page_range":"\#(range)""#)
    }

    private func expectQuarantine(of id: String, _ reason: String, _ gateway: Gateway) {
        let isReported = gateway.process.stderr.wait { lines in
            lines.contains { line in ["upstream_key_quarantined", id, reason].allSatisfy(line.contains) }
        }
        #expect(isReported, "\(gateway.process.stderr.text)")
    }

    @Test("keys of an account are used by their weights, over all workers")
    func weights() throws {
        let keys = [primary.overlaid(with: ["weight": 3]), other]
        try withKeys(keys) { gateway in
            let connections = try (0..<10).map { _ in try gateway.connect() }
            for _ in 0..<4 {
                for connection in connections {
                    try connection.send(TestRequest.classify(page(), key: Gateway.keyA).bytes)
                }
                for connection in connections { #expect(try connection.response().status == 200) }
            }
            #expect(try gateway.vendor.calls(with: VendorSim.key) == 30)
            #expect(try gateway.vendor.calls(with: Self.second) == 10)
        }
    }

    @Test("a team's requests go out with keys of its own account")
    func accounts() throws {
        let teams: JSON = [
            ["id": "team-a", "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]]],
            [
                "id": "team-b", "account": "elsewhere",
                "keys": [["id": "b-key", "secret": ["value": .string(Gateway.keyB)]]],
            ],
        ]
        let vendor = try VendorSim(keys: [VendorSim.key, Self.second])
        let keys: JSON = [primary, other.overlaid(with: ["account": "elsewhere"])]
        let breaker: JSON = ["failures": 2, "window": "1m", "open_for": "1m"]
        let configuration: JSON = ["upstream": ["keys": keys, "circuit_breaker": breaker], "teams": teams]
        try withGateway(configuration, vendor: vendor) { gateway in
            for _ in 0..<3 { #expect(try gateway.classify(page(), key: Gateway.keyB).status == 200) }
            #expect(try gateway.vendor.calls(with: Self.second) == 3)
            // The breaker is the account's too.
            try gateway.vendor.queueFault("status", count: 2, ["status": 500])
            for _ in 0..<2 { #expect(try gateway.classify(page()).status == 500) }
            expectError(try gateway.classify(page()), 503, "circuit_open")
            #expect(try gateway.classify(page(), key: Gateway.keyB).status == 200)
        }
    }

    @Test("429 moves a request to another key, in seconds as with a date, and the key is left alone for as long")
    func limitedOne() throws {
        for details in [["retry_after": 60], ["retry_after": "soon"]] as [JSON] {
            try withKeys([primary, other]) { gateway in
                let state: JSON = ["state": "rate_limited"]
                try gateway.vendor.setKey(VendorSim.key, state.overlaid(with: details))
                for _ in 0..<6 { expectStoredMiss(try gateway.classify(page())) }
                #expect(try gateway.vendor.calls(with: Self.second) == 6)
                guard details["retry_after"].int != nil else { return }
                #expect(try gateway.vendor.calls(with: VendorSim.key) == 1)
            }
        }
    }

    @Test("when all keys cool requests wait for the first that is ready; a cooling that lasts survives a restart")
    func limitedAll() throws {
        try withKeys([primary, other], upstream: ["queue_timeout": "20s"]) { gateway in
            try gateway.vendor.queueFault("rate_limit", ["retry_after": 300])
            try gateway.vendor.queueFault("rate_limit", ["retry_after": 1])
            // Both keys are tried, and both cool: the second one is ready first.
            expectStoredMiss(try gateway.classify(page()))
            #expect(try gateway.vendor.calls(with: VendorSim.key) == 1)
            #expect(try gateway.vendor.calls(with: Self.second) == 2)
        }
        try withKeys([primary], upstream: ["queue_timeout": "200ms"]) { gateway in
            try gateway.vendor.queueFault("rate_limit", ["retry_after": 300])
            expectError(try gateway.classify(page()), 503, "upstream_rate_limited")
            #expect(gateway.process.stderr.wait { $0.contains { $0.contains("upstream_key_cooling") } })
            // The store answers in order: the state is on disk once a later miss has been looked up and refused.
            expectError(try gateway.classify(page()), 503, "upstream_rate_limited")
            try gateway.killAndRestart()
            let refusal = try gateway.classify(page())
            expectError(refusal, 503, "upstream_rate_limited")
            #expect((200...300).contains(refusal["retry-after"].flatMap { Int($0) } ?? 0))
            #expect(try gateway.vendor.calls() == 1)
        }
    }

    @Test(
        "a key that is not accepted is found out by one request, which another key serves; it is left out from then on",
        arguments: [
            ("unauthorized", "unauthorized"), ("forbidden", "forbidden"), ("bad", "other_key_accepted"),
        ]
    )
    func badKey(state: String, reason: String) throws {
        try withKeys([primary, other]) { gateway in
            try gateway.vendor.setKey(VendorSim.key, ["state": .string(state)])
            for _ in 0..<6 { expectStoredMiss(try gateway.classify(page())) }
            #expect(try gateway.vendor.calls(with: VendorSim.key) == 1)
            #expect(try gateway.vendor.calls(with: Self.second) == 6)
            expectQuarantine(of: "primary", reason, gateway)
            // It survives a restart, and ends when the secret changes.
            try gateway.killAndRestart()
            for _ in 0..<4 { expectStoredMiss(try gateway.classify(page())) }
            #expect(try gateway.vendor.calls(with: VendorSim.key) == 1)
            let keys: JSON = ["upstream": ["keys": [Self.entry("primary", Self.third), other]]]
            try gateway.rewriteConfiguration(keys)
            try gateway.reload(expecting: "upstream_key_active")
            for _ in 0..<4 { expectStoredMiss(try gateway.classify(page())) }
            #expect(try gateway.vendor.calls(with: Self.third) == 2)
        }
    }

    @Test("a document's 403 is passed on after one more try, and hurts no key, however many there are")
    func document() throws {
        try withKeys([primary, other]) { gateway in
            for _ in 0..<8 {
                let document = SampleRequests.newDocumentID()
                try gateway.vendor.queueFault("status", count: 2, document: document, ["status": 403])
                let reply = try gateway.classify(SampleRequests.about(document))
                #expect(reply.status == 403)
                #expect(reply.code == "simulated_403", "\(reply.text)")
                #expect(reply["tollgate-credits-charged"] == "0")
            }
            #expect(try gateway.vendor.calls() == 16)
            for _ in 0..<4 { expectStoredMiss(try gateway.classify(page())) }
            #expect(try gateway.vendor.calls(with: VendorSim.key) == 10)
            #expect(try gateway.vendor.calls(with: Self.second) == 10)
            #expect(!gateway.process.stderr.text.contains("quarantined"))
        }
    }

    @Test("of the only key the fifth 403 in a row about different documents is about the key")
    func fifth() throws {
        try withKeys([primary]) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            try gateway.vendor.setKey(VendorSim.key, ["state": "bad"])
            let document = SampleRequests.about()
            for _ in 0..<6 { #expect(try gateway.classify(document).status == 403) }
            for _ in 0..<3 { #expect(try gateway.classify(page()).status == 403) }
            #expect(try gateway.classify(page()).status == 403)
            expectQuarantine(of: "primary", "refused_repeatedly", gateway)
            let calls = try gateway.vendor.calls()
            let refusal = try gateway.classify(page())
            expectError(refusal, 503, "no_upstream_key")
            #expect(refusal["retry-after"] != nil)
            expectHit(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.vendor.calls() == calls)
        }
    }

    @Test(
        "what every key is refused is about the request: no key suffers, however often, and others are served",
        arguments: ["<html>Forbidden</html>", #"{"message": "Forbidden"}"#]
    )
    func refusedByAll(body: String) throws {
        try withKeys([primary, other, Self.entry("third", Self.third)]) { gateway in
            for _ in 0..<6 {
                let document = SampleRequests.newDocumentID()
                let reply: JSON = ["status": 403, "body": .string(body)]
                try gateway.vendor.queueFault("status", count: 2, document: document, reply)
                expectError(try gateway.classify(SampleRequests.about(document)), 502, "upstream_key_rejected")
            }
            #expect(try gateway.vendor.calls() == 12)
            let keys = [VendorSim.key, Self.second, Self.third]
            let before = try keys.map { try gateway.vendor.calls(with: $0) }
            for _ in 0..<9 { expectStoredMiss(try gateway.classify(page())) }
            #expect(try zip(keys, before).map { try gateway.vendor.calls(with: $0) - $1 } == [3, 3, 3])
            #expect(!gateway.process.stderr.text.contains("quarantined"))
        }
    }

    @Test("when no key is accepted three requests are told 502, later ones 503, and hits are served")
    func allRejected() throws {
        try withKeys([primary, other]) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            for key in [VendorSim.key, Self.second] { try gateway.vendor.setKey(key, ["state": "unauthorized"]) }
            let document = SampleRequests.about()
            for _ in 0..<4 { expectError(try gateway.classify(document), 502, "upstream_key_rejected") }
            for _ in 0..<2 { expectError(try gateway.classify(page()), 502, "upstream_key_rejected") }
            for id in ["primary", "second"] { expectQuarantine(of: id, "unauthorized", gateway) }
            #expect(try gateway.vendor.calls() == 13)
            let refusal = try gateway.classify(page())
            expectError(refusal, 503, "no_upstream_key")
            #expect((1...60).contains(refusal["retry-after"].flatMap { Int($0) } ?? 0))
            expectHit(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.vendor.calls() == 13)
        }
    }

    @Test("the only key is quarantined by the third document; a minute later one request goes out and brings it back")
    func healing() async throws {
        let gateway = try start([primary])
        try gateway.vendor.setKey(VendorSim.key, ["state": "forbidden"])
        for _ in 0..<3 { expectError(try gateway.classify(page()), 502, "upstream_key_rejected") }
        expectQuarantine(of: "primary", "forbidden", gateway)
        try gateway.killAndRestart()
        let refusal = try gateway.classify(page())
        expectError(refusal, 503, "no_upstream_key")
        let pause = try #require(refusal["retry-after"].flatMap { Int($0) })
        #expect((1...60).contains(pause))
        try gateway.vendor.setKey(VendorSim.key, ["state": "good"])
        #expect(try gateway.vendor.calls() == 3)
        // Like a client that honours Retry-After: the wait is the gateway's own. It keeps no other test from a thread.
        try await Task.sleep(for: .seconds(pause))
        expectStoredMiss(try gateway.classify(page()))
        #expect(gateway.process.stderr.wait { $0.contains { $0.contains("upstream_key_active") } })
        for _ in 0..<2 { expectStoredMiss(try gateway.classify(page())) }
        try gateway.killAndRestart()
        expectStoredMiss(try gateway.classify(page()))
        try end(gateway)
    }

    @Test("replies that say nothing of the vendor's health do not hide its failures from the breaker")
    func neutralReplies() throws {
        let breaker: JSON = ["circuit_breaker": ["failures": 5, "window": "10m", "open_for": "10m"]]
        try withKeys([primary], upstream: breaker) { gateway in
            for status in [500, 404, 503, 400, 500, 402, 403, 422, 500, 404, 500] {
                try gateway.vendor.queueFault("status", ["status": JSON(integerLiteral: status)])
                #expect(try gateway.classify(page()).status == status)
            }
            expectError(try gateway.classify(page()), 503, "circuit_open")
        }
    }

    @Test("a key is used within not_before and not_after only")
    func validity() throws {
        let expired = primary.overlaid(with: ["not_after": "2020-01-01T00:00:00Z"])
        let toCome = Self.entry("third", Self.third, ["not_before": "2099-01-01T00:00:00Z"])
        try withKeys([expired, other, toCome]) { gateway in
            for _ in 0..<4 { expectStoredMiss(try gateway.classify(page())) }
            #expect(try gateway.vendor.calls(with: Self.second) == 4)
            try gateway.rewriteConfiguration(["upstream": ["keys": [expired, toCome]]])
            try gateway.reload(expecting: "reloaded")
            let refusal = try gateway.classify(page())
            expectError(refusal, 503, "no_upstream_key")
            #expect(refusal["retry-after"] != nil)
            #expect(try gateway.vendor.calls() == 4)
        }
    }

    @Test("a key whose month is spent is left out, one with room serves; when none remains 503 no_upstream_key")
    func monthlyCredits() throws {
        let keys = [primary.overlaid(with: ["monthly_credits": 3]), other.overlaid(with: ["monthly_credits": 6])]
        try withKeys(keys) { gateway in
            for _ in 0..<3 { expectStoredMiss(try gateway.classify(pages("1-3", gateway))) }
            let refusal = try gateway.classify(page())
            expectError(refusal, 503, "no_upstream_key")
            #expect(refusal["retry-after"] != nil)
            #expect(try gateway.vendor.account()["keys"][VendorSim.key]["credits"].int == 3)
            #expect(try gateway.vendor.account()["keys"][Self.second]["credits"].int == 6)
        }
    }

    @Test("a request that moves is booked to the key that it moves to, in memory and on disk, and not beyond its month")
    func moves() throws {
        let keys = [primary, other.overlaid(with: ["monthly_credits": 3])]
        try withKeys(keys, upstream: ["queue_timeout": "200ms"]) { gateway in
            // The primary key's turn comes first, and it cools from then on.
            try gateway.vendor.setKey(VendorSim.key, ["state": "rate_limited", "retry_after": 300])
            expectStoredMiss(try gateway.classify(pages("1-3", gateway)))
            // The second key has no room left: the request waits for the first one to cool down.
            expectError(try gateway.classify(page()), 503, "upstream_rate_limited")
            try gateway.killAndRestart()
            expectError(try gateway.classify(page()), 503, "upstream_rate_limited")
            #expect(try gateway.vendor.calls(with: VendorSim.key) == 1)
            #expect(try gateway.vendor.calls(with: Self.second) == 1)
        }
    }

    @Test("a crash after a request has moved leaves it unconfirmed with the key that it moved to")
    func crash() throws {
        let keys = [primary.overlaid(with: ["monthly_credits": 4]), other.overlaid(with: ["monthly_credits": 3])]
        try withKeys(keys) { gateway in
            try gateway.vendor.setKey(VendorSim.key, ["state": "unauthorized"])
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.queueFault("status", document: document, ["status": 401])
            try gateway.vendor.queueFault("hold", document: document)
            let waiting = try gateway.connect()
            let body = SampleRequests.about(document, extra: #","page_range":"1-3""#)
            try waiting.send(TestRequest.classify(body, key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            #expect(try gateway.vendor.calls(with: Self.second) == 1)
            try gateway.killAndRestart()
            // It has filled the second key's month, and the first key is not accepted.
            expectError(try gateway.classify(page()), 502, "upstream_key_rejected")
            #expect(try gateway.vendor.calls(with: Self.second) == 1)
            let keys: JSON = [
                "upstream": ["keys": [Self.entry("primary", Self.third, ["monthly_credits": 4]), keys[1]]]
            ]
            try gateway.rewriteConfiguration(keys)
            try gateway.reload(expecting: "reloaded")
            expectStoredMiss(try gateway.classify(pages("1-4", gateway)))
        }
    }
}

extension VendorSim {
    /// The number of classify calls made with a key.
    func calls(with key: String) throws -> Int { try account()["keys"][key]["calls"].int ?? 0 }

    func setKey(_ key: String, _ state: JSON) throws { try control("PUT", "/sim/keys/\(key)", state) }
}
