import Budgeting
import Caching
import Coalescing
import EventLoops
import HTTPMessages
import Keying
import Observability
import Storage
import Upstream
import UpstreamKeys
import Vocabulary

/// Carries one question to the store, the ledger and the vendor, for all who wait for its answer.
///
/// Confined to the worker of the request that leads. It does not depend on that request's connection: when the client
/// leaves, it goes on, since the vendor charges all the same. Steps: memory once more → store → budgets admit it →
/// its reservation is durable → vendor (when it is to be asked with another key, the reservation is moved to that one
/// first) → the reservation's ending and the result are durable → memory → landing. The result is in memory before the
/// flight lands, so that nobody can miss both.
///
/// A reservation ends here and nowhere else, on every way out: withdrawn when it never became durable, else by
/// `conclude`. While the store cannot take the ending, whoever waits is told so, and the leader stays to try again.
final class FlightLeader {
    let identifier: UInt64
    private unowned let worker: Worker
    private let pending: PendingExchange
    private let ticket: FlightTicket
    /// Nil for `no-store`, which shares nothing.
    private var permit: FlightPermit<FlightTicket>?
    private var stale: CachedResult?
    private var documentPages: Int?
    /// Set from the admission to the durable end.
    private var reservation: Reservation?
    /// What waits for the reservation to be booked to another upstream key.
    private var move: ((UpstreamKeyMoved) -> Void)?
    /// Why it could not be, at last.
    private var moveDenial: Denial?
    private var moveFault: StoreFault?
    private var conclusion: Conclusion?
    /// The end of a drain left the vendor's answer unknown.
    private var isCut = false
    private var retryTimer: LoopTimer?

    /// How often the store is asked again to take an ending that it could not.
    private static let retryInterval = Duration.seconds(1)

    /// What waits for the reservation's ending to be durable.
    private struct Conclusion {
        let ending: ReservationEnding
        let outcome: FlightOutcome
        let result: CachedResult?
        var hasLanded = false

        /// Whether the outcome tells of credits or of a result that must be on disk before anybody hears of them.
        var claimsCredits: Bool {
            switch ending.outcome {
            case .settled: true
            case .released, .unconfirmed: false
            }
        }
    }

    /// - Parameter reservation: of a request that was admitted before it led.
    init(
        worker: Worker,
        pending: PendingExchange,
        permit: consuming FlightPermit<FlightTicket>?,
        ticket: FlightTicket,
        reservation: Reservation?
    ) {
        identifier = worker.takeIdentifier()
        self.worker = worker
        self.pending = pending
        self.permit = permit
        self.ticket = ticket
        self.reservation = reservation
    }

    private var mayStore: Bool { !pending.facts.directives.noStore }

    // MARK: What is there already

    /// - Parameter looksUp: whether a stored result may answer; false sends the question to the vendor in any case.
    func begin(looksUp: Bool) {
        worker.add(self)
        if looksUp, let result = worker.rooms.cache.find(pending.key) {
            // The flight that was just missed may have landed between the first look and the permit.
            if isFresh(result) { return land(.found(result)) }
            stale = result
        }
        let document = pending.request.pages == nil && reservation == nil ? documentKey : nil
        guard looksUp || document != nil else { return admit() }
        worker.lookUp(looksUp ? pending.key : nil, pagesOf: document, for: identifier)
    }

    private var documentKey: DocumentKey {
        DocumentKey(account: caller.team.account, documentID: pending.request.documentID)
    }

    private var caller: Caller {
        guard let caller = pending.facts.caller else { preconditionFailure("a leader without a team") }
        return caller
    }

    /// The store's answer. Without one nothing is forwarded: the result may be there, and paid for.
    func looked(_ result: Result<Finding, StoreFault>) {
        switch result {
        case .success(let finding):
            if let found = finding.result {
                if isFresh(found) {
                    worker.keep(found)
                    return land(.found(found))
                }
                stale = stale ?? found
            }
            documentPages = finding.documentPages
            admit()
        case .failure(let fault):
            log("store_find_failed", fault.description)
            land(.storeFailed(fault))
        }
    }

    private func isFresh(_ result: CachedResult) -> Bool {
        let lifetime = worker.settings.cache.lifetimeMicroseconds(ofStatus: result.status)
        let now = worker.loop.wallClock
        let freshness = Freshness(storedAt: result.storedAt, now: now, lifetimeMicroseconds: lifetime)
        return freshness.isFresh && freshness.satisfies(pending.facts.directives)
    }

    // MARK: Reserving

    private func admit() {
        guard !worker.isDraining else { return land(.refused) }
        guard reservation == nil else { return reserve() }
        switch worker.admit(pending, documentPages: documentPages) {
        case .admitted(let admitted):
            reservation = admitted
            reserve()
        case .denied(let denial): land(.denied(denial, documentPages: documentPages))
        case .failed(let failure): land(.failed(failure, stale: stale))
        }
    }

    private func reserve() {
        guard let reservation else { preconditionFailure("reserve() before admission") }
        worker.reserve(reservation, for: identifier)
    }

