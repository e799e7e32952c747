import Budgeting
import Caching
import Testing
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// What a flight's outcome is to each of its requests: `docs/api.md` §2.
@Suite("A request of a flight and its outcome")
struct FlightAskerTests {
    private static let cache = CacheSettings(
        timeToLive: .seconds(60),
        staleIfError: .seconds(100),
        negativeTimeToLive: .zero,
        schemaOrder: .insignificant,
        hitsReportZeroCredits: false,
        memoryBytesMax: 1_000_000
    )

    /// An answer in words.
    private func answer(
        _ outcome: FlightOutcome,
        _ cacheControl: String = "",
        isFollower: Bool = false,
        after seconds: Int = 10
    ) -> String {
        var directives = CacheDirectives()
        directives.add(fieldValue: Array(cacheControl.utf8).span)
        let asker = FlightAsker(
            directives: directives,
            isFollower: isFollower,
            cache: Self.cache,
            now: FlightSamples.now + .seconds(seconds)
        )
        return switch asker.answer(outcome) {
        case .hit: "hit"
        case .askVendor: "ask the vendor"
        case .reply(let reply, let charged, let saved): "\(reply.status), charged \(charged), saved \(saved)"
        case .substitute(_, let freshness, let charged): "stale for \(-freshness.ttlSeconds) s, charged \(charged)"
        case .failed(let failure, let charged): "\(failure.code), charged \(charged)"
        case .denied: "denied"
        case .storeFailed: "store failed"
        case .draining: "draining"
        }
    }

    private func forwarded(_ status: Int, _ credits: Int64? = nil, stale: CachedResult? = nil) -> FlightOutcome {
        let reply = ForwardedReply(
            status: status,
            contentType: nil,
            retryAfter: nil,
            contentEncoding: nil,
            body: [],
            credits: credits.map(FlightSamples.credits),
            result: nil,
            duration: .zero,
            queued: .zero
        )
        return .forwarded(reply, stale: stale)
    }

    private func failed(_ code: UpstreamFailure.Code, _ credits: Int64 = 0, stale: CachedResult? = nil) -> FlightOutcome
    {
        let charged: UpstreamFailure.Charge = credits > 0 ? .yes : .unknown
        return .failed(FlightSamples.failure(code, charged), stale: stale, charged: FlightSamples.credits(credits))
    }

    @Test("a stored result answers whom it is fresh for, and the others ask the vendor")
    func found() {
        let found = FlightOutcome.found(FlightSamples.result())
        #expect(answer(found) == "hit")
        #expect(answer(found, isFollower: true) == "hit")
        #expect(answer(found, "max-age=10") == "hit")
        #expect(answer(found, "max-age=9") == "ask the vendor")
        #expect(answer(found, "no-cache") == "ask the vendor")
        #expect(answer(found, after: 60) == "ask the vendor")
    }

    @Test("who led is charged, and the others save it")
    func charge() {
        #expect(answer(forwarded(200, 2)) == "200, charged 2, saved 0")
        #expect(answer(forwarded(200, 2), isFollower: true) == "200, charged 0, saved 2")
        #expect(answer(forwarded(200)) == "200, charged 0, saved 0")
        #expect(answer(failed(.invalidResponse, 3)) == "invalidResponse, charged 3")
        #expect(answer(failed(.invalidResponse, 3), isFollower: true) == "invalidResponse, charged 0")
    }

    @Test("the outcome of another node's flight is one of its kind")
    func elsewhere() {
        #expect(answer(.elsewhere(forwarded(200, 2)), isFollower: true) == "200, charged 0, saved 2")
        #expect(answer(.elsewhere(failed(.timeout)), isFollower: true) == "timeout, charged 0")
    }

    @Test("a stale result stands in for a failure of the vendor, within its window and for whom it may")
    func substitutes() {
        let stale = FlightSamples.result()
        #expect(answer(forwarded(500, stale: stale), after: 70) == "stale for 10 s, charged 0")
        #expect(answer(forwarded(503, 1, stale: stale), after: 70) == "stale for 10 s, charged 1")
        #expect(answer(forwarded(503, 1, stale: stale), isFollower: true, after: 70) == "stale for 10 s, charged 0")
        #expect(answer(forwarded(404, stale: stale), after: 70) == "404, charged 0, saved 0")
        #expect(answer(failed(.timeout, stale: stale), after: 160) == "stale for 100 s, charged 0")
        #expect(answer(failed(.timeout, stale: stale), after: 161) == "timeout, charged 0")
        #expect(answer(failed(.noKey, stale: stale), after: 70) == "noKey, charged 0")
        #expect(answer(failed(.timeout, stale: stale), "no-cache", after: 70) == "timeout, charged 0")
        #expect(answer(failed(.timeout, stale: stale), "no-store", after: 70) == "timeout, charged 0")
        #expect(answer(failed(.timeout, stale: stale), "max-age=60", after: 70) == "timeout, charged 0")
        #expect(answer(failed(.timeout)) == "timeout, charged 0")
    }

    @Test("a refusal stays what it is")
    func refusals() {
        #expect(answer(.denied(FlightSamples.denial())) == "denied")
        #expect(answer(.storeFailed(FlightSamples.fault)) == "store failed")
        #expect(answer(.refused) == "draining")
    }
}
