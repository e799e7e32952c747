import Foundation
import TestSupport
import Testing

/// `docs/faults.md` §3, the rows that need settings of their own.
@Suite("Limits towards the vendor")
struct VendorLimitTests {
    @Test("no reply within response_timeout is 504, asked for once")
    func responseTimeout() throws {
        try withGateway(["upstream": ["response_timeout": "2s"]]) { gateway in
            try gateway.vendor.queueFault("hold")
            let reply = try gateway.classify(SampleRequests.vendors)
            expectError(reply, 504, "upstream_timeout")
            #expect(try gateway.vendor.calls() == 1)
            try gateway.vendor.release()
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        }
    }

    @Test("a 401, and a 403 that is not in the vendor's shape, are about the key", arguments: [401, 403])
    func keyRejected(status: Int) throws {
        try withGateway { gateway in
            try gateway.vendor.queueFault(
                "status",
                ["status": JSON(integerLiteral: status), "body": #"{"message": "Forbidden"}"#]
            )
            let reply = try gateway.classify(SampleRequests.vendors)
            expectError(reply, 502, "upstream_key_rejected")
            #expect(try gateway.vendor.calls() == 1)
        }
    }

    @Test("429 for longer than queue_timeout is 503 upstream_rate_limited; hits are served meanwhile")
    func rateLimitedTooLong() throws {
        try withGateway(["upstream": ["queue_timeout": "200ms"]]) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            try gateway.vendor.queueFault("rate_limit", count: -1, ["retry_after": 30])
            let reply = try gateway.classify(SampleRequests.about())
            expectError(reply, 503, "upstream_rate_limited")
            let wait = try #require(reply["retry-after"].flatMap { Int($0) })
            #expect((1...30).contains(wait))
            expectHit(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.vendor.calls() == 2)
        }
    }

    @Test("a burst of failures opens the breaker; one real request probes, and closes it")
    func circuitBreaker() throws {
        let breaker: JSON = ["failures": 3, "window": "1m", "open_for": "2s"]
        try withGateway(["upstream": ["circuit_breaker": breaker]]) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            try gateway.vendor.queueFault("status", count: 3, ["status": 500])
            for _ in 1...3 { #expect(try gateway.classify(SampleRequests.about()).status == 500) }
            let refused = try gateway.classify(SampleRequests.about())
            expectError(refused, 503, "circuit_open")
            #expect(refused["retry-after"].flatMap { Int($0) } ?? 0 >= 1)
            expectHit(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.vendor.calls() == 4)

            let deadline = Deadline.generous
            var reply = refused
            while reply.status == 503 {
                try #require(!deadline.hasPassed, "the breaker stays open")
                usleep(10_000)
                reply = try gateway.classify(SampleRequests.about())
            }
            expectStoredMiss(reply)
            #expect(try gateway.vendor.calls() == 5)
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
        }
    }

    @Test("what neither flies nor fits the queue is 503 overloaded")
    func queueFull() throws {
        try withGateway(["upstream": ["max_concurrency": 1, "max_queue": 1]]) { gateway in
            try gateway.vendor.queueFault("hold")
            let connections = try (0..<3).map { _ in try gateway.connect() }
            try connections[0].send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            for connection in connections[1...] {
                try connection.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
            }
            // One of the two waits, the other is refused; which one is undetermined.
            let deadline = Deadline.generous
            while connections[1].received.isEmpty, connections[2].received.isEmpty {
                try #require(!deadline.hasPassed, "nobody was refused")
                for connection in connections[1...] { connection.receiveMore(.after(.milliseconds(20))) }
            }
            let refusedIndex = connections[1].received.isEmpty ? 2 : 1
            let refused = try connections[refusedIndex].response()
            expectError(refused, 503, "overloaded")
            #expect(refused["retry-after"] != nil)
            try gateway.vendor.release()
            #expect(try connections[0].response().status == 200)
            #expect(try connections[3 - refusedIndex].response().status == 200)
            #expect(try gateway.vendor.calls() == 2)
        }
    }

    @Test("who waits in the queue longer than queue_timeout gets 503 overloaded")
    func queueTimeout() throws {
        try withGateway(["upstream": ["max_concurrency": 1, "queue_timeout": "200ms"]]) { gateway in
            try gateway.vendor.queueFault("hold")
            let flying = try gateway.connect()
            try flying.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            expectError(try gateway.classify(SampleRequests.about()), 503, "overloaded")
            try gateway.vendor.release()
            #expect(try flying.response().status == 200)
            #expect(try gateway.vendor.calls() == 1)
        }
    }

    @Test("a reply over max_response_bytes is 502")
    func replyTooLarge() throws {
        try withGateway(["upstream": ["max_response_bytes": "64KiB"]]) { gateway in
            let large = "{\"padding\": \"" + String(repeating: "x", count: 70_000) + "\"}"
            try gateway.vendor.queueFault("status", ["status": 200, "body": .string(large)])
            expectError(try gateway.classify(SampleRequests.vendors), 502, "upstream_invalid_response")
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        }
    }

    @Test("max_concurrency bounds what the vendor sees at once")
    func concurrencyBound() throws {
        try withGateway(["upstream": ["max_concurrency": 4]]) { gateway in
            let connections = try (0..<40).map { _ in try gateway.connect() }
            for connection in connections {
                try connection.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
            }
            for connection in connections { #expect(try connection.response().status == 200) }
            #expect(try gateway.vendor.account()["in_flight_max"].int ?? 99 <= 4)
            #expect(try gateway.vendor.calls() == 40)
        }
    }
}
