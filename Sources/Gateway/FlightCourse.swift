import Budgeting
import Caching
import Keying
import Upstream
import UpstreamKeys
import Vocabulary

/// The state machine of one flight, from its leader's first look to its landing. Pure: `FlightLeader` performs its
/// steps.
///
/// - F1: Nothing is forwarded without a durable reservation (docs/faults.md §5, I2), nor when the store was asked for
///   the result and could not tell whether it has it (I7).
/// - F2: An admitted reservation is concluded exactly once on every path (I9), and nothing is concluded without one.
/// - F3: The flight lands once, or is handed on once: a budget of the leader has no room, which does not mean that the
///   followers' budgets have none.
///
/// A client that leaves is no event: the vendor charges anyway.
struct FlightCourse {
    private enum State {
        case new
        /// The store is asked for the result, the document's pages or both.
        case looking(stale: CachedResult?)
        case reserving(stale: CachedResult?)
        /// Another node has the question under way.
        case following(stale: CachedResult?)
        /// The vendor is asked, under a durable reservation.
        case forwarding(stale: CachedResult?)
        /// The reservation is being ended; the outcome is delivered once it may be.
        case concluding(FlightOutcome)
        case over

        /// The name alone, since payloads do not belong in a crash report.
        var name: StaticString {
            switch self {
            case .new: "new"
            case .looking: "looking"
            case .reserving: "reserving"
            case .following: "following"
            case .forwarding: "forwarding"
            case .concluding: "concluding"
            case .over: "over"
            }
        }
    }

    /// The result of a look-up in memory.
    enum Look {
        /// Not looked up: the client wants the vendor's answer.
        case unwanted
        case nothing
        case stale(CachedResult)
        case fresh(CachedResult)
    }

    /// The result of a look-up in the store.
    enum StoreLook {
        case fresh(CachedResult)
        case missing(stale: CachedResult?, documentPages: Int?)
        case failed(StoreFault)
    }

    /// The next thing to do.
    enum Step {
        /// Ask the store for the result, for the document's pages, or both.
        case lookUp(result: Bool, documentPages: Bool)
        ///
        /// - Parameter accepts: a result that was stored later than this answers the question, should another node have
        ///   stored one; nil when only the vendor can.
        case reserve(documentPages: Int?, accepts: Timestamp?)
        /// Wait for the landing of another node's flight.
        case follow(ReservationID)
        case forward(Reservation)
        /// End the reservation; nothing was sent under it.
        case conclude(Reservation, Conclusion)
        case land(FlightOutcome, Note?)
        /// Land with a result that was in the store but not in memory.
        case landStored(CachedResult)
        /// Refuse the leader; a follower to whom the denial does not apply leads next.
        case handOn(Denial)
    }

    /// How the reservation ends, and what is stored.
    struct Conclusion {
        var ending: ReservationEnding.Outcome
        var keeping = Keeping.nothing
        /// The pages and credits that the reply states.
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
    private var needsPages = false
    private var documentPages: Int?
    /// Whether a stored result may answer.
    private var looksUp = true

    /// What is delivered once the reservation has ended; nil before the vendor has answered.
    var concludingOutcome: FlightOutcome? {
        guard case .concluding(let outcome) = state else { return nil }
        return outcome
    }

