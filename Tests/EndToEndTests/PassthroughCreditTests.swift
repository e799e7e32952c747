import Foundation
import TestSupport
import Testing

/// Credits of requests that are passed through: `docs/api.md` §2.
@Suite("Credits of pass-through")
struct PassthroughCreditTests {
    private static let key = [("x-api-key", Gateway.keyA)]
    private static let document = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"

    private static func budget(_ credits: Int) -> JSON {
        ["budgets": ["organization": [["window": "total", "credits": JSON(integerLiteral: credits)]]]]
    }

    private func extract(_ gateway: Gateway, _ document: String = document) throws -> TestResponse {
        try gateway.send(TestRequest("GET", "/v1/documents/\(document)/run_parser?a=b", fields: Self.key))
    }

    private func standing(_ gateway: Gateway) throws -> String {
        let usage = try gateway.send(TestRequest("GET", "/tollgate/usage", fields: Self.key)).json
        let budget = try gateway.admin("GET", "/budgets").json["items"][0]["budgets"][0]
        return "spent \(budget["spent"].text) unconfirmed \(budget["unconfirmed"].text) "
            + "reserved \(budget["reserved"].text) misses \(usage["month"]["misses"].text)"
    }

    private func lessons(_ gateway: Gateway) throws -> [String: String] {
        let items = try gateway.admin("GET", "/lessons").json["items"].items
        return Dictionary(
            items.compactMap { item in item["model"].string.map { ($0, item["credits_per_page"].text) } },
            uniquingKeysWith: { $1 }
        )
    }

    @Test("a spending route is reserved at what it cost last, settled at what the reply says, and told to the client")
    func spending() throws {
        try withGateway(Self.budget(20)) { gateway in
            try gateway.vendor.setDocument(Self.document, ["pages": 3])
            let first = try extract(gateway)
            #expect(first.status == 200 && first.json["credits_used"].int == 3)
            #expect(first["tollgate-credits-charged"] == "3" && first["tollgate-budget-remaining"] == "17")
            #expect(try lessons(gateway) == ["GET /v1/documents/{id}/run_parser": "3"])
            // Without a lesson the next one would reserve ten pages and leave too little for two at once.
            try gateway.vendor.setDocument(Self.document, ["pages": 7])
            #expect(try extract(gateway)["tollgate-budget-remaining"] == "10")
            #expect(try extract(gateway)["tollgate-budget-remaining"] == "3")
            expectError(try extract(gateway), 402, "budget_exceeded")
            #expect(try gateway.vendor.account()["credits_charged"].int == 17)
            #expect(try standing(gateway).hasPrefix("spent 17 unconfirmed 0 reserved 0"))
        }
    }

    @Test("the first call of a route is estimated at assumed_pages")
    func firstEstimate() throws {
        try withGateway(Self.budget(9)) { gateway in
            expectError(try extract(gateway), 402, "budget_exceeded")
            #expect(try gateway.vendor.requests() == 0)
        }
    }

