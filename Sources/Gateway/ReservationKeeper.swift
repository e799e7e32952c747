import Budgeting
import Caching
import EventLoops
import Observability
import Upstream
import Vocabulary

/// Keeps the durable reservation of one call, and makes its ending durable.
///
/// Confined to its worker, which holds it until the ending is on disk: it outlives the call, and retries while the
/// store cannot take the ending. `OpenReservation` decides. It makes no difference whether a flight or a single client
/// waits for the call.
final class ReservationKeeper {
    /// The request to the store that is under way.
    private enum Wait {
        case nothing
        case move((UpstreamKeyMoved) -> Void)
        /// `tell` is nil if the outcome was delivered before.
        case end(answer: StampedAnswer?, isCut: Bool, tell: ((StoreFault?) -> Void)?)
    }

    /// The interval between retries of an ending that the store could not take.
    private static let retryInterval = Duration.seconds(1)

    let identifier: UInt64
    private unowned let worker: Worker
    private let requestID: String
    private var reservation: OpenReservation
    /// Whether the store has no row yet: it is written with the ending.
    private let isCharge: Bool
    private var wait = Wait.nothing
    private var retryTimer: LoopTimer?
    /// The reason why the store could not make a move durable, which ends the call.
    private(set) var moveFault: StoreFault?

    /// - Parameter isCharge: for what the vendor has charged without a reservation; it must be ended as settled.
    init(_ reservation: Reservation, isCharge: Bool = false, worker: Worker) {
        self.isCharge = isCharge
        identifier = worker.takeIdentifier()
        self.worker = worker
        requestID = reservation.ask.requestID
        self.reservation = OpenReservation(reservation)
        worker.add(self)
    }

    /// The denial of a move, if the months of other upstream keys had no room.
    var moveDenial: Denial? { reservation.moveDenial }

    /// The upstream key that the call is booked to; nil once the reservation has ended.
    var upstreamKey: UpstreamKeyID? { reservation.reservation?.ask.upstreamKey }

    /// Books the call to another upstream key whose month has room. The move is in the ledger before anything is sent.
    func move(to key: UpstreamKeyID, then: @escaping (UpstreamKeyMoved) -> Void) {
        worker.loop.preconditionInLoop()
        wait = .move(then)
        worker.move(reservation.move(), to: key, for: identifier)
    }

    /// The ledger's answer to a move.
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
    ///   - question: the question that was paid for, if it was.
    ///   - answer: what it leaves becomes durable with the ending, and is in memory before `tell` is called.
    ///   - isCut: whether a drain left the vendor's answer unknown.
    ///   - tell: called once, as soon as the outcome may be delivered; with a fault if what it claims is not on disk.
    func end(
        _ outcome: ReservationEnding.Outcome,
        _ lesson: Lesson,
        _ question: PaidQuestion?,
        storing answer: StampedAnswer?,
        isCut: Bool,
        tell: @escaping (StoreFault?) -> Void
    ) {
        worker.loop.preconditionInLoop()
        let ending = reservation.end(outcome, at: worker.loop.wallClock, lesson, question: question)
        if let credits = ending.costAboveEstimate {
            // Counts from here on, before it is on disk, so that no admission overlooks it.
            worker.rooms.credits.raise(ending.reservation, to: credits)
        }
        if outcome == .unconfirmed {
            let id = ending.reservation.id.rawValue
            log("credits_unconfirmed", "\(ending.reservation.estimate) credits, until reservation \(id) is resolved")
        }
        wait = .end(answer: answer, isCut: isCut, tell: tell)
        write(ending, storing: answer)
    }

    private func write(_ ending: ReservationEnding, storing answer: StampedAnswer?) {
        if isCharge {
            worker.charge(ending, for: identifier)
        } else {
            worker.end(ending, storing: answer, for: identifier)
        }
    }

    /// The store's answer: the ending is on disk, or could not be written.
    func ended(_ stored: Result<EndingAnswer, StoreFault>) {
        worker.loop.preconditionInLoop()
        guard case .end(let answer, let isCut, let tell) = wait else {
            preconditionFailure("an ending that nobody asked for")
        }
        switch stored {
        case .success:
            let (ending, isTold) = reservation.becameDurable()
            if isCut { worker.rooms.cutCount.wrappingAdd(1, ordering: .relaxed) }
            if worker.rooms.credits.end(ending), case .settled(let credits) = ending.outcome {
                worker.metrics.counts(of: ending.reservation.ask.team).add(spent: credits)
            }
            if let result = answer?.forMemory {
                worker.metrics.stored.add()
                worker.rooms.cache.insert(result)
            }
            if !isTold { tell?(nil) }
            worker.reservationDidEnd(self)
        case .failure(let fault):
            let telling = reservation.stayedOpen()
            // Delivered now: the clients do not wait for the retries.
            wait = .end(answer: answer, isCut: isCut, tell: nil)
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
                guard case .end(let answer, _, _) = wait else { return }
                write(reservation.retry(), storing: answer)
            }
        timer.schedule(after: Self.retryInterval)
        retryTimer = timer
    }

    private func log(_ code: String, _ detail: String) {
        ProcessLog.warning(code, ["request_id": requestID, "detail": detail])
    }
}