    /// The store's answer: on disk, or not at all, and then nothing is sent (FAULTS I2, I7).
    func reserved(_ result: Result<Void, StoreFault>) {
        switch result {
        case .success where worker.isDraining: conclude(.released, .refused)
        case .success: forward()
        case .failure(let fault):
            log("reservation_not_stored", fault.description)
            land(.storeFailed(fault))
        }
    }

    // MARK: The vendor

    private func forward() {
        guard let reservation else { preconditionFailure("forward() without a reservation") }
        let call = UpstreamCall(
            body: pending.request.canonical,
            requestID: pending.facts.requestID.bytes,
            team: caller.team.id,
            account: caller.team.account,
            documentID: pending.request.documentID,
            key: reservation.ask.upstreamKey
        )
        worker.upstream.classify(call, move: { [self] in book(to: $0, then: $1) }) { [self] outcome in
            switch outcome {
            case .reply(let reply): receive(reply)
            case .failure(let failure):
                report(failure)
                fail(failure)
            case .givenUp: giveUp()
            }
        }
    }

    /// Books the reservation to another upstream key: its month has room, and the ledger says so before anything is sent.
    private func book(to key: UpstreamKeyID, then: @escaping (UpstreamKeyMoved) -> Void) {
        guard let reservation else { preconditionFailure("a call that nothing was reserved for") }
        switch worker.rooms.credits.move(reservation, to: key) {
        case .moved(let moved):
            self.reservation = moved
            move = then
            worker.move(moved, for: identifier)
        case .denied(let denial):
            // One that waiting helps against says more to the client.
            if moveDenial?.neverFits ?? true { moveDenial = denial }
            then(.noRoom)
        }
    }

    /// The store's answer: the ledger names the other key, or does not.
    func moved(_ result: Result<Void, StoreFault>) {
        guard let reservation, let then = move.take() else { preconditionFailure("a move that nobody asked for") }
        switch result {
        case .success:
            worker.rooms.credits.moved(reservation)
            then(.done)
        case .failure(let fault):
            log("reservation_not_moved", fault.description)
            moveFault = fault
            then(.failed)
        }
    }

    private func giveUp() {
        guard let moveFault else { preconditionFailure("a call given up without a reason") }
        conclude(.released, .storeFailed(moveFault))
    }

    private func receive(_ reply: UpstreamReply) {
        guard reply.status == 200 else { return receiveError(reply) }
        let read = ClassifyReply.read(reply.body.span)
        switch read.verdict(documentID: pending.request.documentID, labels: pending.request.labels) {
        case .storable(let credits):
            let result = mayStore ? makeResult(reply, credits, read) : nil
            settle(reply, credits, result, lesson(read, credits))
        case .failedReply(let credits): settle(reply, credits, nil, Lesson())
        case .passedOnUnstored(let credits, let reason):
            log("upstream_result_not_storable", "\(reason); the reply is passed on, not stored")
            settle(reply, credits, nil, lesson(read, credits))
        case .unsoundCredits:
            log("upstream_credits_unsound", "credits_used is missing or no amount; the reply is passed on, not stored")
            conclude(.unconfirmed, .forwarded(forwardedReply(reply, nil, nil), stale: stale))
        case .invalid(let reason, let credits):
            log("upstream_invalid_response", reason)
            guard let credits else { return fail(.invalidReply(reason)) }
            conclude(.settled(credits), .failed(.invalidReply(reason), stale: stale, charged: credits))
        }
    }

    /// What is not a 200 and is passed on: it costs what it says, and nothing when it says nothing, unless the vendor
    /// may have done the work (2xx). Of one that says it unreadably nobody knows. 400 and 404 may be kept for a while, in
    /// memory only.
    private func receiveError(_ reply: UpstreamReply) {
        if reply.status == 402 {
            let key = reservation?.ask.upstreamKey.rawValue ?? ""
            log("upstream_out_of_credits", "the vendor says so of the account of upstream key \(key)")
        }
        // A body in its coding would be kept without the field that names it.
        let keeps =
            mayStore && worker.settings.cache.keepsNegative(reply.status) && reply.contentEncoding == nil
        let (end, credits) = Self.endOfError(reply)
        let result = keeps ? makeResult(reply, credits ?? .zero, nil) : nil
        if let result { worker.keep(result) }
        conclude(end, .forwarded(forwardedReply(reply, credits, result), stale: stale))
    }

    private static func endOfError(_ reply: UpstreamReply) -> (ReservationEnding.Outcome, MicroCredits?) {
        switch ClassifyReply.read(reply.body.span).credits {
        case .sound(let credits): (.settled(credits), credits)
        case .unsound: (.unconfirmed, nil)
        case .missing, .null: ((200..<300).contains(reply.status) ? .unconfirmed : .released, nil)
        }
    }

    private func settle(_ reply: UpstreamReply, _ credits: MicroCredits, _ result: CachedResult?, _ lesson: Lesson) {
        let outcome = FlightOutcome.forwarded(forwardedReply(reply, credits, result), stale: stale)
        conclude(.settled(credits), outcome, storing: result, lesson)
    }