    @Test("a saved classifier is metered, and a team's models hold for it")
    func savedClassifier() throws {
        let teams: JSON = [
            [
                "id": "team-a", "account": "default", "models": ["gpt-4o"], "name": "A",
                "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]],
            ]
        ]
        try withGateway(Self.budget(100).overlaid(with: ["teams": teams])) { gateway in
            func post(_ path: String, _ body: String) throws -> TestResponse {
                let fields = Self.key + [("Content-Type", "application/json")]
                return try gateway.send(TestRequest("POST", path, fields: fields, body: Array(body.utf8)))
            }
            let schema = #"[{"label": "invoice", "description": "a"}, {"label": "letter", "description": "b"}]"#
            let made = try post("/v1/classifiers", #"{"name": "n", "classification_schema": \#(schema)}"#)
            let id = try #require(made.json["classifier_id"].string)
            let path = "/v1/classifiers/\(id)/classify"
            let answer = try post(path, #"{"document_id": "\#(Self.document)", "query_model": "gpt-4o"}"#)
            #expect(answer.status == 200 && answer["tollgate-credits-charged"] == "2")
            let other = try post(path, #"{"document_id": "\#(Self.document)", "query_model": "gpt-4o-mini"}"#)
            expectError(other, 403, "model_not_allowed")
            let twice = #"{"document_id": "\#(Self.document)", "query_model": "gpt-4o", "query_model": "gpt-4o-mini"}"#
            expectError(try post(path, twice), 400, "invalid_json")
            // What cannot be read is not sent to a route that spends, whatever it is said to be.
            for hidden in [
                TestRequest("POST", path, fields: Self.key + [("Content-Encoding", "gzip")], body: [0x1F, 0x8B]),
                TestRequest("POST", path, fields: Self.key, body: [UInt8](repeating: 0x61, count: (1 << 20) + 1)),
            ] { expectError(try gateway.send(hidden), 413, "body_too_large") }
            #expect(try gateway.vendor.account()["charges"].int == 1)
            #expect(try standing(gateway).hasPrefix("spent 2 unconfirmed 0 reserved 0"))
        }
    }

    @Test("a route that is not listed is charged for what its reply says, above the limit if need be")
    func unlisted() throws {
        let origin = try RecordingOrigin { request, connection in
            let body = request.target == "/v1/free" ? "{}" : #"{"credits_used": 2.5}"#
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            return true
        }
        let settings = Self.budget(4).overlaid(with: ["upstream": ["base_url": .string(origin.url)]])
        try withGateway(settings) { gateway in
            func get(_ target: String) throws -> TestResponse {
                try gateway.send(TestRequest("GET", target, fields: Self.key))
            }
            for (target, spent) in [("/v1/free", "0"), ("/v1/a", "2.5"), ("/v1/free", "2.5"), ("/v1/a", "5")] {
                #expect(try get(target).status == 200)
                #expect(try standing(gateway).hasPrefix("spent \(spent) unconfirmed 0 reserved 0"))
            }
            expectError(try get("/v1/free"), 402, "budget_exceeded")
            #expect(origin.requests.count == 4)
            try gateway.killAndRestart()
            #expect(try standing(gateway).hasPrefix("spent 5 unconfirmed 0 reserved 0"))
            expectError(try get("/v1/free"), 402, "budget_exceeded")
        }
    }

    @Test(
        "how a call ends decides how its reservation does",
        arguments: [
            ("status", ["status": 404], 404, "spent 0 unconfirmed 0"),
            ("status", ["status": 500], 500, "spent 0 unconfirmed 0"),
            ("status", ["status": 200, "body": #"{"request_status":"failed"}"#], 200, "spent 0 unconfirmed 0"),
            ("status", ["status": 200, "body": #"{"request_status":"exception"}"#], 200, "spent 0 unconfirmed 0"),
            ("status", ["status": 200, "body": #"{"request_status":"completed"}"#], 200, "spent 0 unconfirmed 10"),
            ("status", ["status": 502], 502, "spent 0 unconfirmed 10"),
            ("status", ["status": 504], 504, "spent 0 unconfirmed 10"),
            ("rate_limit", [:], 429, "spent 0 unconfirmed 0"),
            ("reset_before_reply", [:], 502, "spent 0 unconfirmed 10"),
            ("truncated", [:], 502, "spent 0 unconfirmed 10"),
            ("bad_chunk", [:], 502, "spent 0 unconfirmed 10"),
        ] as [(String, JSON, Int, String)]
    )
    func endings(fault: String, details: JSON, status: Int, standing expected: String) throws {
        try withGateway(Self.budget(100)) { gateway in
            try gateway.vendor.queueFault(fault, details)
            #expect(try extract(gateway).status == status)
            let standing = try standing(gateway)
            #expect(standing.hasPrefix(expected + " reserved 0"), "\(standing)")
        }
    }

    @Test("a client that leaves is charged all the same when its request was sent whole")
    func leaves() throws {
        try withGateway(Self.budget(100)) { gateway in
            try gateway.vendor.setDocument(Self.document, ["pages": 4])
            try gateway.vendor.queueFault("hold")
            let connection = try gateway.connect()
            let target = "/v1/documents/\(Self.document)/run_parser"
            try connection.send(TestRequest("GET", target, fields: Self.key).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            connection.reset()
            #expect(try gateway.accessLog(atLeast: 1).first?["status"].int == 499)
            try gateway.vendor.release()
            let deadline = Deadline.generous
            while try !standing(gateway).hasPrefix("spent 4 unconfirmed 0 reserved 0") {
                try #require(!deadline.hasPassed)
                usleep(5_000)
            }
        }
    }

    @Test("a kill while the vendor works leaves the reservation unconfirmed; a drain waits for it")
    func killed() throws {
        try withGateway(Self.budget(100)) { gateway in
            try gateway.vendor.queueFault("hold", count: 2)
            let connection = try gateway.connect()
            let target = "/v1/documents/\(Self.document)/run_parser"
            try connection.send(TestRequest("GET", target, fields: Self.key).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            try gateway.killAndRestart()
            #expect(try standing(gateway).hasPrefix("spent 0 unconfirmed 10 reserved 0"))
            let other = try gateway.connect()
            try other.send(TestRequest("GET", target, fields: Self.key).bytes)
            try gateway.vendor.waitForCalls(inFlight: 2)
            gateway.process.signal(SIGTERM)
            try gateway.vendor.release()
            #expect(try other.response().status == 200)
        }
    }
}