    /// - Parameter needsPages: whether the estimate needs the document's page count.
    mutating func begin(_ look: Look, needsPages: Bool, isDraining: Bool) -> Step {
        switch state {
        case .new: break
        case .looking, .reserving, .following, .forwarding, .concluding, .over: trap("begin()")
        }
        self.needsPages = needsPages
        if case .unwanted = look { looksUp = false }
        switch look {
        case .fresh(let result): return land(.found(result))
        case .stale(let result): return lookUp(result: true, needsPages, stale: result)
        case .nothing: return lookUp(result: true, needsPages, stale: nil)
        case .unwanted where needsPages: return lookUp(result: false, needsPages, stale: nil)
        case .unwanted: return reserve(stale: nil, isDraining: isDraining)
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
                documentPages = pages
                return reserve(stale: Self.newer(stale, older), isDraining: isDraining)
            case .failed(let fault): return land(.storeFailed(fault), "store_find_failed", fault.description)
            }
        case .new, .reserving, .following, .forwarding, .concluding, .over: trap("looked()")
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
            case .stored: return lookUp(result: true, needsPages, stale: stale)
            case .elsewhere(let flight):
                state = .following(stale: stale)
                return .follow(flight)
            }
        case .new, .looking, .following, .forwarding, .concluding, .over: trap("reserved()")
        }
    }

    /// The flight of another node has landed.
    ///
    /// - Parameter outcome: makes the outcome of a landing; nil when the question is to be asked again.
    mutating func landed(
        _ answer: Result<LandingAnswer, StoreFault>,
        isDraining: Bool,
        _ outcome: (Landing, _ stale: CachedResult?) -> FlightOutcome?
    ) -> Step {
        switch state {
        case .following(let stale):
            switch answer {
            case .success(.landed(let landing)):
                guard let outcome = outcome(landing, stale) else {
                    return reserve(stale: stale, isDraining: isDraining)
                }
                return land(.elsewhere(outcome))
            case .success(.lost): return reserve(stale: stale, isDraining: isDraining)
            case .failure(let fault): return land(.storeFailed(fault), "flight_not_followed", fault.description)
            }
        case .new, .looking, .reserving, .forwarding, .concluding, .over: trap("landed()")
        }
    }

    /// The vendor answered.
    ///
    /// - Parameter upstreamKey: the key of the call; a 402 is about its account.
    mutating func answered(_ reply: UpstreamReply, to question: FlightQuestion, upstreamKey: UpstreamKeyID)
        -> Conclusion
    {
        let verdict = question.judge(reply, upstreamKey: upstreamKey, stale: forwardingStale("answered()"))
        state = .concluding(verdict.outcome)
        return verdict.conclusion
    }

    /// The vendor's answer is not passed on. What it says it costs is booked all the same: `docs/faults.md` §3.
    mutating func answered(_ reply: UpstreamReply, unusable failure: UpstreamFailure) -> Conclusion {
        let body = reply.body
        guard case .sound(let credits) = ClassifyReply.read(body.span).credits else {
            return failed(failure, moveDenial: nil)
        }
        state = .concluding(.failed(failure.charging(), stale: forwardingStale("answered()"), charged: credits))
        return Conclusion(ending: .settled(credits), note: failure.note)
    }

    /// The vendor did not answer, or its answer says neither what was asked nor what it cost.
    ///
    /// - Parameter moveDenial: the denial from the month of a key that was to take the call over.
    mutating func failed(_ failure: UpstreamFailure, moveDenial: Denial?) -> Conclusion {
        let stale = forwardingStale("failed()")
        if failure.code == .noKey, let moveDenial {
            // The remaining keys have spent their months. The denial tells the client more, and when it ends.
            state = .concluding(.denied(moveDenial))
            return Conclusion(ending: .released)
        }
        state = .concluding(.failed(failure, stale: stale))
        return Conclusion(ending: failure.ending, isCut: failure.isCut, note: failure.note)
    }

    /// The reservation could not be moved to another key, and nothing was sent.
    mutating func givenUp(_ fault: StoreFault) -> Conclusion {
        _ = forwardingStale("givenUp()")
        state = .concluding(.storeFailed(fault))
        return Conclusion(ending: .released)
    }

    /// The outcome may be delivered. With a fault, what the outcome claims is not on disk, and the fault is delivered
    /// instead.
    mutating func concluded(withheld fault: StoreFault?) -> FlightOutcome {
        switch state {
        case .concluding(let outcome):
            state = .over
            return fault.map(FlightOutcome.storeFailed) ?? outcome
        case .new, .looking, .reserving, .following, .forwarding, .over: trap("concluded()")
        }
    }

    private mutating func lookUp(result: Bool, _ needsPages: Bool, stale: CachedResult?) -> Step {
        state = .looking(stale: stale)
        return .lookUp(result: result, documentPages: needsPages)
    }

    private mutating func reserve(stale: CachedResult?, isDraining: Bool) -> Step {
        guard !isDraining else { return land(.refused) }
        state = .reserving(stale: stale)
        let accepts = looksUp ? stale?.storedAt ?? Timestamp(microseconds: .min) : nil
        return .reserve(documentPages: documentPages, accepts: accepts)
    }

    private static func newer(_ one: CachedResult?, _ other: CachedResult?) -> CachedResult? {
        guard let one, let other else { return one ?? other }
        return other.storedAt > one.storedAt ? other : one
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
        case .new, .looking, .reserving, .following, .concluding, .over: trap(event)
        }
    }

    private func trap(_ event: StaticString) -> Never { preconditionFailure("\(event) in state \(state.name)") }
}

extension UpstreamFailure {
    var ending: ReservationEnding.Outcome {
        switch charged {
        case .no: .released
        case .yes, .unknown: .unconfirmed
        }
    }

    /// The same failure of a request that was charged.
    fileprivate func charging() -> UpstreamFailure {
        UpstreamFailure(code, charged: .yes, source: source, detail, retryAfterSeconds: retryAfterSeconds)
    }

    var isCut: Bool { code == .draining && charged != .no }

    /// The log line for the failure. Nil for a condition that affects many requests at once: the failures that led to
    /// it, or the change of the key's state, have been logged.
    var note: FlightCourse.Note? {
        switch code {
        case .unreachable, .invalidResponse, .keyRejected, .timeout:
            FlightCourse.Note(code: code.errorCode.rawValue, detail: detail)
        case .noKey, .rateLimited, .overloaded, .circuitOpen, .storeUnavailable, .draining: nil
        }
    }
}
