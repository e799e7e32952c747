import Foundation
import TestSupport
import Testing

/// Replies of the vendor that are neither its answer nor its usual errors: `docs/faults.md` §3.
@Suite("Odd replies of the vendor")
struct OddReplyTests {
    private static let budget: JSON = ["budgets": ["organization": [["window": "total", "credits": 100]]]]

    private func log(_ gateway: Gateway, has words: String...) -> Bool {
        gateway.process.stderr.wait { lines in lines.contains { line in words.allSatisfy(line.contains) } }
    }

    /// Queues a reply for the next call, makes that call, and returns what the client sees.
    private func answer(_ gateway: Gateway, _ reply: JSON) throws -> TestResponse {
        try gateway.vendor.queueFault("status", reply)
        return try gateway.classify(SampleRequests.about())
    }

    @Test("a redirect is followed nowhere and costs nothing; where it points is in the log, without secrets")
    func redirect() throws {
        try withGateway(Self.budget) { gateway in
            let target = "https://elsewhere.example/v1/classify"
            let location = "\(target)?key=\(VendorSim.key)#\(String(repeating: "x", count: 2_000))"
            for status in [301, 302, 307, 308] {
                let fields: JSON = ["Location": .string(location)]
                let reply = try answer(gateway, ["status": JSON(integerLiteral: status), "headers": fields])
                expectError(reply, 502, "upstream_invalid_response")
                #expect(reply["tollgate-budget-remaining"] == "100")
                #expect(log(gateway, has: "upstream_invalid_response", "\(status)", target))
            }
            #expect(try gateway.vendor.calls() == 4)
            #expect(gateway.process.stderr.lines.allSatisfy { $0.utf8.count < 1_000 })
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
        }
    }

    @Test("the vendor's 402 is passed on and reported; it hurts neither the key nor the breaker, and costs nothing")
    func outOfCredits() throws {
        try withGateway(Self.budget) { gateway in
            let error = #"{"success": false, "error": "no_credits", "message": "your plan has no credits left"}"#
            for _ in 0..<6 {
                let reply = try answer(gateway, ["status": 402, "body": .string(error)])
                #expect(reply.status == 402 && reply.text == error)
                #expect(reply["cache-status"] == "tollgate; fwd=miss; fwd-status=402")
                #expect(reply["tollgate-credits-charged"] == "0" && reply["tollgate-budget-remaining"] == "100")
            }
            #expect(log(gateway, has: "upstream_out_of_credits", "primary"))
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
            #expect(!gateway.process.stderr.text.contains("quarantined"))
        }
    }

