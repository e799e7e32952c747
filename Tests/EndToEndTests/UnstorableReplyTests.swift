import Foundation
import TestSupport
import Testing

/// `docs/faults.md` §3, the rows about odd replies that state their cost: the client gets them, the cache does not, and
/// the ledger records the stated cost.
@Suite(
    "A reply that may not be stored",
    .serialized,
    .gateway([
        "upstream": ["circuit_breaker": ["failures": 1000], "assumed_pages": 7],
        "budgets": ["organization": [["window": "total", "credits": 10_000]]],
    ])
)
struct UnstorableReplyTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// The body; ID stands for the document asked about.
        let body: String
        let status: Int
        /// In millionths, as the reply states; nil where unknown.
        let charged: Int?

        init(_ name: String, _ body: String, status: Int = 200, charged: Int?) {
            testDescription = name
            self.body = body
            self.status = status
            self.charged = charged
        }
    }

    private static func reply(_ members: String, document: String = "ID") -> String {
        #"{"request_status":"completed","document_id":"\#(document)",\#(members)}"#
    }

    private static let another = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca9"

    static let rows: [Row] = [
        Row("no classification", reply(#""classification":null,"credits_used":3"#), charged: 3_000_000),
        Row("another label", reply(#""classification":"poem","credits_used":3"#), charged: 3_000_000),
        Row("NaN", reply(#""classification":"invoice","credits_used":3,"s":{"invoice":NaN}"#), charged: 3_000_000),
        Row("half a pair", reply(#""classification":"invoice","credits_used":3,"s":"\ud800""#), charged: 3_000_000),
        Row(
            "a byte order mark",
            "\u{FEFF}" + reply(#""classification":"invoice","credits_used":3"#),
            charged: 3_000_000
        ),
        Row(
            "credits twice",
            reply(#""classification":"invoice","credits_used":3,"credits_used":4"#),
            charged: nil
        ),
        Row("nested credits", reply(#""classification":null,"x":{"credits_used":3}"#), charged: nil),
        Row("a floating sum", reply(#""classification":"poem","credits_used":0.30000000000000004"#), charged: 300_000),
        Row(
            "another document",
            reply(#""classification":"invoice","credits_used":3"#, document: another),
            status: 502,
            charged: 3_000_000
        ),
        Row("no object", #"[{"credits_used":3}]"#, status: 502, charged: nil),
        Row("an object and more", #"{"credits_used":3}<!-- -->"#, status: 502, charged: 3_000_000),
    ]

    @Test("is passed on as it is, or is a 502, and is booked at what it says that it cost", arguments: rows)
    func row(_ row: Row) throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let body = row.body.replacing("ID", with: document)
        let before = try remaining(gateway)
        let raw = Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
        let bytes = JSON.string(Data(raw).base64EncodedString())
        try gateway.vendor.queueFault("raw", document: document, ["base64": bytes])
        let reply = try gateway.classify(SampleRequests.about(document))
        #expect(reply.status == row.status, "\(reply.text)")
        if row.status == 200 {
            #expect(reply.body == Array(body.utf8))
            #expect(reply["cache-status"] == "tollgate; fwd=miss; fwd-status=200")
        } else {
            expectError(reply, 502, "upstream_invalid_response")
        }
        #expect(micros(reply["tollgate-credits-charged"]) == row.charged ?? 0)
        #expect(try before - remaining(gateway) == row.charged ?? 7_000_000)
        // It was not stored.
        let again = try gateway.classify(SampleRequests.about(document), [("Cache-Control", "only-if-cached")])
        expectError(again, 504, "not_cached")
    }

    @Test("a floating sum is an amount like any other: the reply is stored")
    func floating() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.queueFault("credits", document: document, ["credits": "0.30000000000000004"])
            let reply = try gateway.classify(SampleRequests.about(document))
            expectStoredMiss(reply)
            #expect(reply["tollgate-credits-charged"] == "0.3")
            expectHit(try gateway.classify(SampleRequests.about(document)))
        }
    }

    @Test("an error whose cost nobody can read is not taken for free")
    func errors() throws {
        let gateway = try suiteGateway()
        for (credits, cost) in [("0.5", 500_000), ("null", 0), (#""2""#, 7_000_000)] {
            let document = SampleRequests.newDocumentID()
            let body = #"{"success": false, "error": "x", "message": "y", "credits_used": \#(credits)}"#
            let before = try remaining(gateway)
            try gateway.vendor.queueFault("status", document: document, ["status": 404, "body": .string(body)])
            #expect(try gateway.classify(SampleRequests.about(document)).status == 404)
            #expect(try before - remaining(gateway) == cost, "credits_used \(credits)")
        }
    }

    private func remaining(_ gateway: Gateway) throws -> Int {
        let reply = try gateway.classify("{}")
        return try #require(micros(reply["tollgate-budget-remaining"]))
    }

    private func micros(_ text: String?) -> Int? {
        guard let text else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        return Int(parts[0] + fraction + String(repeating: "0", count: 6 - fraction.count))
    }
}
