import Authentication
import Budgeting
import EventLoops
import Foundation
import TestSupport
import Testing
import Vocabulary

/// The steps of one request and its line in the access log, with real rooms and no vendor.
@Suite("Exchanges")
struct ExchangeTests {
    private let pipe: TestPipe

    init() throws { pipe = try TestPipe() }

    private func open(
        budgets: [Budget] = [],
        limits: TeamLimits = TeamLimits(),
        standing: NodeStanding = NodeStanding()
    ) throws -> GatewayRooms {
        try GatewayRooms(log: pipe.writing, budgets: budgets, limits: limits, standing: standing)
    }

    /// The next line of the access log.
    private func line() throws -> JSON { try JSON.parse(Array(pipe.line().utf8)) }

    @Test("health and readiness are answered without a key, and in the log without credits")
    func health() throws {
        let rooms = try open()
        for (path, state) in [("/healthz", "alive"), ("/readyz", "ready")] {
            let response = try rooms.answer(TestRequest("GET", path))
            #expect(response.status == 200)
            #expect(response.text == "{\"status\": \"\(state)\"}\n")
            let line = try line()
            #expect(line["path"].string == path)
            #expect(line["status"].int == 200)
            #expect(line["credits_charged"] == .null)
            #expect(line["team"] == .null)
        }
    }

