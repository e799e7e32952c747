import Budgeting
import Caching
import EventLoops
import Observability
import Upstream
import Vocabulary

/// Keeps a durable reservation for a call that spends, and sees to its durable end.
///
/// Confined to its worker, which has it until the ending is on disk: it outlives the call, and while the store cannot take
/// the ending it is asked again and again. `OpenReservation` decides; whether a flight or a single client waits for the
/// call makes no difference here.
final class ReservationKeeper {
    /// What the store is asked for.
    private enum Wait {
        case nothing
        case move((UpstreamKeyMoved) -> Void)
        /// `tell` is nil when the outcome was told before.
        case end(result: CachedResult?, isCut: Bool, tell: ((StoreFault?) -> Void)?)
    }

    /// How often the store is asked again to take an ending that it could not.
    private static let retryInterval = Duration.seconds(1)

    let identifier: UInt64
    private unowned let worker: Worker
    private let requestID: String
    private var reservation: OpenReservation
    private var wait = Wait.nothing
    private var retryTimer: LoopTimer?
    /// Why the store could not make a move durable, which ends the call.
    private(set) var moveFault: StoreFault?

    init(_ reservation: Reservation, worker: Worker) {
        identifier = worker.takeIdentifier()
        self.worker = worker
        requestID = reservation.ask.requestID
        self.reservation = OpenReservation(reservation)
        worker.add(self)
    }

    /// Why the reservation could not move, if the months of other upstream keys had no room.
    var moveDenial: Denial? { reservation.moveDenial }

    /// The upstream key that the call is booked to; nil from its end on.
    var upstreamKey: UpstreamKeyID? { reservation.reservation?.ask.upstreamKey }

    /// Books the call to another upstream key: its month has room, and the ledger says so before anything is sent.
    func move(to key: UpstreamKeyID, then: @escaping (UpstreamKeyMoved) -> Void) {
        worker.loop.preconditionInLoop()
        wait = .move(then)
        worker.move(reservation.move(), to: key, for: identifier)
    }

    /// The ledger's answer: it names the other key, or does not.
    func moved(_ answer: MovingAnswer) {
        worker.loop.preconditionInLoop()
        guard case .move(let then) = wait else { preconditionFailure("a move that nobody asked for") }
        wait = .nothing
        switch answer {
        case .moved(let moved):
            reservation.moved(.moved(moved))
            then(.done)
        case .denied(let denial):
            reservation.moved(.denied(denial))
            then(.noRoom)
        case .failed(let fault):
            log("reservation_not_moved", fault.description)
            reservation.moved(.failed)
            moveFault = fault
            then(.failed)
        }
    }

    /// Ends the reservation.
    ///
    /// - Parameters:
    ///   - result: becomes durable with the ending, and is in memory before anybody is told.
    ///   - isCut: a drain left the vendor's answer unknown.
    ///   - tell: called once, as soon as the outcome may be told; with a fault when what it claims could not be put on disk.
    func end(
        _ outcome: ReservationEnding.Outcome,
        _ lesson: Lesson,
        storing result: CachedResult?,
        isCut: Bool,
        tell: @escaping (StoreFault?) -> Void
    ) {
        worker.loop.preconditionInLoop()
        let ending = reservation.end(outcome, at: worker.loop.wallClock, lesson)
        if let credits = ending.costAboveEstimate {
            // Known from here on, though not on disk yet: nobody is admitted past it.
            worker.rooms.credits.raise(ending.reservation, to: credits)
        }
        if outcome == .unconfirmed {
            let id = ending.reservation.id.rawValue
            log("credits_unconfirmed", "\(ending.reservation.estimate) credits, until reservation \(id) is resolved")
        }
        wait = .end(result: result, isCut: isCut, tell: tell)
        worker.end(ending, storing: result, for: identifier)
    }

    /// The store's answer: the ending is on disk, or could not be put there.
    func ended(_ answer: Result<EndingAnswer, StoreFault>) {
        worker.loop.preconditionInLoop()
        guard case .end(let result, let isCut, let tell) = wait else {
            preconditionFailure("an ending that nobody asked for")
        }
        switch answer {
        case .success:
            let (ending, isTold) = reservation.becameDurable()
            if isCut { worker.rooms.cutCount.wrappingAdd(1, ordering: .relaxed) }
            worker.rooms.credits.end(ending)
            if let result { worker.keep(result) }
            if !isTold { tell?(nil) }
            worker.reservationDidEnd(self)
        case .failure(let fault):
            let telling = reservation.stayedOpen()
            // Told from here on: whoever waited is let go while the store is asked again.
            wait = .end(result: result, isCut: isCut, tell: nil)
            if let telling {
                log("ending_not_stored", fault.description)
                switch telling {
                case .everything: tell?(nil)
                case .nothing: tell?(fault)
                }
            }
            retryLater()
        }
    }

    private func retryLater() {
        let timer =
            retryTimer
            ?? LoopTimer(loop: worker.loop) { [unowned self] in
                guard case .end(let result, _, _) = wait else { return }
                worker.end(reservation.retry(), storing: result, for: identifier)
            }
        timer.schedule(after: Self.retryInterval)
        retryTimer = timer
    }

    private func log(_ code: String, _ detail: String) {
        ProcessLog.warning(code, ["request_id": requestID, "detail": detail])
    }
}
