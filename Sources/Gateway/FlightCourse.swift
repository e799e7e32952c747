import Budgeting
import Caching
import Upstream
import UpstreamKeys
import Vocabulary

/// What becomes of one flight, from its leader's first look to its landing. Pure: `FlightLeader` performs what it says.
///
/// - F1: Nothing is forwarded without a durable reservation (docs/faults.md §5, I2), nor when the store cannot say whether
///   the result is there and paid for (I7).
/// - F2: A reservation that was admitted is concluded once, on every way (I9), and nothing is concluded without one.
/// - F3: The flight lands once, or is handed on once: the asker's budgets have no room, which says nothing of others'.
///
/// A client that leaves is no event: the vendor charges all the same.
struct FlightCourse {
    private enum State {
        case new
        /// The store is asked for the result, the document's pages or both.
        case looking(stale: CachedResult?)
        case reserving(stale: CachedResult?)
        /// The vendor is asked, under a durable reservation.
        case forwarding(stale: CachedResult?)
        /// The reservation is ended; this is told when it may be.
        case concluding(FlightOutcome)
        case over

        /// Without what it carries, which is no matter of a crash report.
        var name: StaticString {
            switch self {
            case .new: "new"
            case .looking: "looking"
            case .reserving: "reserving"
            case .forwarding: "forwarding"
            case .concluding: "concluding"
            case .over: "over"
            }
        }
    }

    /// What a look into memory found.
    enum Look {
        /// The client wants the vendor's answer in any case.
        case unwanted
        case nothing
        case stale(CachedResult)
        case fresh(CachedResult)
    }

    /// What the store said to a look.
    enum StoreLook {
        case fresh(CachedResult)
        case missing(stale: CachedResult?, documentPages: Int?)
        case failed(StoreFault)
    }

    /// What is to be done next.
    enum Step {
        /// Ask the store for the result, for the document's pages, or both.
        case lookUp(result: Bool, documentPages: Bool)
        case reserve(documentPages: Int?)
        case forward(Reservation)
        /// End the reservation, under which nothing was sent.
        case conclude(Reservation, Conclusion)
        case land(FlightOutcome, Note?)
        /// Land with a result that the store had and memory did not.
        case landStored(CachedResult)
        /// The asker is refused, and the flight goes on with a follower whom that does not concern.
        case handOn(Denial)
    }

    /// How the reservation ends, and what is kept of the vendor's answer.
    struct Conclusion {
        var ending: ReservationEnding.Outcome
        var keeping = Keeping.nothing
        /// What the reply says that it cost, for so many pages.
        var paid: PaidPages?
        /// A drain left the vendor's answer unknown.
        var isCut = false
        var note: Note?
    }

    enum Keeping {
        case nothing
        /// Durably, in the transaction of the reservation's ending.
        case durably(CachedResult)
        case inMemory(CachedResult)
    }

    struct PaidPages: Equatable {
        let pages: Int
        let credits: MicroCredits
    }

    /// A line of the process log.
    struct Note: Equatable {
        let code: String
        let detail: String
    }

    private var state = State.new

    /// - Parameter needsPages: how many pages the document has is part of what the question is supposed to cost.
    mutating func begin(_ look: Look, needsPages: Bool, isDraining: Bool) -> Step {
        switch state {
        case .new: break
        case .looking, .reserving, .forwarding, .concluding, .over: trap("begin()")
        }
        switch look {
        case .fresh(let result): return land(.found(result))
        case .stale(let result): return lookUp(result: true, needsPages, stale: result)
        case .nothing: return lookUp(result: true, needsPages, stale: nil)
        case .unwanted where needsPages: return lookUp(result: false, needsPages, stale: nil)
        case .unwanted: return reserve(stale: nil, documentPages: nil, isDraining: isDraining)
        }
    }

    mutating func looked(_ look: StoreLook, isDraining: Bool) -> Step {
        switch state {
        case .looking(let stale):
            switch look {
            case .fresh(let result):
                state = .over
                return .landStored(result)
            case .missing(let older, let pages):
                return reserve(stale: stale ?? older, documentPages: pages, isDraining: isDraining)
            case .failed(let fault): return land(.storeFailed(fault), "store_find_failed", fault.description)
            }
        case .new, .reserving, .forwarding, .concluding, .over: trap("looked()")
        }
    }