    private func fail(_ failure: UpstreamFailure) {
        if failure.code == .noKey, let moveDenial {
            // The keys that are left have spent their months: that says more, and when it ends.
            return conclude(.released, .denied(moveDenial, documentPages: documentPages))
        }
        isCut = failure.code == .draining && failure.charged != .no
        switch failure.charged {
        case .no: conclude(.released, .failed(failure, stale: stale))
        case .yes, .unknown: conclude(.unconfirmed, .failed(failure, stale: stale))
        }
    }

    /// What the next estimate can learn, as far as it is credible.
    private func lesson(_ read: ClassifyReply, _ credits: MicroCredits) -> Lesson {
        guard let pages = read.pageCount, (1...PageSet.pageMax).contains(pages) else { return Lesson() }
        return worker.rooms.credits.lesson(
            pages: pages,
            credits: credits,
            model: pending.request.model,
            isWholeDocument: pending.request.pages == nil
        )
    }

    // MARK: Settling

    private func conclude(
        _ end: ReservationEnding.Outcome,
        _ outcome: FlightOutcome,
        storing result: CachedResult? = nil,
        _ lesson: Lesson = Lesson()
    ) {
        guard let reservation else { preconditionFailure("a call that nothing was reserved for") }
        if case .settled(let credits) = end, credits > reservation.estimate {
            // Known from here on, though not on disk yet: nobody is admitted past it.
            worker.rooms.credits.raise(reservation, to: credits)
        }
        if end == .unconfirmed {
            let id = reservation.id.rawValue
            log("credits_unconfirmed", "\(reservation.estimate) credits, until reservation \(id) is resolved")
        }
        let ending = ReservationEnding(
            reservation: reservation,
            outcome: end,
            endedAt: worker.loop.wallClock,
            lesson: lesson
        )
        conclusion = Conclusion(ending: ending, outcome: outcome, result: result)
        worker.end(ending, storing: result, for: identifier)
    }

    /// The store's answer: the ending is on disk, or could not be put there.
    func ended(_ answer: Result<EndingAnswer, StoreFault>) {
        guard let conclusion else { preconditionFailure("an ending that nobody asked for") }
        switch answer {
        case .success:
            if isCut { worker.rooms.cutCount.wrappingAdd(1, ordering: .relaxed) }
            worker.rooms.credits.end(conclusion.ending)
            reservation = nil
            retryTimer = nil
            if let result = conclusion.result { worker.keep(result) }
            if !conclusion.hasLanded { deliver(conclusion.outcome) }
            worker.leaderDidEnd(self)
        case .failure(let fault):
            if !conclusion.hasLanded {
                log("ending_not_stored", fault.description)
                self.conclusion?.hasLanded = true
                deliver(conclusion.claimsCredits ? .storeFailed(fault) : conclusion.outcome)
            }
            retryLater()
        }
    }

    private func retryLater() {
        let timer = LoopTimer(loop: worker.loop) { [unowned self] in
            guard let conclusion else { return }
            worker.end(conclusion.ending, storing: conclusion.result, for: identifier)
        }
        timer.schedule(after: Self.retryInterval)
        retryTimer = timer
    }

    // MARK: Landing

    /// Lands a flight that spends nothing.
    private func land(_ outcome: FlightOutcome) {
        if let reservation { worker.rooms.credits.withdraw(reservation) }
        reservation = nil
        deliver(outcome)
        worker.leaderDidEnd(self)
    }

    private func deliver(_ outcome: FlightOutcome) {
        let tickets: [FlightTicket]
        if let permit = permit.take() { tickets = permit.land() } else { tickets = [ticket] }
        worker.deliver(outcome, to: tickets)
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
            contentEncoding: reply.contentEncoding,
            body: reply.body,
            credits: credits,
            result: result,
            duration: reply.duration
        )
    }

    private func makeResult(_ reply: UpstreamReply, _ credits: MicroCredits, _ read: ClassifyReply?) -> CachedResult {
        CachedResult(
            key: pending.key,
            status: UInt16(reply.status),
            body: reply.body,
            creditsRange: read?.creditsRange,
            credits: credits,
            storedAt: worker.loop.wallClock,
            account: caller.team.account,
            team: caller.team.id,
            documentID: pending.request.documentID,
            model: pending.request.model,
            pageRange: pending.request.pages?.text,
            classification: read?.classification ?? ""
        )
    }

    /// Says what went wrong on the way to the vendor. What holds for many requests at once has been said before: the
    /// first failures were, and what became of a key.
    private func report(_ failure: UpstreamFailure) {
        switch failure.code {
        case .unreachable, .invalidResponse, .keyRejected, .timeout: log(failure.code.rawValue, failure.detail)
        case .noKey, .rateLimited, .overloaded, .circuitOpen, .draining: break
        }
    }

    private func log(_ code: String, _ detail: String) {
        let requestID = String(decoding: pending.facts.requestID.bytes, as: UTF8.self)
        ProcessLog.warning(code, ["request_id": requestID, "detail": detail])
    }
}