    private static let spellings: [@Sendable (String) -> String] = [
        { $0.unicodeScalars.map { String(format: #"\u%04X"#, $0.value) }.joined() },
        { $0.unicodeScalars.map { String(format: #"\u%04x"#, $0.value) }.joined() },
        { $0.replacingOccurrences(of: "+", with: #"\u002B"#).replacingOccurrences(of: "/", with: #"\/"#) },
        { $0.replacingOccurrences(of: "+", with: #"\\u002B"#) },
        { $0.replacingOccurrences(of: "+", with: "%2B") }, { $0.replacingOccurrences(of: "+", with: "&#43;") },
    ]

    @Test("an echoed key is taken out in whatever spelling a writer of JSON gives it", arguments: spellings.indices)
    func spelledKey(index: Int) throws {
        let secret = "vendor+secret/0123456789=abcdef"
        let key: JSON = ["id": "primary", "secret": ["value": .string(secret)]]
        let vendor = try VendorSim(keys: [secret])
        try withGateway(["upstream": ["keys": [key]]], vendor: vendor) { gateway in
            let spelled = Self.spellings[index](secret)
            let error = #"{"success": false, "error": "bad", "message": "no such key: \#(spelled)."}"#
            let fields: JSON = ["Content-Type": .string("text/plain; key=\(secret)")]
            let reply = try answer(gateway, ["status": 400, "body": .string(error), "headers": fields])
            #expect(reply.status == 400)
            let asterisks = String(repeating: "*", count: spelled.utf8.count)
            #expect(reply.json["message"].string == "no such key: \(asterisks).", "\(reply.text)")
            #expect(!reply.fields.contains { $0.value.contains(secret) })
        }
    }

    // MARK: Content codings

    @Test(
        "a content coding that nobody asked for is undone, in results and in errors, before the key is looked for",
        arguments: ["gzip", "x-gzip", "deflate", "raw-deflate"]
    )
    func coding(_ coding: String) throws {
        try withGateway(Self.budget) { gateway in
            try gateway.vendor.queueFault("encoded", ["coding": .string(coding), "garbage": "\0\0"])
            let body = SampleRequests.about(extra: #","page_range":"1""#)
            let result = try gateway.classify(body)
            expectStoredMiss(result)
            #expect(result["content-encoding"] == nil && result.json["request_status"].string == "completed")
            #expect(result["tollgate-credits-charged"] == "1")
            let hit = try gateway.classify(body)
            expectHit(hit)
            #expect(hit.body == result.body)
            let error = #"{"success": false, "error": "bad", "message": "no such key: \#(VendorSim.key)"}"#
            let refusal: JSON = ["coding": .string(coding), "status": 400, "body": .string(error)]
            try gateway.vendor.queueFault("encoded", refusal)
            let reply = try gateway.classify(SampleRequests.about())
            #expect(reply.status == 400 && reply["content-encoding"] == nil)
            #expect(reply.json["message"].string?.hasPrefix("no such key: ***") == true, "\(reply.text)")
        }
    }

    @Test("a 403 in the vendor's shape is known under its coding: no key suffers for it")
    func encodedRefusal() throws {
        try withGateway { gateway in
            let error = #"{"success": false, "error": "FORBIDDEN", "message": "not yours"}"#
            for _ in 0..<4 {
                try gateway.vendor.queueFault("encoded", ["status": 403, "body": .string(error)])
                let reply = try gateway.classify(SampleRequests.about())
                #expect(reply.status == 403 && reply.text == error)
            }
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
        }
    }

    @Test(
        "a result that cannot be read is a broken reply, which may have been charged; nothing of it is passed on",
        arguments: [
            ["coding": "gzip", "missing": 1], ["coding": "br"], ["coding": "gzip, br"],
            ["coding": "gzip", "padding": 20_000_000],
        ] as [JSON]
    )
    func unreadableResult(_ details: JSON) throws {
        try withGateway(Self.budget) { gateway in
            try gateway.vendor.queueFault("encoded", details)
            let document = SampleRequests.about(extra: #","page_range":"1""#)
            let reply = try gateway.classify(document)
            expectError(reply, 502, "upstream_invalid_response")
            #expect(reply["tollgate-budget-remaining"] == "99")
            #expect(log(gateway, has: "upstream_invalid_response", "body"))
            expectStoredMiss(try gateway.classify(document))
        }
    }

    @Test("an error in another coding is passed on with the field that names it, and not kept; a broken one is not")
    func otherCoding() throws {
        try withGateway(Self.budget.overlaid(with: ["cache": ["negative_ttl": "1h"]])) { gateway in
            let document = SampleRequests.about()
            let error: JSON = ["coding": "br", "status": 404, "body": "not really brotli"]
            for _ in 0..<2 {
                try gateway.vendor.queueFault("encoded", error)
                let reply = try gateway.classify(document)
                #expect(reply.status == 404 && reply["content-encoding"] == "br" && reply.text == "not really brotli")
                #expect(reply["cache-status"] == "tollgate; fwd=miss; fwd-status=404")
            }
            try gateway.vendor.queueFault("encoded", ["status": 500, "missing": 3])
            let broken = try gateway.classify(document)
            expectError(broken, 502, "upstream_invalid_response")
            #expect(broken["tollgate-budget-remaining"] == "100")
            expectStoredMiss(try gateway.classify(document))
        }
    }
}
