import Budgeting
import Caching
import Coalescing
import EventLoops
import Observability
import Upstream
import UpstreamKeys
import Vocabulary

/// The leader of a flight: takes one question to the store, the ledger and the vendor, and answers all its requests.
///
/// Confined to the worker of the request that leads. It does not depend on that request's connection: it continues when
/// the client leaves, since the vendor charges anyway. Steps: memory once more → store → durable reservation → vendor →
/// durable ending and result → memory → landing. `FlightCourse` decides the steps, the leader performs them, and a
/// `ReservationKeeper` ends the reservation. The result is in memory before the flight lands, so that no request can
/// miss both.
final class FlightLeader {
    /// The recipients of the outcome.
    private enum Waiting: ~Copyable {
        case flight(FlightPermit<FlightTicket>)
        /// A request that shares nothing: `no-store`.
        case alone(FlightTicket)
    }

    let identifier: UInt64
    private unowned let worker: Worker
    private let pending: PendingExchange
    private var course = FlightCourse()
    /// Made for a reply, and only for one.
    private lazy var schema = worker.schemas.parts(of: pending.request, with: worker.hasher)
    /// Nil once the outcome is delivered, or the flight handed on.
    private var waiting: Waiting?

    /// - Parameter permit: nil for `no-store`.
    init(
        worker: Worker,
        pending: PendingExchange,
        permit: consuming FlightPermit<FlightTicket>?,
        ticket: FlightTicket
    ) {
        identifier = worker.takeIdentifier()
        self.worker = worker
        self.pending = pending
        if let permit { waiting = .flight(permit) } else { waiting = .alone(ticket) }
    }

    /// - Parameter looksUp: whether a stored result may answer; if not, the question always goes to the vendor.
    func begin(looksUp: Bool) {
        worker.loop.preconditionInLoop()
        worker.add(self)
        let look = looksUp ? lookIntoMemory() : .unwanted
        perform(course.begin(look, needsPages: pending.request.pages == nil, isDraining: worker.isDraining))
    }

    /// The store's answer to a look-up.
    func looked(_ result: Result<Finding, StoreFault>) {
        worker.loop.preconditionInLoop()
        let look: FlightCourse.StoreLook
        switch result {
        case .success(let finding):
            if let found = finding.result, isFresh(found) {
                look = .fresh(found)
            } else {
                look = .missing(stale: finding.result, documentPages: finding.documentPages)
            }
        case .failure(let fault): look = .failed(fault)
        }
        perform(course.looked(look, isDraining: worker.isDraining))
    }

    /// The ledger's answer: admitted and on disk, or not.
    func reserved(_ answer: SpendingAnswer) {
        worker.loop.preconditionInLoop()
        perform(course.reserved(answer, isDraining: worker.isDraining))
    }

    /// The landing of another node's flight, or why none is known.
    func landed(_ answer: Result<LandingAnswer, StoreFault>) {
        worker.loop.preconditionInLoop()
        perform(
            course.landed(answer, isDraining: worker.isDraining) { FlightLanding.outcome(of: $0, stale: $1) }
        )
    }

    private func perform(_ step: FlightCourse.Step) {
        switch step {
        case .lookUp(let wantsResult, let wantsPages):
            lookUp(wantsResult ? pending.key : nil, pagesOf: wantsPages ? documentKey : nil)
        case .reserve(let documentPages, let accepts):
            worker.reserve(question(documentPages), claiming: claim(accepts), for: identifier)
        case .follow(let flight): worker.follow(flight, for: identifier)
        case .forward(let reservation): forward(reservation)
        case .conclude(let reservation, let conclusion):
            conclude(conclusion, ReservationKeeper(reservation, worker: worker))
        case .land(let outcome, let note):
            if let note { log(note) }
            land(outcome)
        case .landStored(let result):
            worker.keep(result, asked: pending.asked)
            land(.found(result))
        case .handOn(let denial): handOn(denial)
        }
    }

