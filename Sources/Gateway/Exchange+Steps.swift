import Budgeting
import Caching
import Coalescing
import HTTPMessages
import Keying
import Serving
import Upstream
import Vocabulary

/// The steps of a request after its admission; their order is decided here only. <doc:LifeOfARequest> describes each.
/// `ServerConnection` parses before them, and `FlightLeader` performs the steps from lead to land.
extension Exchange {
    enum Step {
        /// The body is complete: continue with a health check, the usage or the classify steps.
        case route
        case checkReadiness
        /// Tell the team what it has used.
        case askForUsage
        /// Look the body up by its fingerprint.
        case known
        case read
        /// Memory has no answer: the directives choose the store alone, the vendor alone, or a flight.
        case ask
        case lookUpOnly
        /// Join the flight under way for the key, or lead a new one.
        case join(looksUp: Bool)
        /// The answer will come by message: `checked`, `usageRead`, `looked`, `lead` or `receive`.
        case waiting
        /// The reply was sent; this object may already serve another request.
        case answered
    }

    /// - Parameter body: borrowed for the steps `route` to `read`; later steps need none.
    func advance(from first: Step, _ body: Span<UInt8>) {
        var step = first
        while true {
            switch step {
            case .route: step = route()
            case .checkReadiness: step = checkReadiness()
            case .askForUsage: step = askForUsage()
            case .known: step = findKnown(body)
            case .read: step = read(body)
            case .ask: step = ask()
            case .lookUpOnly: step = lookUpOnly()
            case .join(let looksUp): step = join(looksUp: looksUp)
            case .waiting, .answered: return
            }
        }
    }

    // MARK: Answers by message

    /// The store's answer to a readiness check.
    func checked(_ result: Result<Void, StoreFault>) {
        switch result {
        case .success: replyPlain("ready")
        case .failure(let fault): reply(.storeUnavailable(fault))
        }
    }

    /// The store's answer to an `only-if-cached` request.
    func looked(_ result: Result<Finding, StoreFault>) {
        guard case .success(let finding) = result, let found = finding.result, let age = usable(found) else {
            fail(.notCached)
            return
        }
        if let asked = pending?.asked { worker.keep(found, asked: asked) }
        replyHit(found, age)
    }

    /// Leads the flight in which this exchange waits, after its previous leader was refused. Returns false if the
    /// exchange does not wait in a flight.
    func lead(_ offer: FlightOffer) -> Bool {
        guard let pending, pending.role == .follower else { return false }
        advance(from: fly(pending, permit: offer.take(), looksUp: !facts.directives.noCache), [UInt8]().span)
        return true
    }

    /// The outcome of the flight that this exchange waits for.
    func receive(_ outcome: FlightOutcome) { advance(from: land(outcome), [UInt8]().span) }
}

// MARK: - The steps

extension Exchange {
    private func route() -> Step {
        switch facts.route {
        case .health: return replyPlain("alive")
        case .readiness: return .checkReadiness
        case .usage: return .askForUsage
        case .classify: return isCurrent ? .known : reply(.storeStale)
        case .classifier: return isCurrent ? .read : reply(.storeStale)
        case .passthrough, nil: preconditionFailure("a request without a route is refused when its head is read")
        }
    }

    /// Whether this node hears of what others revoke and purge.
    private var isCurrent: Bool { !worker.rooms.standing.isStale(at: worker.loop.now) }

    private func checkReadiness() -> Step {
        if worker.isLeaving { return reply(.draining) }
        awaitStore(SharedRooms.readinessTimeout) { $0.checked(.failure(SharedRooms.storeSilent)) }
        worker.checkStore(for: number)
        return .waiting
    }

    private var caller: Caller {
        guard let caller = facts.caller else { preconditionFailure("classify before authentication") }
        return caller
    }

    /// Answers a body that was seen before, byte for byte, without parsing it.
    private func findKnown(_ body: Span<UInt8>) -> Step {
        let caller = self.caller
        let fingerprint = caller.bodyHash.fingerprint(body)
        if let result = worker.rooms.cache.find(alias: fingerprint), let age = usable(result),
            caller.team.mayUse(model: result.model)
        {
            return replyHit(result, age)
        }
        self.fingerprint = fingerprint
        return .read
    }

