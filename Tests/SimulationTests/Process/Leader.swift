import Budgeting
import Caching
import Coalescing
import UpstreamKeys
import Vocabulary

@testable import Gateway
@testable import Upstream

/// The leader of a flight: performs what `FlightCourse` decides, as `FlightLeader` does.
///
/// Sendable because everything of a run is on one thread.
final class Leader: @unchecked Sendable {
    private unowned let process: Process
    let asker: Asker
    private var course = FlightCourse()
    private var permit: FlightPermit<FlightTicket>?
    private let isAlone: Bool
    /// The step in which its flight began, under whichever leader.
    let flightStep: Int
    private var reservation: ReservationID?
    /// Whether the store was asked and did not answer; nothing may be sent then.
    private(set) var hasFailedLookUp = false
    private var isOver = false

    private var world: World { process.world }

    /// - Parameter permit: nil for a request that shares nothing.
    init(_ process: Process, _ asker: Asker, _ permit: consuming FlightPermit<FlightTicket>?, flightStep: Int) {
        self.flightStep = flightStep
        self.process = process
        self.asker = asker
        isAlone = permit == nil
        self.permit = permit
        process.flying[ObjectIdentifier(self)] = self
    }

    /// The process is gone.
    func vanish() { _ = permit.take()?.land() }

    var shares: Bool { !isAlone }
    private var request: Places.Question { Places.questions[asker.question] }
    private var account: AccountID { Places.teams[asker.team].account }

    func begin(looksUp: Bool) {
        world.note("asker \(asker.number) leads")
        let look: FlightCourse.Look =
            if !looksUp {
                .unwanted
            } else if let result = process.rooms.cache.find(asker.cacheKey) {
                asker.rule.usable(result) == nil ? .stale(result) : .fresh(result)
            } else {
                .nothing
            }
        perform(course.begin(look, needsPages: request.request.pages == nil, isDraining: process.isLeaving))
    }

    private func perform(_ step: FlightCourse.Step) {
        switch step {
        case .lookUp(let wantsResult, let wantsPages):
            let document = DocumentKey(account: account, documentID: asker.documentID)
            process.store.find(wantsResult ? asker.cacheKey : nil, pagesOf: wantsPages ? document : nil) {
                [self] result in
                process.post("a look-up's answer", to: asker.worker) { [self] in looked(result) }
            }
        case .reserve(let pages, _): reserve(pages)
        case .follow: preconditionFailure("another node's flight, on the only node")
        case .forward(let reservation): forward(reservation)
        case .conclude(let reservation, let conclusion):
            world.counts.releasedUnsent += 1
            conclude(conclusion, Keeper(process, reservation, worker: asker.worker))
        case .land(let outcome, _): land(outcome)
        case .landStored(let result):
            world.counts.storeHits += 1
            process.rooms.cache.insert(StampedResult(result, asked: stamp))
            land(.found(result))
        case .handOn(let denial): handOn(denial)
        }
    }

    private func looked(_ result: Result<Finding, StoreFault>) {
        let look: FlightCourse.StoreLook
        switch result {
        case .success(let finding):
            if let found = finding.result, asker.rule.usable(found) != nil {
                look = .fresh(found)
            } else {
                look = .missing(stale: finding.result, documentPages: finding.documentPages)
            }
        case .failure(let fault):
            hasFailedLookUp = true
            look = .failed(fault)
        }
        perform(course.looked(look, isDraining: process.isLeaving))
    }

    // MARK: Credits

    private func reserve(_ documentPages: Int?) {
        let question = SpendingQuestion(
            team: Places.teams[asker.team].id,
            key: Places.keys[asker.key].id,
            account: account,
            documentID: asker.documentID,
            model: request.request.model,
            pages: request.request.pages?.count ?? documentPages,
            cacheKey: asker.cacheKey,
            requestID: "\(asker.number)"
        )
        process.rooms.reserve(question, claiming: nil, at: world.now, whenDecided: {}) { [self] answer in
            switch answer {
            case .denied(let denial): world.check(denial)
            case .admitted(let reservation) where reservation.ask.requestID != "\(asker.number)":
                world.violate(.i3, "asker \(asker.number) gets another's reservation")
            case .admitted, .noKey, .failed, .stored, .elsewhere: break
            }
            process.post("the ledger's answer", to: asker.worker) { [self] in
                perform(course.reserved(answer, isDraining: process.isLeaving))
            }
        }
    }

