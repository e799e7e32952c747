import Caching
import Coalescing
import HTTPMessages
import Keying
import UpstreamKeys
import Vocabulary

/// Leads one request through the rooms: key, cache, flight, reply. The order is here and nowhere else.
extension ClientConnection {
    /// A request whose head is admitted and whose body is whole.
    func beginExchange(_ facts: RequestFacts, _ body: Span<UInt8>) {
        switch facts.route {
        case .health: replyPlain("alive", facts)
        case .readiness:
            if worker.isDraining { reply(.draining, facts, closes: true) } else { check(for: facts) }
        case .classify:
            guard let caller = facts.caller else { preconditionFailure("classify before authentication") }
            classify(facts, caller, body)
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

    private func classify(_ facts: RequestFacts, _ caller: Caller, _ body: Span<UInt8>) {
        let fingerprint = caller.bodyHash.fingerprint(body)
        // Identical bytes: answered without being parsed.
        if let result = worker.rooms.cache.find(alias: fingerprint), let age = usable(result, facts.directives),
            caller.team.mayUse(model: result.model)
        {
            return replyHit(result, age, facts)
        }
        let request: ClassifyRequest
        do throws(KeyingFault) {
            request = try worker.classifyReader.read(body, schemaOrder: worker.settings.cache.schemaOrder)
        } catch {
            return reply(ErrorReply(error), facts, closes: false)
        }
        guard caller.team.mayUse(model: request.model) else {
            return deny(.modelNotAllowed(caller.team), facts)
        }
        let key = request.key(in: caller.scope, with: worker.hasher)
        var reason = facts.directives.noCache || facts.directives.noStore ? CacheStatus.ForwardReason.request : .miss
        // The same question in other words may be in memory; else the store or the vendor is asked.
        if let result = worker.rooms.cache.find(key) {
            if let age = usable(result, facts.directives) {
                worker.rooms.cache.remember(alias: fingerprint, for: result)
                return replyHit(result, age, facts)
            }
            if reason == .miss { reason = freshness(of: result).isFresh ? .request : .stale }
        }
        guard let place = caller.throttle.takePlace() else {
            return deny(.tooManyAtOnce(caller.team), facts)
        }
        let share = ByteShare(of: worker.rooms.clientBytes, .teams)
        guard share.take(request.canonical.count) else { return reply(.outOfMemory, facts, closes: false) }
        ask(
            PendingExchange(
                facts: facts,
                request: request,
                share: share,
                place: place,
                key: key,
                fingerprint: fingerprint,
                role: .leader,
                reason: reason
            )
        )
    }

    /// What memory could not answer.
    private func ask(_ pending: PendingExchange) {
        let directives = pending.facts.directives
        if directives.onlyIfCached { return lookUpOnly(pending) }
        if directives.noStore { return fly(pending, permit: nil, looksUp: false) }
        join(pending, looksUp: !directives.noCache)
    }

    /// `only-if-cached` never spends, nor waits for one who does: memory, then the store, then 504.
    private func lookUpOnly(_ asked: PendingExchange) {
        guard !asked.facts.directives.noCache, !asked.facts.directives.noStore else {
            return fail(.notCached, asked)
        }
        var pending = asked
        pending.role = .onlyIfCached
        work(on: pending)
        worker.lookUp(pending.key, pagesOf: nil, for: identifier)
    }

    /// The store's answer to an `only-if-cached` request.
    func looked(_ result: Result<Finding, StoreFault>) {
        guard case .working(let pending) = phase, pending.role == .onlyIfCached else { return }
        if case .success(let finding) = result, let found = finding.result,
            let age = usable(found, pending.facts.directives)
        {
            worker.keep(found)
            replyHit(found, age, pending.facts)
        } else {
            fail(.notCached, pending)
        }
    }

    // MARK: Flights

    /// Joins the flight under way for this key, or leads a new one.
    private func join(_ asked: PendingExchange, looksUp: Bool) {
        var pending = asked
        switch worker.rooms.flights.join(pending.key, ticket: ticket(pending.facts)) {
        case .leader(let permit):
            pending.role = .leader
            fly(pending, permit: permit, looksUp: looksUp)
        case .follower: follow(pending)
        case .full: fail(.tooManyWaiting, pending)
        }
    }

    /// Leads the flight in which this exchange waits, since those before it may not spend. False when nobody waits here.
    func lead(_ offer: FlightOffer) -> Bool {
        guard case .working(var pending) = phase, pending.role == .follower else { return false }
        pending.role = .leader
        fly(pending, permit: offer.take(), looksUp: !pending.facts.directives.noCache)
        return true
    }

    private func ticket(_ facts: RequestFacts) -> FlightTicket {
        guard let key = facts.caller?.key else { preconditionFailure("a flight before authentication") }
        return FlightTicket(worker: worker.index, exchange: identifier, team: key.team.id, key: key.id)
    }

    private func follow(_ asked: PendingExchange) {
        var pending = asked
        pending.role = .follower
        work(on: pending)
    }

    private func fly(_ pending: PendingExchange, permit: consuming FlightPermit<FlightTicket>?, looksUp: Bool) {
        work(on: pending)
        let leader = FlightLeader(worker: worker, pending: pending, permit: permit, ticket: ticket(pending.facts))
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
            let charged = pending.role == .follower ? .zero : forwarded.credits ?? .zero
            if forwarded.isVendorFailure, replyStale(stale, pending.facts, charged: charged) { return }
            if let result = forwarded.result { worker.rooms.cache.remember(alias: pending.fingerprint, for: result) }
            reply(forwarded, pending)
        case .failed(let failure, let stale, let credits):
            let charged = pending.role == .follower ? .zero : credits
            if failure.mayServeStale, replyStale(stale, pending.facts, charged: charged) { return }
            fail(ErrorReply(failure), pending, wasForwarded: failure.charged != .no, charged: charged)
        case .denied(let denial): deny(worker.refusal(denial), pending.facts)
        case .storeFailed(let fault): fail(.storeUnavailable(fault), pending)
        case .refused: fail(.draining, pending, closes: true)
        }
    }

    // MARK: Freshness

    private func freshness(of result: CachedResult) -> Freshness {
        let lifetime = worker.settings.cache.lifetimeMicroseconds(ofStatus: result.status)
        return Freshness(storedAt: result.storedAt, now: worker.loop.wallClock, lifetimeMicroseconds: lifetime)
    }

    /// The freshness of a result that may answer a request with these directives; nil when it may not.
    private func usable(_ result: CachedResult, _ directives: CacheDirectives) -> Freshness? {
        let freshness = freshness(of: result)
        return freshness.isFresh && freshness.satisfies(directives) ? freshness : nil
    }

    /// Answers with a stale result in place of a failure, where one may be served; false when it may not.
    ///
    /// - Parameter charged: what the vendor charged for the failure.
    private func replyStale(_ result: CachedResult?, _ facts: RequestFacts, charged: MicroCredits) -> Bool {
        guard let result, !facts.directives.noCache, !facts.directives.noStore else { return false }
        let freshness = freshness(of: result)
        guard freshness.maySubstitute(within: worker.settings.cache.staleIfError), freshness.satisfies(facts.directives)
        else { return false }
        replyHit(result, freshness, facts, charged: charged)
        return true
    }
}