    // MARK: Memory

    /// Looks once more: the previous flight may have landed between the first look-up and the permit.
    private func lookIntoMemory() -> FlightCourse.Look {
        guard let result = worker.rooms.cache.find(pending.key) else { return .nothing }
        return isFresh(result) ? .fresh(result) : .stale(result)
    }

    private func isFresh(_ result: CachedResult) -> Bool {
        let asker = FlightAsker(
            directives: pending.facts.directives,
            isFollower: false,
            cache: worker.settings.cache,
            now: worker.loop.wallClock
        )
        return asker.usable(result) != nil
    }

    /// Asks the store, unless it is known to have nothing of it.
    private func lookUp(_ key: CacheKey?, pagesOf document: DocumentKey?) {
        guard worker.rooms.store.lacks(key, pagesOf: document) else {
            return worker.lookUp(key, pagesOf: document, for: identifier)
        }
        perform(course.looked(.missing(stale: nil, documentPages: nil), isDraining: worker.isDraining))
    }

    private var documentKey: DocumentKey {
        DocumentKey(account: caller.team.account, documentID: pending.request.documentID)
    }

    private var caller: Caller {
        guard let caller = pending.facts.caller else { preconditionFailure("a leader without a team") }
        return caller
    }

    // MARK: The vendor

    private func question(_ documentPages: Int?) -> SpendingQuestion {
        SpendingQuestion(
            team: caller.team.id,
            key: caller.key.id,
            account: caller.team.account,
            documentID: pending.request.documentID,
            model: pending.request.model,
            pages: pending.request.pages?.count ?? documentPages,
            cacheKey: pending.key,
            requestID: requestID
        )
    }

    /// What no other node may have under way; nil for a request that shares nothing, and where this is the only node.
    private func claim(_ accepts: Timestamp?) -> QuestionClaim? {
        guard sharesOverNodes else { return nil }
        return QuestionClaim(
            key: pending.key,
            account: caller.team.account,
            documentID: pending.request.documentID,
            team: caller.team.id,
            classifier: pending.request.classifier?.foldedIdentifier,
            acceptsStoredAfter: accepts
        )
    }

    private var sharesOverNodes: Bool {
        guard worker.rooms.store.isShared else { return false }
        switch waiting {
        case .flight: return true
        case .alone: return false
        case nil: return false
        }
    }

    private func forward(_ reservation: Reservation) {
        let keeper = ReservationKeeper(reservation, worker: worker)
        let call = UpstreamCall(
            body: pending.request.canonical,
            classifier: pending.request.classifier?.identifier,
            requestID: pending.facts.requestID,
            trace: pending.facts.trace?.fieldsOfCall(),
            team: caller.team.id,
            account: caller.team.account,
            documentID: reservation.ask.documentID,
            key: reservation.ask.upstreamKey
        )
        worker.upstream.classify(call, move: { keeper.move(to: $0, then: $1) }) { [self] outcome in
            conclude(conclusion(of: outcome, keeper), keeper)
        }
    }

    private func conclusion(of outcome: UpstreamOutcome, _ keeper: ReservationKeeper) -> FlightCourse.Conclusion {
        switch outcome {
        case .reply(let reply):
            guard let key = keeper.upstreamKey else { preconditionFailure("a reply to a call that has ended") }
            return course.answered(reply, to: flightQuestion, upstreamKey: key)
        case .unusable(let reply, let failure): return course.answered(reply, unusable: failure)
        case .failure(let failure): return course.failed(failure, moveDenial: keeper.moveDenial)
        case .givenUp:
            guard let fault = keeper.moveFault else { preconditionFailure("a call given up without a reason") }
            return course.givenUp(fault)
        case .abandoned: preconditionFailure("a classify call is not given up by its caller")
        }
    }

