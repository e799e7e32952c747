import TestSupport
import Testing

/// `docs/api.md` §2: traces, from the client to the vendor and into the log.
@Suite("Traces")
struct TraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"
    private static let traceParent = "00-\(trace)-\(parent)-01"

    private func withRecordedCalls(_ body: (Gateway, RecordingOrigin) throws -> Void) throws {
        try withOrigin { request, connection in
            if request.target == "/v1/classify" {
                try connection.send(request.classifyReply)
            } else {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
            return true
        } _: {
            try body($0, $1)
        }
    }

    private func line(_ gateway: Gateway, _ id: String, count: Int) throws -> JSON {
        try #require(try gateway.accessLog(atLeast: count).first { $0["request_id"].string == id })
    }

    @Test(
        "the vendor gets the trace with a new span and the state, on classify and on what is passed through; the log has all three"
    )
    func goesOn() throws {
        try withRecordedCalls { gateway, origin in
            let fields = [("traceparent", Self.traceParent), ("TraceState", "a=1"), ("tracestate", "b=2")]
            let body = SampleRequests.about()
            let miss = try gateway.classify(body, fields + [("x-request-id", "first")])
            #expect(miss.status == 200)
            let hit = try gateway.classify(body, fields + [("x-request-id", "hit")])
            expectHit(hit)
            let key = [("x-api-key", Gateway.keyA), ("x-request-id", "passed")]
            #expect(try gateway.send(TestRequest("GET", "/v1/templates", fields: fields + key)).status == 200)
            #expect(try gateway.classify(SampleRequests.about(), [("x-request-id", "without")]).status == 200)
            var spans: Set<String> = []
            for request in origin.requests.prefix(2) {
                let sent = try #require(request.values("traceparent").first)
                let match = try #require(sent.wholeMatch(of: /00-([0-9a-f]{32})-([0-9a-f]{16})-01/), "\(sent)")
                #expect(match.1 == Self.trace && match.2 != Self.parent)
                spans.insert(String(match.2))
                #expect(request.values("traceparent").count == 1)
                #expect(request.values("tracestate") == ["a=1,b=2"])
            }
            #expect(spans.count == 2)
            // The reply tells the span of the call that was made for it, and that of the client where there was none.
            #expect(miss["traceparent"] == origin.requests[0]["traceparent"])
            #expect(hit["traceparent"] == Self.traceParent)
            try #require(origin.requests.count == 3)
            #expect(origin.requests[2]["traceparent"] == nil && origin.requests[2]["tracestate"] == nil)
            for id in ["first", "hit", "passed"] {
                let entry = try line(gateway, id, count: 4)
                #expect(entry["trace_id"].string == Self.trace && entry["parent_id"].string == Self.parent)
                #expect(entry["span_id"].string.map(spans.contains) == (id == "hit" ? nil : true))
            }
            #expect(try line(gateway, "without", count: 4)["trace_id"] == .null)
        }
    }

    @Test(
        "what is malformed, or has the client's key in it, goes nowhere",
        arguments: [
            [("traceparent", "00-\(trace)-\(parent)-0G")],
            [("traceparent", "ff-\(trace)-\(parent)-01")],
            [("traceparent", "00-00000000000000000000000000000000-\(parent)-01")],
            [("traceparent", traceParent), ("traceparent", traceParent)],
            [("tracestate", "a=1")],
        ]
    )
    func malformed(fields: [(name: String, value: String)]) throws {
        try withRecordedCalls { gateway, origin in
            let all = fields + [("tracestate", "b=2")]
            #expect(try gateway.classify(SampleRequests.about(), all).status == 200)
            let key = [("x-api-key", Gateway.keyA)]
            #expect(try gateway.send(TestRequest("GET", "/v1/templates", fields: all + key)).status == 200)
            try #require(origin.requests.count == 2)
            for request in origin.requests {
                #expect(request["traceparent"] == nil && request["tracestate"] == nil)
            }
            for entry in try gateway.accessLog(atLeast: 2) { #expect(entry["trace_id"] == .null) }
        }
    }

    @Test(
        "a state that is malformed, or has the client's key in it, is dropped without the parent",
        arguments: [
            "a", "a=1,a=2", "A=1", "a=\(Gateway.keyA)", (0..<33).map { "k\($0)=1" }.joined(separator: ","),
        ]
    )
    func state(text: String) throws {
        try withRecordedCalls { gateway, origin in
            let fields = [("traceparent", Self.traceParent), ("tracestate", text)]
            #expect(try gateway.classify(SampleRequests.about(), fields).status == 200)
            try #require(origin.requests.count == 1)
            #expect(origin.requests[0]["traceparent"]?.hasPrefix("00-\(Self.trace)-") == true)
            #expect(origin.requests[0]["tracestate"] == nil)
        }
    }

    @Test("a key that looks like a trace does not leave in one")
    func keyInTrace() throws {
        let key = "0123456789abcdef0123456789abcdef"
        let teams: JSON = [
            [
                "id": "team-a", "name": "Team A", "account": "default",
                "keys": [["id": "a-key", "secret": ["value": .string(key)]]],
            ]
        ]
        try withOrigin(["teams": teams]) { request, connection in
            try connection.send(request.classifyReply)
            return true
        } _: { gateway, origin in
            let fields = [("traceparent", "00-\(key)-\(Self.parent)-01")]
            #expect(try gateway.classify(SampleRequests.about(), key: key, fields).status == 200)
            try #require(origin.requests.count == 1)
            #expect(origin.requests[0]["traceparent"] == nil)
            #expect(try gateway.accessLog(atLeast: 1)[0]["trace_id"] == .null)
        }
    }
}