    private func read(_ body: Span<UInt8>) -> Step {
        let caller = self.caller
        // Before anything is looked up, the classifier's epoch included.
        let asked = worker.rooms.cache.purges.stamp()
        let request: ClassifyRequest
        do throws(KeyingFault) {
            let order = worker.settings.cache.schemaOrder
            request = try worker.classifyReader.read(body, schemaOrder: order, of: classifier)
        } catch {
            return reply(ErrorReply(error))
        }
        guard caller.team.mayUse(model: request.model) else { return deny(.modelNotAllowed(caller.team)) }
        let key = request.key(in: caller.scope, with: worker.hasher)
        var reason = facts.directives.noCache || facts.directives.noStore ? CacheStatus.ForwardReason.request : .miss
        // Memory may have a result for an equal question with other bytes.
        if let result = worker.rooms.cache.find(key) {
            if let age = usable(result) {
                remember(result)
                return replyHit(result, age)
            }
            if reason == .miss { reason = freshness(of: result).isFresh ? .request : .stale }
        }
        guard let place = caller.throttle.takePlace() else { return deny(.tooManyAtOnce(caller.team)) }
        let share = ByteShare(of: worker.rooms.clientBytes, .teams)
        guard share.take(request.canonical.count) else { return reply(.outOfMemory) }
        pending = PendingExchange(
            facts: facts,
            request: request,
            share: share,
            place: place,
            key: key,
            asked: asked,
            fingerprint: fingerprint,
            role: .leader,
            reason: reason
        )
        return .ask
    }

    /// The saved classifier that is asked, with the epoch that is in force now.
    private var classifier: SavedClassifier? {
        facts.classifier.map { identifier in
            let key = ClassifierKey(account: caller.team.account, folding: identifier)
            return SavedClassifier(identifier: identifier, epoch: worker.rooms.classifiers.epoch(of: key))
        }
    }

    /// Lets the same body lead to the result the next time.
    private func remember(_ result: CachedResult) {
        if let fingerprint { worker.rooms.cache.remember(alias: fingerprint, for: result) }
    }

    private func ask() -> Step {
        let directives = facts.directives
        if directives.onlyIfCached { return .lookUpOnly }
        if directives.noStore { return fly(question, permit: nil, looksUp: false) }
        return .join(looksUp: !directives.noCache)
    }

    /// `only-if-cached` neither spends nor waits for a flight that does: memory, then the store, then 504.
    private func lookUpOnly() -> Step {
        guard !facts.directives.noCache, !facts.directives.noStore else { return fail(.notCached) }
        pending?.role = .onlyIfCached
        worker.lookUp(question.key, pagesOf: nil, for: number)
        return .waiting
    }

    private var question: PendingExchange {
        guard let pending else { preconditionFailure("a flight before the request was read") }
        return pending
    }

    private var ticket: FlightTicket {
        let key = caller.key
        return FlightTicket(
            worker: worker.index,
            exchange: number,
            team: key.team.id,
            key: key.id,
            documentID: question.request.documentID,
            classifier: question.classifierKey
        )
    }

    private func join(looksUp: Bool) -> Step {
        switch worker.rooms.flights.join(question.key, ticket: ticket) {
        case .leader(let permit): return fly(question, permit: permit, looksUp: looksUp)
        case .follower: return follow()
        case .full: return fail(.tooManyWaiting)
        }
    }

    private func follow() -> Step {
        pending?.role = .follower
        return .waiting
    }

    private func fly(
        _ asked: PendingExchange,
        permit: consuming FlightPermit<FlightTicket>?,
        looksUp: Bool
    ) -> Step {
        asked.role = .leader
        pending = asked
        let leader = FlightLeader(worker: worker, pending: asked, permit: permit, ticket: ticket)
        leader.begin(looksUp: looksUp)
        return .waiting
    }

    private func land(_ outcome: FlightOutcome) -> Step {
        if case .elsewhere = outcome { pending?.role = .follower }
        let question = self.question
        let asker = FlightAsker(
            directives: facts.directives,
            isFollower: question.role == .follower,
            cache: worker.settings.cache,
            now: worker.loop.wallClock
        )
        switch asker.answer(outcome) {
        case .hit(let result, let freshness):
            remember(result)
            return replyHit(result, freshness)
        case .askVendor:
            pending?.reason = .request
            return .join(looksUp: false)
        case .reply(let reply, let charged, let saved):
            if let result = reply.result { remember(result) }
            return self.reply(reply, question, charged: charged, saved: saved)
        case .substitute(let result, let freshness, let charged):
            return replyHit(result, freshness, charged: charged)
        case .failed(let failure, let charged):
            return fail(ErrorReply(failure), wasForwarded: failure.charged != .no, charged: charged)
        case .denied(let denial): return deny(worker.refusal(denial))
        case .storeFailed(let fault): return fail(.storeUnavailable(fault))
        case .draining: return closing(.draining)
        }
    }

    // MARK: Freshness

    private func freshness(of result: CachedResult) -> Freshness {
        let lifetime = worker.settings.cache.lifetimeMicroseconds(of: result)
        return Freshness(storedAt: result.storedAt, now: worker.loop.wallClock, lifetimeMicroseconds: lifetime)
    }

    /// The freshness of a result, if it may answer this request; else nil.
    private func usable(_ result: CachedResult) -> Freshness? {
        let freshness = freshness(of: result)
        return freshness.isFresh && freshness.satisfies(facts.directives) ? freshness : nil
    }
}