    @Test("a path is in the log as it is, each time; once a part of it is a secret, that is masked each time")
    func paths() throws {
        let rooms = try open()
        let path = "/nowhere/0123456789abcdef-token/x"
        func logged() throws -> String? {
            _ = try rooms.answer(TestRequest("GET", path))
            return try line()["path"].string
        }
        for _ in 0..<3 { #expect(try logged() == path) }
        rooms.hide("0123456789abcdef-token")
        for _ in 0..<3 { #expect(try logged() == "/nowhere/***/x") }
    }

    @Test("a team sees its usage with its key alone, unlimited by its rate; without the store it is told so")
    func usage() throws {
        let limits = TeamLimits(requestsPerSecondMillionths: 1)
        let budget = Budget(window: .day, limit: MicroCredits(micros: 1_500_000), isEnforced: true)
        let rooms = try open(budgets: [budget], limits: limits)
        func ask(_ target: String = "/tollgate/usage", _ key: String = GatewayRooms.secret) throws -> TestResponse {
            try rooms.answer(TestRequest("GET", target, fields: [("x-api-key", key)]))
        }
        for _ in 0..<3 {
            let response = try ask()
            #expect(response.status == 200 && response["cache-control"] == "no-store")
            #expect(response["tollgate-budget-remaining"] == nil && response["cache-status"] == nil)
            #expect(response.json["team"] == "sales" && response.json["key"] == "sales-key")
            #expect(response.json["budgets"].items.count == 1)
            #expect(response.json["budgets"][0]["scope"] == "team")
            #expect(response.json["budgets"][0]["remaining"].number == 1.5)
            #expect(response.json["month"].members.count == 8 && response.json["month"]["requests"].int == 0)
            let line = try line()
            #expect(line["path"] == "/tollgate/usage" && line["team"] == "sales" && line["credits_charged"] == .null)
        }
        for (response, status, code) in [
            (try ask("/tollgate/usage", "other-key-0123456789"), 403, "invalid_api_key"),
            (try rooms.answer(TestRequest("GET", "/tollgate/usage")), 403, "invalid_api_key"),
            (try ask("/tollgate/usage?team=sales"), 400, "invalid_request"),
        ] {
            #expect(response.status == status && response.code == code, "\(response.text)")
            #expect(response["cache-status"] == nil)
        }
        for _ in 0..<3 { #expect(try line()["path"] == "/tollgate/usage") }
        rooms.closeStore()
        let response = try ask()
        #expect(response.status == 503 && response.code == "store_unavailable")
        #expect(try line()["error"] == "store_unavailable")
    }

    @Test("a team sees the counts of this moment, not only those that were stored a second ago")
    func usageOfNow() throws {
        let rooms = try open()
        let body = SampleRequests.about()
        try rooms.keep(body, storedAt: GatewayRooms.now)
        for count in 1...3 {
            #expect(try rooms.classify(body).status == 200)
            let request = TestRequest("GET", "/tollgate/usage", fields: [("x-api-key", GatewayRooms.secret)])
            let month = try rooms.answer(request).json["month"]
            #expect(month["hits"].int == count && month["saved"].number == Decimal(count) * 2.5)
        }
        rooms.closeStore()
        let fault = Handover<StoreFault?>()
        #expect(try rooms.classify(body).status == 200)
        rooms.rooms.flushUsage { fault.give($0) }
        #expect(fault.take()?.code == .unavailable)
    }

    @Test("a node that has not reached its store for store.stale_for serves no hits, and does once it reaches it again")
    func stale() throws {
        let standing = NodeStanding(joinedAt: SystemClock.sinceBoot())
        let rooms = try open(standing: standing)
        let body = SampleRequests.about()
        try rooms.keep(body, storedAt: GatewayRooms.now)
        func confirm(_ age: Duration) {
            let now = SystemClock.sinceBoot()
            standing.confirm(sentAt: now + (.zero - age), sinceBoot: now, now: SystemClock.monotonic())
        }
        confirm(.seconds(50))
        #expect(try rooms.classify(body).status == 200)
        _ = try line()
        confirm(.seconds(61))
        let refused = try rooms.classify(body)
        #expect(refused.status == 503 && refused.code == "store_unavailable" && refused["retry-after"] == "1")
        #expect(try line()["error"] == "store_unavailable")
        let bad = TestRequest.classify(body, key: "no-such-key-0123456789")
        #expect(try rooms.answer(bad).code == "invalid_api_key", "whom it does not know it tells no more than before")
        confirm(.zero)
        #expect(try rooms.classify(body).status == 200)
    }

    @Test("a node whose clock differs from the store's by more than 5 s is not ready, and says by how much")
    func clock() throws {
        let standing = NodeStanding(joinedAt: SystemClock.sinceBoot())
        let rooms = try open(standing: standing)
        #expect(try rooms.answer(TestRequest("GET", "/readyz")).status == 200)
        standing.note(clockLead: -7_500_000)
        let ready = try rooms.answer(TestRequest("GET", "/readyz"))
        #expect(ready.code == "store_unavailable" && ready.text.contains("clock_wrong"), "\(ready.text)")
        let answer = Handover<Result<Void, StoreFault>>()
        rooms.rooms.checkStore { answer.give($0) }
        guard case .failure(let fault) = answer.take() else { throw TestFailure("the clock is not looked at") }
        #expect(fault.detail.contains("7 s behind the database's"))
        standing.note(clockLead: 4_000_000)
        #expect(try rooms.answer(TestRequest("GET", "/readyz")).status == 200)
    }

    @Test("a node whose database asks for a newer program is not ready, and says so, until that is over")
    func schema() throws {
        let standing = NodeStanding(joinedAt: SystemClock.sinceBoot())
        let rooms = try open(standing: standing)
        standing.note(schemaNeeded: 3, known: 2)
        #expect(try rooms.answer(TestRequest("GET", "/readyz")).code == "store_unavailable")
        let answer = Handover<Result<Void, StoreFault>>()
        rooms.rooms.checkStore { answer.give($0) }
        guard case .failure(let fault) = answer.take() else { throw TestFailure("the schema is not looked at") }
        #expect(fault.code == .newerSchema && fault.detail.contains("know schema 3"))
        standing.note(schemaNeeded: 2, known: 2)
        #expect(try rooms.answer(TestRequest("GET", "/readyz")).status == 200)
    }

    @Test("a question in other words is read and found; the same bytes are then known, and nothing is reserved")
    func hits() throws {
        let rooms = try open()
        let body = SampleRequests.about()
        try rooms.keep(body, storedAt: GatewayRooms.now)
        for spelling in [body + " ", body + " ", " " + body] {
            let response = try rooms.classify(spelling, fields: [("x-request-id", "r-1")])
            #expect(response.status == 200)
            #expect(response.text == #"{"credits_used": 2.5}"#)
            #expect(response["cache-status"]?.hasPrefix("tollgate; hit; ttl=") == true)
            let line = try line()
            #expect(line["request_id"] == "r-1")
            #expect(line["team"] == "sales" && line["key"] == "sales-key")
            #expect(line["cache_status"].string.map { "tollgate; \($0)" } == response["cache-status"])
            #expect(line["credits_saved"].number == 2.5 && line["credits_charged"].number == 0)
            #expect(line["bytes_in"].int.map { $0 > spelling.utf8.count } == true)
            #expect(line["error"] == .null)
        }
        #expect(rooms.rooms.openReservations == 0)
    }

    @Test("a stale result does not answer, nor does a fresh one that the request refuses")
    func unusable() throws {
        let rooms = try open()
        let body = SampleRequests.about()
        try rooms.keep(body, storedAt: Timestamp(seconds: GatewayRooms.now.wholeSeconds - 61))
        let directives = [("Cache-Control", "only-if-cached")]
        #expect(try rooms.classify(body, fields: directives).code == "not_cached")
        #expect(try line()["error"] == "not_cached")
        try rooms.keep(body, storedAt: GatewayRooms.now)
        #expect(try rooms.classify(body, fields: directives).status == 200)
        let noCache = [("Cache-Control", "only-if-cached, no-cache")]
        #expect(try rooms.classify(body, fields: noCache).code == "not_cached")
        #expect(rooms.rooms.openReservations == 0)
    }

    @Test("what is refused before it is looked for: the line says which team it was once that is known")
    func refused() throws {
        let rooms = try open(limits: TeamLimits(models: ["gpt-4o"]))
        let body = SampleRequests.about()
        let requests: [(request: TestRequest, code: String, isKnown: Bool)] = [
            (.classify(body, key: "no-such-key-0123456789"), "invalid_api_key", false),
            (.classify("{", key: GatewayRooms.secret), "invalid_json", true),
            (.classify("{}", key: GatewayRooms.secret), "invalid_request", true),
            (.classify(body, key: GatewayRooms.secret), "model_not_allowed", true),
            (TestRequest("GET", "/v1/classify"), "method_not_allowed", false),
            (TestRequest("GET", "/elsewhere"), "not_found", false),
        ]
        for (request, code, isKnown) in requests {
            let response = try rooms.answer(request)
            #expect(response.code == code)
            let line = try line()
            #expect(line["error"].string == code)
            #expect(line["status"].int == response.status)
            #expect(line["team"].string == (isKnown ? "sales" : nil))
        }
    }

    @Test("a miss that no vendor takes is a 502 and gives back what was reserved; one without room is never forwarded")
    func misses() throws {
        let budget = Budget(window: .total, limit: MicroCredits(micros: 10_000_000), isEnforced: true)
        let rooms = try open(budgets: [budget])
        let failed = try rooms.classify(SampleRequests.about())
        #expect(failed.code == "upstream_unreachable")
        #expect(failed["tollgate-credits-charged"] == "0")
        #expect(failed["tollgate-budget-remaining"] == "10")
        let line = try line()
        #expect(line["error"] == "upstream_unreachable")
        #expect(line["upstream_ms"] == .null)
        let pages = (1...11).map(String.init).joined(separator: ",")
        let denied = try rooms.classify(SampleRequests.about(extra: #","page_range":"\#(pages)""#))
        #expect(denied.status == 402)
        #expect(denied.code == "budget_exceeded")
        #expect(denied["retry-after"] == nil, "a total that never resets")
        #expect(try self.line()["error"] == "budget_exceeded")
        #expect(rooms.rooms.openReservations == 0)
    }

    @Test("requests of one connection are answered and logged in their order, each by an exchange of its own")
    func pipelined() throws {
        let rooms = try open()
        let body = SampleRequests.about()
        try rooms.keep(body, storedAt: GatewayRooms.now)
        let connection = try rooms.connect()
        let hit = TestRequest.classify(body, key: GatewayRooms.secret)
        let miss = TestRequest.classify(SampleRequests.about(), key: GatewayRooms.secret)
        try connection.send(hit.bytes + miss.bytes + TestRequest("GET", "/readyz").bytes + hit.bytes)
        for status in [200, 502, 200, 200] {
            #expect(try connection.response().status == status)
            #expect(try line()["status"].int == status)
        }
    }
}
