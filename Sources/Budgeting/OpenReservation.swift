public import Vocabulary

/// A reservation from when it is durable until its ending is: what it is booked to, how it ends, and what may be told when.
///
/// Pure: whatever spends has one, asks the ledger what this says, and says what the ledger answered. What holds:
/// - It ends once, and is booked once, when the ending is durable (L3, docs/faults.md §5, I3). An ending that the ledger
///   could not take is asked for again until it takes it, since nothing else would ever end it (I9).
/// - It does not end while it moves to another upstream key: nothing is sent before the ledger names that key (L11).
/// - What the call came to is told once. A claim of credits, or of a result that was paid for, is told when it is durable
///   (I5) or withheld; what claims neither is told with the ledger's first answer, whatever that is.
public struct OpenReservation: Sendable {
    private enum State {
        case held(Reservation)
        case moving(Reservation)
        /// The ledger is asked to take the ending.
        case ending(ReservationEnding, isTold: Bool)
        /// The ledger could not take it, and is asked again after a pause.
        case pausing(ReservationEnding)
        case ended

        var name: StaticString {
            switch self {
            case .held: "held"
            case .moving: "moving"
            case .ending: "ending"
            case .pausing: "pausing"
            case .ended: "ended"
            }
        }
    }

    /// What the ledger said to a move.
    public enum MoveAnswer: Sendable, Equatable {
        /// It is durable that the reservation is booked to the key that it names now.
        case moved(Reservation)
        /// The other key's month has no room for it.
        case denied(Denial)
        case failed
    }

    /// What may be told of the call.
    public enum Telling: Sendable, Equatable {
        case everything
        /// What it claims is not on disk.
        case nothing
    }

    private var state: State
    /// Why it could not move, if the ledger refused that: of several refusals the one that waiting helps against, which
    /// says more to a client.
    public private(set) var moveDenial: Denial?

    public init(_ reservation: Reservation) { state = .held(reservation) }

    /// The reservation as the ledger has it; nil from its ending on.
    public var reservation: Reservation? {
        switch state {
        case .held(let reservation), .moving(let reservation): reservation
        case .ending, .pausing, .ended: nil
        }
    }

    /// Gives what the ledger is to be asked to book to another upstream key.
    public mutating func move() -> Reservation {
        switch state {
        case .held(let reservation):
            state = .moving(reservation)
            return reservation
        case .moving, .ending, .pausing, .ended: preconditionFailure("move() in state \(state.name)")
        }
    }

    /// The ledger's answer to a move.
    public mutating func moved(_ answer: MoveAnswer) {
        switch state {
        case .moving(let reservation):
            switch answer {
            case .moved(let moved): state = .held(moved)
            case .denied(let denial):
                if moveDenial?.neverFits ?? true { moveDenial = denial }
                state = .held(reservation)
            case .failed: state = .held(reservation)
            }
        case .held, .ending, .pausing, .ended: preconditionFailure("moved() in state \(state.name)")
        }
    }

    /// Gives the ending that the ledger is to be asked to take.
    public mutating func end(_ outcome: ReservationEnding.Outcome, at now: Timestamp, _ lesson: Lesson)
        -> ReservationEnding
    {
        switch state {
        case .held(let reservation):
            let ending = ReservationEnding(reservation: reservation, outcome: outcome, endedAt: now, lesson: lesson)
            state = .ending(ending, isTold: false)
            return ending
        case .moving, .ending, .pausing, .ended: preconditionFailure("end() in state \(state.name)")
        }
    }

    /// The ending is durable: gives what is to be booked, and whether the call's outcome was told before.
    public mutating func becameDurable() -> (ending: ReservationEnding, isTold: Bool) {
        switch state {
        case .ending(let ending, let isTold):
            state = .ended
            return (ending, isTold)
        case .held, .moving, .pausing, .ended: preconditionFailure("becameDurable() in state \(state.name)")
        }
    }

    /// The ledger could not take the ending, and is to be asked again after a pause. Nil when the outcome was told before.
    public mutating func stayedOpen() -> Telling? {
        switch state {
        case .ending(let ending, let isTold):
            state = .pausing(ending)
            return isTold ? nil : ending.outcome.claimsCredits ? .nothing : .everything
        case .held, .moving, .pausing, .ended: preconditionFailure("stayedOpen() in state \(state.name)")
        }
    }

    /// The pause is over: gives the ending that the ledger is to be asked to take.
    public mutating func retry() -> ReservationEnding {
        switch state {
        case .pausing(let ending):
            state = .ending(ending, isTold: true)
            return ending
        case .held, .moving, .ending, .ended: preconditionFailure("retry() in state \(state.name)")
        }
    }
}

extension ReservationEnding.Outcome {
    /// Whether it tells of credits, or of a result that was paid for, which must be on disk before anybody hears of them.
    var claimsCredits: Bool {
        switch self {
        case .settled: true
        case .released, .unconfirmed: false
        }
    }
}

extension ReservationEnding {
    /// What it cost, when that is more than was held: to be held from now on, though it is not on disk yet (L2).
    public var costAboveEstimate: MicroCredits? {
        switch outcome {
        case .settled(let credits): credits > reservation.estimate ? credits : nil
        case .released, .unconfirmed: nil
        }
    }
}
