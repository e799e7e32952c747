import Budgeting
import Caching
import Upstream
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// Keeps a reservation until its ending is durable: performs what `OpenReservation` decides, as `ReservationKeeper`
/// does.
///
/// Sendable because everything of a run is on one thread.
final class Keeper: @unchecked Sendable {
    private unowned let process: Process
    let id: ReservationID
    let worker: Int
    private let isCharge: Bool
    private var reservation: OpenReservation
    private var answer: StampedAnswer?
    private var tell: ((StoreFault?) -> Void)?
    private(set) var moveFault: StoreFault?
    private var retryAt: MonotonicInstant?
    /// How the reservation must end by what the vendor did, as `docs/faults.md` §3 says.
    var expected = ReservationEnding.Outcome.released

    private var world: World { process.world }
    var moveDenial: Denial? { reservation.moveDenial }
    var upstreamKey: UpstreamKeyID? { reservation.reservation?.ask.upstreamKey }

    init(_ process: Process, _ reservation: Reservation, worker: Int, isCharge: Bool = false) {
        self.process = process
        self.worker = worker
        self.isCharge = isCharge
        id = reservation.id
        self.reservation = OpenReservation(reservation)
        process.keepers[id] = self
    }

    func move(to key: UpstreamKeyID, then: @escaping @Sendable (UpstreamKeyMoved) -> Void) {
        process.rooms.move(reservation.move(), to: key) { [self] answer in
            if case .moved = answer { world.tally.endMove(id, isDurable: true) }
            process.post("the ledger's answer to a move", to: worker) { [self] in moved(answer, then) }
        }
    }

    private func moved(_ answer: MovingAnswer, _ then: (UpstreamKeyMoved) -> Void) {
        switch answer {
        case .moved(let moved):
            world.counts.moves += 1
            reservation.moved(.moved(moved))
            then(.done)
        case .denied(let denial):
            reservation.moved(.denied(denial))
            then(.noRoom)
        case .failed(let fault):
            world.counts.movesFailed += 1
            reservation.moved(.failed)
            moveFault = fault
            then(.failed)
        }
    }

    func end(
        _ outcome: ReservationEnding.Outcome,
        _ lesson: Lesson,
        storing answer: StampedAnswer?,
        tell: @escaping (StoreFault?) -> Void
    ) {
        let ending = reservation.end(outcome, at: world.now.wall, lesson)
        world.note("reservation \(id.rawValue) is to end as \(outcome)")
        if let credits = ending.costAboveEstimate, world.rules.has(.raise) {
            process.rooms.credits.raise(ending.reservation, to: credits)
        }
        if let credits = ending.costAboveEstimate {
            world.counts.aboveEstimate += 1
            world.tally.raise(id, to: Int(credits.micros))
        }
        self.answer = answer
        self.tell = tell
        if !world.rules.has(.bookAfterDurable) { process.rooms.credits.end(ending) }
        write(ending)
        if !world.rules.has(.tellAfterDurable) { tellOnce(nil) }
    }

    private func write(_ ending: ReservationEnding) {
        let then: @Sendable (Result<EndingAnswer, StoreFault>) -> Void = { [self] stored in
            process.post("the ledger's answer to an ending", to: worker) { [self] in ended(stored) }
        }
        if isCharge {
            process.store.charge(ending, then: then)
        } else {
            process.store.end(ending, storing: answer, then: then)
        }
    }

    private func ended(_ stored: Result<EndingAnswer, StoreFault>) {
        switch stored {
        case .success:
            let (ending, isTold) = reservation.becameDurable()
            world.ended(ending, isBooked: process.rooms.credits.end(ending))
            if let result = answer?.forMemory { process.rooms.cache.insert(result) }
            process.keepers[id] = nil
            if !isTold { tellOnce(nil) }
            if isTold { world.counts.lateEndings += 1 }
        case .failure(let fault):
            switch reservation.stayedOpen() {
            case .everything: tellOnce(nil)
            case .nothing: tellOnce(fault)
            case nil: break
            }
            if world.rules.has(.retry) { retryAt = world.now.steady + .seconds(1) }
        }
    }

    private func tellOnce(_ fault: StoreFault?) { tell.take()?(fault) }

    func timePassed() {
        guard let due = retryAt, due <= world.now.steady else { return }
        retryAt = nil
        world.counts.retries += 1
        write(reservation.retry())
    }
}
