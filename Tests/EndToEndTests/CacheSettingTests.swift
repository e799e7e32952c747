import Foundation
import TestSupport
import Testing

@Suite("Settings of the cache")
struct CacheSettingTests {
    @Test("fractions of a second count: a ttl of 1800 ms is not over after one second")
    func fractions() throws {
        try withGateway(["cache": ["ttl": "1800ms"]]) { gateway in
            let body = SampleRequests.about()
            let before = ContinuousClock.now
            let miss = try gateway.classify(body)
            expectStoredMiss(miss)
            let stored = ContinuousClock.now
            // Ask until it is no longer fresh, and note when that was.
            let deadline = Deadline.generous
            var lastHit = stored
            while true {
                let asked = ContinuousClock.now
                let reply = try gateway.classify(body)
                if reply["cache-status"]?.contains("; hit") != true { break }
                #expect(reply["cache-status"]?.wholeMatch(of: /tollgate; hit; ttl=[12]/) != nil)
                lastHit = asked
                try #require(!deadline.hasPassed, "a result does not become stale")
                usleep(10_000)
            }
            #expect(lastHit - stored < .milliseconds(1_800))
            #expect(ContinuousClock.now - before >= .milliseconds(1_800), "it was stale too soon")
        }
    }

    @Test("the vendor's 400 and 404 are kept for negative_ttl", arguments: [("not_ocred", 400), ("unknown", 404)])
    func negativeTTL(state: String, status: Int) throws {
        try withGateway(["cache": ["negative_ttl": "1h"]]) { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["state": .string(state)])
            let first = try gateway.classify(SampleRequests.about(document))
            #expect(first.status == status)
            #expect(first["cache-status"] == "tollgate; fwd=miss; fwd-status=\(status); stored")
            let second = try gateway.classify(SampleRequests.about(document))
            #expect(second.status == status)
            #expect(second.body == first.body)
            #expect(second["content-type"] == first["content-type"])
            #expect(second["cache-status"]?.hasPrefix("tollgate; hit; ttl=") == true)
            #expect(try gateway.vendor.calls() == 1)
        }
    }

    @Test("an error page of something before the vendor is passed on as it is, and not kept", arguments: [400, 404])
    func errorPage(status: Int) throws {
        try withGateway(["cache": ["negative_ttl": "1h"]]) { gateway in
            let document = SampleRequests.about()
            let page: JSON = [
                "status": .number(Decimal(status)), "body": "<html>Not here</html>",
                "headers": ["Content-Type": "text/html"],
            ]
            for _ in 0..<2 {
                try gateway.vendor.queueFault("status", page)
                let reply = try gateway.classify(document)
                #expect(reply.status == status && reply.text == "<html>Not here</html>")
                #expect(reply["content-type"] == "text/html")
                #expect(reply["cache-status"] == "tollgate; fwd=miss; fwd-status=\(status)")
            }
            expectStoredMiss(try gateway.classify(document))
        }
    }

    @Test("without negative_ttl the vendor's errors are asked for again")
    func noNegativeTTL() throws {
        try withGateway { gateway in
            let document = SampleRequests.newDocumentID()
            try gateway.vendor.setDocument(document, ["state": "not_ocred"])
            for _ in 1...2 {
                let reply = try gateway.classify(SampleRequests.about(document))
                #expect(reply.status == 400)
                #expect(reply["cache-status"] == "tollgate; fwd=miss; fwd-status=400")
            }
            #expect(try gateway.vendor.calls() == 2)
        }
    }

    @Test("with hit_credits_used zero a hit differs from the vendor's body in that number alone")
    func hitCreditsUsedZero() throws {
        try withGateway(["cache": ["hit_credits_used": "zero"]]) { gateway in
            let miss = try gateway.classify(SampleRequests.vendors)
            #expect(miss.json["credits_used"].int == 2)
            let hit = try gateway.classify(SampleRequests.vendors)
            expectHit(hit)
            #expect(hit.json["credits_used"].int == 0)
            let made = #/("credits_used"\s*:\s*)2/#
            #expect(hit.text == miss.text.replacing(made) { $0.output.1 + "0" })
        }
    }

    @Test("with scope team each team pays for itself; with organization the second team's is a hit")
    func scope() throws {
        let body = SampleRequests.vendors
        try withGateway(["cache": ["scope": "team"]]) { gateway in
            expectStoredMiss(try gateway.classify(body, key: Gateway.keyA))
            expectStoredMiss(try gateway.classify(body, key: Gateway.keyB))
            expectHit(try gateway.classify(body, key: Gateway.keyA))
            expectHit(try gateway.classify(body, key: Gateway.keyB))
        }
        try withGateway(["cache": ["scope": "organization"]]) { gateway in
            let miss = try gateway.classify(body, key: Gateway.keyA)
            expectStoredMiss(miss)
            let hit = try gateway.classify(body, key: Gateway.keyB)
            expectHit(hit)
            #expect(hit.body == miss.body)
        }
    }

    @Test("with schema_order significant another order of the categories is another question")
    func schemaOrder() throws {
        let document = SampleRequests.newDocumentID()
        let categories = [#"{"label":"a","description":"first"}"#, #"{"label":"b","description":"second"}"#]
        func body(_ order: [Int]) -> String {
            let schema = order.map { categories[$0] }.joined(separator: ",")
            return #"{"document_id":"\#(document)","classification_schema":[\#(schema)]}"#
        }
        try withGateway(["cache": ["schema_order": "significant"]]) { gateway in
            expectStoredMiss(try gateway.classify(body([0, 1])))
            expectStoredMiss(try gateway.classify(body([1, 0])))
            expectHit(try gateway.classify(body([1, 0])))
        }
    }
}