    mutating func reserved(_ answer: SpendingAnswer, isDraining: Bool) -> Step {
        switch state {
        case .reserving(let stale):
            switch answer {
            case .admitted(let reservation) where isDraining:
                state = .concluding(.refused)
                return .conclude(reservation, Conclusion(ending: .released))
            case .admitted(let reservation):
                state = .forwarding(stale: stale)
                return .forward(reservation)
            case .denied(let denial):
                state = .over
                return .handOn(denial)
            case .noKey(let failure): return land(.failed(failure, stale: stale))
            case .failed(let fault): return land(.storeFailed(fault), "reservation_not_stored", fault.description)
            }
        case .new, .looking, .forwarding, .concluding, .over: trap("reserved()")
        }
    }

    /// The vendor answered.
    ///
    /// - Parameter upstreamKey: whose account it is that a 402 speaks of.
    mutating func answered(_ reply: UpstreamReply, to question: FlightQuestion, upstreamKey: UpstreamKeyID)
        -> Conclusion
    {
        let verdict = question.judge(reply, upstreamKey: upstreamKey, stale: forwardingStale("answered()"))
        state = .concluding(verdict.outcome)
        return verdict.conclusion
    }

    /// The vendor did not answer, or not in a way that may be passed on.
    ///
    /// - Parameter moveDenial: what the month of a key said that was to take the call.
    mutating func failed(_ failure: UpstreamFailure, moveDenial: Denial?) -> Conclusion {
        let stale = forwardingStale("failed()")
        if failure.code == .noKey, let moveDenial {
            // The keys that are left have spent their months: that says more, and when it ends.
            state = .concluding(.denied(moveDenial))
            return Conclusion(ending: .released)
        }
        state = .concluding(.failed(failure, stale: stale))
        return Conclusion(ending: failure.ending, isCut: failure.isCut, note: failure.note)
    }

    /// The call could not be booked to another key, and nothing was sent.
    mutating func givenUp(_ fault: StoreFault) -> Conclusion {
        _ = forwardingStale("givenUp()")
        state = .concluding(.storeFailed(fault))
        return Conclusion(ending: .released)
    }

    /// The outcome may be told; with a fault when what it claims could not be put on disk, which is what is told then.
    mutating func concluded(withheld fault: StoreFault?) -> FlightOutcome {
        switch state {
        case .concluding(let outcome):
            state = .over
            return fault.map(FlightOutcome.storeFailed) ?? outcome
        case .new, .looking, .reserving, .forwarding, .over: trap("concluded()")
        }
    }

    private mutating func lookUp(result: Bool, _ needsPages: Bool, stale: CachedResult?) -> Step {
        state = .looking(stale: stale)
        return .lookUp(result: result, documentPages: needsPages)
    }

    private mutating func reserve(stale: CachedResult?, documentPages: Int?, isDraining: Bool) -> Step {
        guard !isDraining else { return land(.refused) }
        state = .reserving(stale: stale)
        return .reserve(documentPages: documentPages)
    }

    private mutating func land(_ outcome: FlightOutcome, _ note: Note? = nil) -> Step {
        state = .over
        return .land(outcome, note)
    }

    private mutating func land(_ outcome: FlightOutcome, _ code: String, _ detail: String) -> Step {
        land(outcome, Note(code: code, detail: detail))
    }

    private func forwardingStale(_ event: StaticString) -> CachedResult? {
        switch state {
        case .forwarding(let stale): return stale
        case .new, .looking, .reserving, .concluding, .over: trap(event)
        }
    }

    private func trap(_ event: StaticString) -> Never { preconditionFailure("\(event) in state \(state.name)") }
}

extension UpstreamFailure {
    fileprivate var ending: ReservationEnding.Outcome {
        switch charged {
        case .no: .released
        case .yes, .unknown: .unconfirmed
        }
    }

    fileprivate var isCut: Bool { code == .draining && charged != .no }

    /// What went wrong on the way to the vendor. What holds for many requests at once has been said before: the first
    /// failures were, and what became of a key.
    fileprivate var note: FlightCourse.Note? {
        switch code {
        case .unreachable, .invalidResponse, .keyRejected, .timeout:
            FlightCourse.Note(code: code.errorCode.rawValue, detail: detail)
        case .noKey, .rateLimited, .overloaded, .circuitOpen, .draining: nil
        }
    }
}