    private var flightQuestion: FlightQuestion {
        FlightQuestion(
            request: pending.request,
            labels: { [self] in schema.labels },
            key: pending.key,
            team: caller.team.id,
            account: caller.team.account,
            mayStore: !pending.facts.directives.noStore && !isPurged,
            cache: worker.settings.cache,
            now: worker.loop.wallClock
        )
    }

    /// Whether what this flight asks about was purged since its leader's request was read. Then nothing of it is kept.
    private var isPurged: Bool {
        pending.asked.isPurged(
            pending.key,
            documentID: pending.request.documentID,
            team: caller.team.id,
            classifier: pending.classifierKey
        )
    }

    private func conclude(_ conclusion: FlightCourse.Conclusion, _ keeper: ReservationKeeper) {
        if let note = conclusion.note { log(note) }
        var result: CachedResult?
        switch conclusion.keeping {
        case .nothing: break
        case .durably(let kept): result = kept
        case .inMemory(let kept):
            worker.metrics.stored.add()
            worker.keep(kept, asked: pending.asked)
        }
        let lesson = conclusion.paid.map(lesson) ?? Lesson()
        let question = conclusion.ending.isPayment ? paidQuestion : nil
        // Without a result too: the store decides whether the pages that were learned are still those of the document.
        var answer = StampedAnswer(
            result,
            key: pending.key,
            documentID: pending.request.documentID,
            team: caller.team.id,
            classifier: pending.classifierKey,
            asked: pending.asked
        )
        if sharesOverNodes { answer.landing = FlightLanding.make(course.concludingOutcome) }
        keeper.end(conclusion.ending, lesson, question, storing: answer, isCut: conclusion.isCut) { [self] fault in
            land(course.concluded(withheld: fault))
        }
    }

    /// What estimates may learn from the reply, if it is credible.
    private func lesson(_ paid: FlightCourse.PaidPages) -> Lesson {
        worker.rooms.credits.lesson(
            pages: paid.pages,
            credits: paid.credits,
            model: pending.request.model,
            isWholeDocument: pending.request.pages == nil && !isPurged
        )
    }

    /// What later payments for the document are compared with.
    private var paidQuestion: PaidQuestion {
        let directives = pending.facts.directives
        return PaidQuestion(
            parts: pending.request.parts(schema, with: worker.hasher),
            isTeamScoped: caller.scope.team != nil,
            noCache: directives.noCache,
            noStore: directives.noStore,
            maxAgeSeconds: directives.maxAgeSeconds,
            lifetimeMicroseconds: worker.settings.cache.lifetimeMicroseconds(
                ofStatus: 200,
                isOfClassifier: pending.request.classifier != nil
            )
        )
    }

    // MARK: Landing

    private func land(_ outcome: FlightOutcome) {
        switch waiting.take() {
        case .flight(let permit): worker.deliver(outcome, to: permit.land())
        case .alone(let ticket): worker.deliver(outcome, to: [ticket])
        case nil: preconditionFailure("a flight that lands twice")
        }
        worker.leaderDidEnd(self)
    }

    /// Refuses the leader and the followers to whom the same denial applies. The oldest of the others leads, so that no
    /// request is refused before its own budgets have been asked.
    private func handOn(_ denial: Denial) {
        switch waiting.take() {
        case .flight(var permit):
            let (out, next) = permit.handOn { denial.concerns(team: $0.team, key: $0.key) }
            worker.deliver(.denied(denial), to: out)
            if let next { worker.offer(permit, to: next) }
        case .alone(let ticket): worker.deliver(.denied(denial), to: [ticket])
        case nil: preconditionFailure("a flight that is handed on after its end")
        }
        worker.leaderDidEnd(self)
    }

    // MARK: The log

    private var requestID: String { String(decoding: pending.facts.requestID.bytes, as: UTF8.self) }

    private func log(_ note: FlightCourse.Note) {
        ProcessLog.warning(note.code, ["request_id": requestID, "detail": note.detail])
    }
}