    private func forward(_ reservation: Reservation) {
        self.reservation = reservation.id
        let keeper = Keeper(process, reservation, worker: asker.worker)
        let call = UpstreamCall(
            body: request.request.canonical,
            requestID: .chosen([]),
            team: reservation.ask.team,
            account: account,
            documentID: asker.documentID,
            key: reservation.ask.upstreamKey
        )
        let attempt = Attempt(process, call, leader: self, keeper: keeper) { [self] outcome in
            conclude(conclusion(of: outcome, keeper), keeper)
        }
        process.attempts.append(attempt)
        process.post("the beginning of a call", to: asker.worker) { attempt.handle(.begin) }
    }

    private func conclusion(of outcome: UpstreamOutcome, _ keeper: Keeper) -> FlightCourse.Conclusion {
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
            request: request.request,
            labels: { [labels = request.labels] in labels },
            key: asker.cacheKey,
            team: Places.teams[asker.team].id,
            account: account,
            mayStore: !asker.directives.noStore && !isPurged,
            cache: Places.cache,
            now: world.now.wall
        )
    }

    /// When its question was asked, in the order of the purges.
    private var stamp: PurgeStamp { world.rules.has(.stamp) ? asker.stamp : process.rooms.cache.purges.stamp() }

    private var isPurged: Bool {
        stamp.isPurged(
            asker.cacheKey,
            documentID: asker.documentID,
            team: Places.teams[asker.team].id,
            classifier: nil
        )
    }

    private func conclude(_ conclusion: FlightCourse.Conclusion, _ keeper: Keeper) {
        world.check(conclusion, keeper)
        var result: CachedResult?
        switch conclusion.keeping {
        case .nothing: break
        case .durably(let kept): result = kept
        case .inMemory(let kept):
            world.counts.negative += 1
            process.rooms.cache.insert(StampedResult(kept, asked: stamp))
        }
        let lesson =
            conclusion.paid.map { paid in
                process.rooms.credits.lesson(
                    pages: paid.pages,
                    credits: paid.credits,
                    model: request.request.model,
                    isWholeDocument: request.request.pages == nil && !isPurged
                )
            } ?? Lesson()
        let answer = StampedAnswer(
            result,
            key: asker.cacheKey,
            documentID: asker.documentID,
            team: Places.teams[asker.team].id,
            classifier: nil,
            asked: stamp
        )
        keeper.end(conclusion.ending, lesson, storing: answer) { [self] fault in
            land(course.concluded(withheld: fault))
        }
    }

    // MARK: Landing

    private func land(_ outcome: FlightOutcome) {
        guard !isOver else { return world.violate(.oneAnswer, "the flight of asker \(asker.number) lands twice") }
        isOver = true
        process.flying[ObjectIdentifier(self)] = nil
        guard let permit = permit.take() else { return deliver(outcome, to: [asker.ticket]) }
        process.permits -= 1
        deliver(outcome, to: permit.land())
    }

    private func handOn(_ denial: Denial) {
        isOver = true
        process.flying[ObjectIdentifier(self)] = nil
        guard var permit = permit.take() else { return deliver(.denied(denial), to: [asker.ticket]) }
        let (out, next) = permit.handOn { denial.concerns(team: $0.team, key: $0.key) }
        deliver(.denied(denial), to: out)
        if let next { Self.offer(permit, to: next, process, flightStep: flightStep) } else { process.permits -= 1 }
    }

    private static func offer(
        _ permit: consuming FlightPermit<FlightTicket>,
        to ticket: FlightTicket,
        _ process: Process,
        flightStep: Int
    ) {
        let offer = FlightOffer(permit)
        process.offers[ObjectIdentifier(offer)] = offer
        process.post("the lead", to: ticket.worker) {
            process.offers[ObjectIdentifier(offer)] = nil
            if process.askers[Int(ticket.exchange)]?.lead(offer, flightStep: flightStep) == true { return }
            var permit = offer.take()
            if let next = permit.handOn(without: { _ in false }).next {
                Self.offer(permit, to: next, process, flightStep: flightStep)
            } else {
                process.permits -= 1
            }
        }
    }

    /// Those on the leader's own worker hear of it at once, the others by message.
    private func deliver(_ outcome: FlightOutcome, to tickets: [FlightTicket]) {
        for ticket in tickets where ticket.worker != asker.worker {
            process.post("an outcome", to: ticket.worker) { [process, reservation] in
                process.askers[Int(ticket.exchange)]?.receive(outcome, reservation)
            }
        }
        for ticket in tickets where ticket.worker == asker.worker {
            process.askers[Int(ticket.exchange)]?.receive(outcome, reservation)
        }
    }
}
