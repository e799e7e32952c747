import Budgeting
import Caching
import UpstreamKeys
import Vocabulary

/// One of the requests that wait for a flight, and what the flight's outcome is to it: `docs/api.md` §2. Pure;
/// `Exchange` performs the answer.
///
/// All requests of a flight ask one question. What a stored result is good for depends on each one's directives and on
/// the moment, and only the request that led is told of a charge: the others cost nothing (docs/faults.md §5, I6).
struct FlightAsker {
    let directives: CacheDirectives
    /// Whether another request led, on this node or elsewhere.
    let isFollower: Bool
    let cache: CacheSettings
    let now: Timestamp

    enum Answer {
        /// A stored result answers it.
        case hit(CachedResult, Freshness)
        /// The stored result may answer the request that led, and not this one, which needs the vendor's answer.
        case askVendor
        case reply(ForwardedReply, charged: MicroCredits, saved: MicroCredits)
        /// A stale result stands in for a failure of the vendor; `charged` is what the failure cost.
        case substitute(CachedResult, Freshness, charged: MicroCredits)
        case failed(UpstreamFailure, charged: MicroCredits)
        case denied(Denial)
        case storeFailed(StoreFault)
        case draining
    }

    func answer(_ outcome: FlightOutcome) -> Answer {
        switch outcome {
        case .found(let result): usable(result).map { .hit(result, $0) } ?? .askVendor
        case .forwarded(let reply, let stale): answer(reply, stale)
        case .failed(let failure, let stale, let credits):
            if failure.mayServeStale, let stale, let freshness = replacing(stale) {
                .substitute(stale, freshness, charged: charge(credits))
            } else {
                .failed(failure, charged: charge(credits))
            }
        case .denied(let denial): .denied(denial)
        case .storeFailed(let fault): .storeFailed(fault)
        case .refused: .draining
        case .elsewhere(let outcome): answer(outcome)
        }
    }

    private func answer(_ reply: ForwardedReply, _ stale: CachedResult?) -> Answer {
        let credits = reply.credits ?? .zero
        if reply.isVendorFailure, let stale, let freshness = replacing(stale) {
            return .substitute(stale, freshness, charged: charge(credits))
        }
        return .reply(reply, charged: charge(credits), saved: isFollower ? credits : .zero)
    }

    private func charge(_ credits: MicroCredits) -> MicroCredits { isFollower ? .zero : credits }

    /// The freshness of a stored result, if it may answer the request; else nil.
    func usable(_ result: CachedResult) -> Freshness? {
        let freshness = freshness(of: result)
        return freshness.isFresh && freshness.satisfies(directives) ? freshness : nil
    }

    /// The freshness of a result, if it may be served in place of a failure; else nil.
    private func replacing(_ result: CachedResult) -> Freshness? {
        guard !directives.noCache, !directives.noStore else { return nil }
        let freshness = freshness(of: result)
        return freshness.maySubstitute(within: cache.staleIfError) && freshness.satisfies(directives) ? freshness : nil
    }

    private func freshness(of result: CachedResult) -> Freshness {
        Freshness(
            storedAt: result.storedAt,
            now: now,
            lifetimeMicroseconds: cache.lifetimeMicroseconds(of: result)
        )
    }
}
