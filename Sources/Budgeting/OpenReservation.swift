public import Vocabulary

/// A reservation from when it is durable until its ending is: what it is booked to, how it ends, and what the client
/// may be told when.
///
/// Pure: every spender owns one, sends the ledger the requests that it returns, and feeds it the answers. Invariants:
/// - It ends once, and is booked once, when the ending is durable (L3, docs/faults.md §5, I3). An ending that the
///   ledger could not write is retried until it is written, since nothing else would ever end it (I9).
/// - It does not end while it moves to another upstream key: nothing is sent before the ledger names that key (L11).
/// - The outcome of the call is told once. An outcome that claims credits, or a result that was paid for, is told when
///   it is durable (I5) or withheld; any other outcome is told with the ledger's first answer, whatever that is.
public struct OpenReservation: Sendable {
    private enum State {
        case held(Reservation)
        case moving(Reservation)
        /// The ledger was asked to write the ending.
        case ending(ReservationEnding, isTold: Bool)
        /// The ledger could not write it; retried after a pause.
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

    /// The answer to a move.
    public enum MoveAnswer: Sendable, Equatable {
        /// The move to the key that the reservation now names is durable.
        case moved(Reservation)
        /// The other key's month has no room for it.
        case denied(Denial)
        case failed
    }

    /// What the client may be told of the call.
    public enum Telling: Sendable, Equatable {
        case everything
        /// The outcome makes a claim that is not on disk.
        case nothing
    }

    private var state: State
    /// Why it could not move, if that was refused: of several refusals one that waiting resolves, which is more use to
    /// a client.
    public private(set) var moveDenial: Denial?

    public init(_ reservation: Reservation) { state = .held(reservation) }

    /// The reservation as the ledger has it; nil once it is ending.
    public var reservation: Reservation? {
        switch state {
        case .held(let reservation), .moving(let reservation): reservation
        case .ending, .pausing, .ended: nil
        }
    }

    /// Starts a move; returns the reservation that is to be booked to another upstream key.
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

    /// Starts the ending; returns what the ledger is to write.
    public mutating func end(
        _ outcome: ReservationEnding.Outcome,
        at now: Timestamp,
        _ lesson: Lesson,
        question: PaidQuestion? = nil
    ) -> ReservationEnding {
        switch state {
        case .held(let reservation):
            let ending = ReservationEnding(
                reservation: reservation,
                outcome: outcome,
                endedAt: now,
                lesson: lesson,
                question: question
            )
            state = .ending(ending, isTold: false)
            return ending
        case .moving, .ending, .pausing, .ended: preconditionFailure("end() in state \(state.name)")
        }
    }

    /// The ending is durable: returns it for booking, and whether the outcome of the call was already told.
    public mutating func becameDurable() -> (ending: ReservationEnding, isTold: Bool) {
        switch state {
        case .ending(let ending, let isTold):
            state = .ended
            return (ending, isTold)
        case .held, .moving, .pausing, .ended: preconditionFailure("becameDurable() in state \(state.name)")
        }
    }

    /// The ledger could not write the ending; retry after a pause. Nil when the outcome was already told.
    public mutating func stayedOpen() -> Telling? {
        switch state {
        case .ending(let ending, let isTold):
            state = .pausing(ending)
            return isTold ? nil : ending.outcome.claimsCredits ? .nothing : .everything
        case .held, .moving, .pausing, .ended: preconditionFailure("stayedOpen() in state \(state.name)")
        }
    }

    /// The pause is over: returns the ending for the ledger to write.
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
    /// Whether it claims credits, or a result that was paid for, which must be on disk before a client is told.
    var claimsCredits: Bool {
        switch self {
        case .settled: true
        case .released, .unconfirmed: false
        }
    }
}

extension ReservationEnding {
    /// The cost, if it exceeds the estimate: to be held from now on, before it is on disk (L2).
    public var costAboveEstimate: MicroCredits? {
        switch outcome {
        case .settled(let credits): credits > reservation.estimate ? credits : nil
        case .released, .unconfirmed: nil
        }
    }
}
