import Caching
import Coalescing
import HTTPMessages
import Keying
import Observability
import Upstream
import Vocabulary

/// Carries one question to the store and the vendor, for all who wait for its answer.
///
/// Confined to the worker of the request that leads. It does not depend on that request's connection: when the client
/// leaves, it goes on, since the vendor charges all the same. Steps: memory once more → store → vendor → durable in
/// the store → memory → landing. The result is in memory before the flight lands, so that nobody can miss both.
final class FlightLeader {
    let identifier: UInt64
    private unowned let worker: Worker
    private let pending: PendingExchange
    private let ticket: FlightTicket
    /// Nil for `no-store`, which shares nothing.
    private var permit: FlightPermit<FlightTicket>?
    private var stale: CachedResult?
    /// The reply that waits for its result to be durable.
    private var forwarded: ForwardedReply?

    init(
        worker: Worker,
        pending: PendingExchange,
        permit: consuming FlightPermit<FlightTicket>?,
        ticket: FlightTicket
    ) {
        identifier = worker.takeIdentifier()
        self.worker = worker
        self.pending = pending
        self.permit = permit
        self.ticket = ticket
    }

    private var mayStore: Bool { !pending.facts.directives.noStore }

    /// - Parameter looksUp: whether a stored result may answer; false sends the question to the vendor in any case.
    func begin(looksUp: Bool) {
        worker.add(self)
        guard looksUp else { return forward() }
        // The flight that was just missed may have landed between the first look and the permit.
        if let result = worker.rooms.cache.find(pending.key) {
            if isFresh(result) { return land(.found(result)) }
            stale = result
        }
        worker.lookUp(pending.key, for: identifier)
    }

    /// The store's answer. Without one nothing is forwarded: the result may be there, and paid for.
    func looked(_ result: Result<CachedResult?, StoreFault>) {
        switch result {
        case .success(let found?):
            if isFresh(found) {
                worker.keep(found)
                return land(.found(found))
            }
            stale = stale ?? found
        case .success(nil): break
        case .failure(let fault):
            log("store_find_failed", fault.description)
            return land(.storeFailed(fault))
        }
        forward()
    }

    private func isFresh(_ result: CachedResult) -> Bool {
        let lifetime = worker.settings.cache.lifetimeSeconds(ofStatus: result.status)
        let freshness = Freshness(storedAt: result.storedAt, now: worker.loop.wallClock, lifetimeSeconds: lifetime)
        return freshness.isFresh && freshness.satisfies(pending.facts.directives)
    }

    // MARK: The vendor

    private func forward() {
        guard !worker.isDraining else { return land(.refused) }
        guard let team = pending.facts.caller?.team else { preconditionFailure("a leader without a team") }
        let call = UpstreamCall(
            body: pending.request.canonical,
            requestID: pending.facts.requestID.bytes,
            team: team.id
        )
        worker.upstream.classify(call) { [self] outcome in
            switch outcome {
            case .reply(let reply): receive(reply)
            case .failure(let failure): fail(failure)
            }
        }
    }

    private func receive(_ reply: UpstreamReply) {
        guard reply.status == 200 else { return receiveError(reply) }
        let read = ClassifyReply.read(reply.body.span)
        switch read.verdict(documentID: pending.request.documentID, labels: pending.request.labels) {
        case .storable(let credits): store(reply, credits, read)
        case .failedReply(let credits), .passedOnUnstored(let credits): pass(reply, credits)
        case .unsoundCredits:
            log("upstream_credits_unsound", "credits_used is missing or no amount; the reply is passed on, not stored")
            pass(reply, nil)
        case .invalid(let reason):
            log("upstream_invalid_response", reason)
            fail(.invalidReply(reason))
        }
    }

    /// The vendor's own errors are passed on; 400 and 404 may be kept for a while, in memory only: they cost nothing.
    private func receiveError(_ reply: UpstreamReply) {
        let credits = ClassifyReply.creditsOfError(reply.body.span)
        guard mayStore, worker.settings.cache.keepsNegative(reply.status) else { return pass(reply, credits) }
        let result = makeResult(reply, credits ?? .zero, creditsRange: nil, classification: "")
        worker.keep(result)
        land(.forwarded(forwardedReply(reply, credits, result), stale: stale))
    }

    private func store(_ reply: UpstreamReply, _ credits: MicroCredits, _ read: ClassifyReply) {
        guard mayStore else { return pass(reply, credits) }
        let result = makeResult(
            reply,
            credits,
            creditsRange: read.creditsRange,
            classification: read.classification ?? ""
        )
        forwarded = forwardedReply(reply, credits, result)
        worker.save(result, for: identifier)
    }

    /// The store has the result, or could not take it: then the reply that was paid for goes out all the same.
    func saved(_ outcome: Result<Void, StoreFault>) {
        guard let forwarded, let result = forwarded.result else { return }
        switch outcome {
        case .success: land(.forwarded(forwarded, stale: nil), keeping: result)
        case .failure(let fault):
            log("store_save_failed", fault.description)
            land(.forwarded(forwarded, stale: nil), keeping: result)
        }
    }

    private func pass(_ reply: UpstreamReply, _ credits: MicroCredits?) {
        land(.forwarded(forwardedReply(reply, credits, nil), stale: stale))
    }

    private func fail(_ failure: UpstreamFailure) { land(.failed(failure, stale: stale)) }

    // MARK: Landing

    private func land(_ outcome: FlightOutcome, keeping result: CachedResult? = nil) {
        if let result { worker.keep(result) }
        let tickets: [FlightTicket]
        if let permit = permit.take() { tickets = permit.land() } else { tickets = [ticket] }
        worker.deliver(outcome, to: tickets)
        worker.leaderDidEnd(self)
    }

    private func forwardedReply(
        _ reply: UpstreamReply,
        _ credits: MicroCredits?,
        _ result: CachedResult?
    ) -> ForwardedReply {
        ForwardedReply(
            status: reply.status,
            contentType: reply.contentType,
            retryAfter: reply.retryAfter,
            body: reply.body,
            credits: credits,
            result: result,
            duration: reply.duration
        )
    }

    private func makeResult(
        _ reply: UpstreamReply,
        _ credits: MicroCredits,
        creditsRange: Range<Int>?,
        classification: String
    ) -> CachedResult {
        guard let team = pending.facts.caller?.team else { preconditionFailure("a leader without a team") }
        return CachedResult(
            key: pending.key,
            status: UInt16(reply.status),
            body: reply.body,
            creditsRange: creditsRange,
            credits: credits,
            storedAt: worker.loop.wallClock,
            account: team.account,
            team: team.id,
            documentID: pending.request.documentID,
            model: pending.request.model,
            pageRange: pending.request.pages?.text,
            classification: classification
        )
    }

    private func log(_ code: String, _ detail: String) {
        let requestID = String(decoding: pending.facts.requestID.bytes, as: UTF8.self)
        ProcessLog.warning(code, ["request_id": requestID, "detail": detail])
    }
}
