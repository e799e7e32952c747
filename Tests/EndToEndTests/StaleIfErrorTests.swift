import Foundation
import TestSupport
import Testing

@Suite(
    "Stale results in place of a failure",
    .serialized,
    .gateway([
        "cache": ["ttl": "1s", "stale_if_error": "1h"],
        "upstream": ["circuit_breaker": ["failures": 1000], "response_timeout": "3s"],
    ])
)
struct StaleIfErrorTests {
    @Test(
        "the vendor's failure is hidden by a stale result",
        arguments: [
            ("status", ["status": 500]), ("status", ["status": 502]), ("status", ["status": 503]),
            ("status", ["status": 504]), ("reset_before_reply", [:]), ("hold", [:]),
        ] as [(String, JSON)]
    )
    func served(kind: String, details: JSON) throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let body = SampleRequests.about(document)
        let first = try gateway.classify(body)
        expectStoredMiss(first)
        try gateway.vendor.queueFault(kind, count: -1, document: document, details)
        // Fresh at first; ask until it is not.
        let deadline = Deadline.generous
        var reply = try gateway.classify(body)
        while reply["cache-status"]?.contains("stale") != true {
            expectHit(reply)
            try #require(!deadline.hasPassed, "a result does not become stale")
            usleep(10_000)
            reply = try gateway.classify(body)
        }
        #expect(reply.status == 200)
        #expect(reply.body == first.body)
        #expect(reply["cache-status"]?.wholeMatch(of: /tollgate; hit; ttl=(0|-[0-9]+); detail=stale/) != nil)
        #expect(reply["tollgate-credits-charged"] == "0")
        try gateway.vendor.release()
    }

    @Test("the vendor's 404 is no failure of the vendor: it is passed on")
    func notFound() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let body = SampleRequests.about(document)
        expectStoredMiss(try gateway.classify(body))
        try gateway.vendor.setDocument(document, ["state": "unknown"])
        let deadline = Deadline.generous
        var reply = try gateway.classify(body)
        while reply.status == 200 {
            try #require(!deadline.hasPassed, "a result does not become stale")
            usleep(10_000)
            reply = try gateway.classify(body)
        }
        #expect(reply.status == 404)
    }
}
