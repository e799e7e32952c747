import Caching
import Coalescing
import HTTPMessages
import Keying
import Upstream
import Vocabulary

/// Leads one request through the rooms: key, cache, flight, reply. The order is here and nowhere else.
extension ClientConnection {
    /// A request whose head is admitted and whose body is whole.
    func beginExchange(_ facts: RequestFacts, _ body: Span<UInt8>) {
        switch facts.route {
        case .health: replyPlain("alive", facts)
        case .readiness:
            if worker.isDraining { reply(.draining, facts, closes: true) } else { check(for: facts) }
        case .classify: classify(facts, body)
        case nil: preconditionFailure("a request without a route is refused when its head is read")
        }
    }

    /// The store's answer to a readiness check.
    func checked(_ result: Result<Void, StoreFault>) {
        guard case .checking(let facts) = phase else { return }
        switch result {
        case .success: replyPlain("ready", facts)
        case .failure(let fault): reply(.storeUnavailable(fault), facts, closes: false)
        }
    }

    private func classify(_ facts: RequestFacts, _ body: Span<UInt8>) {
        guard let caller = facts.caller else { preconditionFailure("classify before authentication") }
        let fingerprint = caller.bodyHash.fingerprint(body)
        // Identical bytes: answered without being parsed.
        if let result = worker.rooms.cache.find(alias: fingerprint), let age = usable(result, facts.directives) {
            return replyHit(result, age, facts)
        }
        let request: ClassifyRequest
        do throws(KeyingFault) {
            request = try worker.classifyReader.read(body, schemaOrder: worker.settings.cache.schemaOrder)
        } catch {
            return reply(ErrorReply(error), facts, closes: false)
        }
        let share = ByteShare(of: worker.rooms.requestBytes)
        guard share.grow(by: request.canonical.count) else { return reply(.outOfMemory, facts, closes: false) }
        let pending = PendingExchange(
            facts: facts,
            request: request,
            share: share,
            key: request.key(in: caller.scope, with: worker.hasher),
            fingerprint: fingerprint,
            role: .leader,
            reason: facts.directives.noCache || facts.directives.noStore ? .request : .miss
        )
        lookUp(pending)
    }

    /// The same question in other words may be in memory; else the store or the vendor is asked.
    private func lookUp(_ asked: PendingExchange) {
        var pending = asked
        let directives = pending.facts.directives
        if let result = worker.rooms.cache.find(pending.key) {
            if let age = usable(result, directives) {
                worker.rooms.cache.remember(alias: pending.fingerprint, for: result)
                return replyHit(result, age, pending.facts)
            }
            if pending.reason == .miss { pending.reason = freshness(of: result).isFresh ? .request : .stale }
        }
        if directives.onlyIfCached { return lookUpOnly(pending) }
        if directives.noStore { return fly(pending, permit: nil, looksUp: false) }
        join(pending, looksUp: !directives.noCache)
    }

    /// `only-if-cached` never spends, nor waits for one who does: memory, then the store, then 504.
    private func lookUpOnly(_ asked: PendingExchange) {
        guard !asked.facts.directives.noCache, !asked.facts.directives.noStore else {
            return reply(.notCached, asked.facts, closes: false)
        }
        var pending = asked
        pending.role = .onlyIfCached
        work(on: pending)
        worker.lookUp(pending.key, for: identifier)
    }

    /// The store's answer to an `only-if-cached` request.
    func looked(_ result: Result<CachedResult?, StoreFault>) {
        guard case .working(let pending) = phase, pending.role == .onlyIfCached else { return }
        if case .success(let found?) = result, let age = usable(found, pending.facts.directives) {
            worker.keep(found)
            replyHit(found, age, pending.facts)
        } else {
            reply(.notCached, pending.facts, closes: false)
        }
    }

    // MARK: Flights

    /// Joins the flight under way for this key, or leads a new one.
    private func join(_ asked: PendingExchange, looksUp: Bool) {
        var pending = asked
        let ticket = FlightTicket(worker: worker.index, exchange: identifier)
        switch worker.rooms.flights.join(pending.key, ticket: ticket) {
        case .leader(let permit):
            pending.role = .leader
            fly(pending, permit: permit, looksUp: looksUp)
        case .follower:
            pending.role = .follower
            work(on: pending)
        case .full: reply(.tooManyWaiting, pending.facts, closes: false)
        }
    }

    private func fly(_ pending: PendingExchange, permit: consuming FlightPermit<FlightTicket>?, looksUp: Bool) {
        work(on: pending)
        let leader = FlightLeader(
            worker: worker,
            pending: pending,
            permit: permit,
            ticket: FlightTicket(worker: worker.index, exchange: identifier)
        )
        leader.begin(looksUp: looksUp)
    }

    /// What the flight that this exchange waited for came to.
    func receive(_ outcome: FlightOutcome) {
        guard case .working(var pending) = phase else { return }
        switch outcome {
        case .found(let result):
            if let age = usable(result, pending.facts.directives) {
                worker.rooms.cache.remember(alias: pending.fingerprint, for: result)
                return replyHit(result, age, pending.facts)
            }
            // Good enough for the leader, but not for this request: it needs a flight that asks the vendor.
            pending.reason = .request
            join(pending, looksUp: false)
        case .forwarded(let forwarded, let stale):
            if forwarded.isVendorFailure, replyStale(stale, pending.facts) { return }
            if let result = forwarded.result { worker.rooms.cache.remember(alias: pending.fingerprint, for: result) }
            reply(forwarded, pending)
        case .failed(let failure, let stale):
            if failure.mayServeStale, replyStale(stale, pending.facts) { return }
            reply(ErrorReply(failure), pending.facts, closes: false)
        case .storeFailed(let fault): reply(.storeUnavailable(fault), pending.facts, closes: false)
        case .refused: reply(.draining, pending.facts, closes: true)
        }
    }

    // MARK: Freshness

    private func freshness(of result: CachedResult) -> Freshness {
        let lifetime = worker.settings.cache.lifetimeSeconds(ofStatus: result.status)
        return Freshness(storedAt: result.storedAt, now: worker.loop.wallClock, lifetimeSeconds: lifetime)
    }

    /// The freshness of a result that may answer a request with these directives; nil when it may not.
    private func usable(_ result: CachedResult, _ directives: CacheDirectives) -> Freshness? {
        let freshness = freshness(of: result)
        return freshness.isFresh && freshness.satisfies(directives) ? freshness : nil
    }

    /// Answers with a stale result in place of a failure, where one may be served; false when it may not.
    private func replyStale(_ result: CachedResult?, _ facts: RequestFacts) -> Bool {
        guard let result, !facts.directives.noCache, !facts.directives.noStore else { return false }
        let freshness = freshness(of: result)
        guard freshness.maySubstitute(within: worker.settings.cache.staleIfError), freshness.satisfies(facts.directives)
        else { return false }
        replyHit(result, freshness, facts)
        return true
    }
}
