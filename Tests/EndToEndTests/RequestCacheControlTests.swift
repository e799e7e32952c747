import TestSupport
import Testing

@Suite("Request Cache-Control (RFC 9111 §5.2.1)", .serialized, .gateway())
struct RequestCacheControlTests {
    @Test("no-cache takes nothing from the cache, and stores")
    func noCache() throws {
        let gateway = try suiteGateway()
        let body = SampleRequests.about()
        let first = try gateway.classify(body)
        let again = try gateway.classify(body, [("Cache-Control", "no-cache")])
        #expect(again["cache-status"] == "tollgate; fwd=request; fwd-status=200; stored")
        #expect(again.body != first.body)
        let hit = try gateway.classify(body)
        expectHit(hit)
        #expect(hit.body == again.body)
    }

    @Test("no-store neither reads the cache nor stores")
    func noStore() throws {
        let gateway = try suiteGateway()
        let body = SampleRequests.about()
        let unstored = try gateway.classify(body, [("Cache-Control", "no-store")])
        #expect(unstored["cache-status"] == "tollgate; fwd=request; fwd-status=200")
        let first = try gateway.classify(body)
        expectStoredMiss(first)
        let unread = try gateway.classify(body, [("Cache-Control", "No-Store")])
        #expect(unread["cache-status"] == "tollgate; fwd=request; fwd-status=200")
        #expect(try gateway.classify(body).body == first.body)
    }

    @Test("max-age accepts a result that is young enough, and forwards for one that is not")
    func maxAge() throws {
        let gateway = try suiteGateway()
        let body = SampleRequests.about()
        let first = try gateway.classify(body)
        expectHit(try gateway.classify(body, [("Cache-Control", "max-age=3600")]))
        // A result ages by itself; ask until its reported age is at least a second.
        let deadline = Deadline.generous
        while try gateway.classify(body)["age"] == "0" {
            try #require(!deadline.hasPassed, "a result does not age")
        }
        let again = try gateway.classify(body, [("Cache-Control", "max-age=0")])
        #expect(again["cache-status"] == "tollgate; fwd=request; fwd-status=200; stored")
        #expect(again.body != first.body)
    }

    @Test("only-if-cached never spends: a hit is served, a miss is 504 not_cached")
    func onlyIfCached() throws {
        let gateway = try suiteGateway()
        let body = SampleRequests.about()
        let before = try gateway.vendor.calls()
        let miss = try gateway.classify(body, [("Cache-Control", "only-if-cached")])
        expectError(miss, 504, "not_cached")
        #expect(miss["cache-status"] == "tollgate; detail=not_cached")
        #expect(try gateway.vendor.calls() == before)
        expectStoredMiss(try gateway.classify(body))
        expectHit(try gateway.classify(body, [("Cache-Control", "only-if-cached")]))
    }

    @Test(
        "directives that are not for requests of this kind change nothing",
        arguments: ["public", "no-transform", "x=\"no-store\""]
    )
    func unknownDirective(value: String) throws {
        let gateway = try suiteGateway()
        let body = SampleRequests.about()
        expectStoredMiss(try gateway.classify(body, [("Cache-Control", value)]))
        expectHit(try gateway.classify(body, [("Cache-Control", value)]))
    }
}
