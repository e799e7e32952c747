import Budgeting
import Caching
import EventLoops
import Upstream
import UpstreamKeys
import Vocabulary

/// A question for credits, the same whichever upstream key takes the call. A message.
struct SpendingQuestion: Sendable {
    let team: TeamID
    let key: TeamKeyID
    let account: AccountID
    let documentID: String
    let model: String
    /// The number of pages asked about, else of the document; nil if neither is known.
    let pages: Int?
    let cacheKey: CacheKey
    let requestID: String
    var isPricedByCall = false

    func ask(_ upstreamKey: UpstreamKeyID) -> ReservationAsk {
        ReservationAsk(
            team: team,
            key: key,
            account: account,
            upstreamKey: upstreamKey,
            documentID: documentID,
            model: model,
            pages: pages,
            cacheKey: cacheKey,
            requestID: requestID,
            isPricedByCall: isPricedByCall
        )
    }
}

/// The answer to a question for credits. A message.
enum SpendingAnswer: Sendable {
    /// The credits are reserved, durably.
    case admitted(Reservation)
    case denied(Denial)
    /// The account has no usable upstream key.
    case noKey(UpstreamFailure)
    /// The store could not make the reservation durable: nothing is reserved.
    case failed(StoreFault)
    /// Another node has stored a result of the question meanwhile.
    case stored
    /// Another node has the question under way.
    case elsewhere(ReservationID)
}

/// Why nothing was reserved, other than by a fault.
enum SpendingRefusal: Error {
    case denied(Denial)
    case noKey(UpstreamFailure)
}

/// The upstream key that was chosen for a request, or what was admitted with it.
enum KeyChoice<Admitted> {
    case admitted(Admitted)
    case denied(Denial)
    /// The account has no usable upstream key.
    case noKey(UpstreamFailure)
}

/// The answer to a move of a reservation to another upstream key. A message.
enum MovingAnswer: Sendable {
    case moved(Reservation)
    case denied(Denial)
    case failed(StoreFault)
}

/// Reservations: one question, answered once, on any thread. The caller cannot tell where the decision is made: memory
/// decides at once and the answer waits for the store's commit; a store that several nodes share decides in that
/// commit.
extension SharedRooms {
    /// Reserves credits on the next key of the account, by turns, whose month has room.
    ///
    /// - Parameters:
    ///   - claim: what no other node may have under way; nil for a request that shares nothing.
    ///   - whenDecided: as `Ledger.admit` says.
    func reserve(
        _ question: SpendingQuestion,
        claiming claim: QuestionClaim?,
        at now: Moment,
        whenDecided: () -> Void,
        then: @escaping @Sendable (SpendingAnswer) -> Void
    ) {
        let order = AdmissionOrder<SpendingRefusal>(
            scopes: { [gate] in
                [.organization, .team(question.team), .key(question.key)]
                    + gate.keys(of: question.account).map { .upstreamKey($0) }
            },
            gate: credits,
            claim: claim,
            decide: { [self] id in
                // With an identifier it is decided later, in a transaction of the store's.
                let now = id == nil ? now : Moment(steady: SystemClock.monotonic(), wall: SystemClock.wall())
                return decide(question, id, at: now)
            },
            withdraw: { [credits] in credits.withdraw($0) }
        )
        store.admit(order, whenDecided: whenDecided) { result in
            switch result {
            case .success(.admitted(let reservation)): then(.admitted(reservation))
            case .success(.refused(.denied(let denial))): then(.denied(denial))
            case .success(.refused(.noKey(let failure))): then(.noKey(failure))
            case .success(.stored): then(.stored)
            case .success(.elsewhere(let flight)): then(.elsewhere(flight))
            case .failure(let fault): then(.failed(fault))
            }
        }
    }

    private func decide(
        _ question: SpendingQuestion,
        _ id: ReservationID?,
        at now: Moment
    ) -> Result<Reservation, SpendingRefusal> {
        let choice = chooseKey(of: question.account, at: now) { key in
            switch credits.admit(question.ask(key), id: id, at: now.wall) {
            case .admitted(let reservation): KeyChoice<Reservation>.admitted(reservation)
            case .denied(let denial): .denied(denial)
            }
        }
        switch choice {
        case .admitted(let reservation): return .success(reservation)
        case .denied(let denial): return .failure(.denied(denial))
        case .noKey(let failure): return .failure(.noKey(failure))
        }
    }

    /// Admits a request that reserves nothing, unless a budget that it would count in has nothing left; answers with
    /// the upstream key that it may go out with.
    func admitUnreserved(_ caller: Caller, at now: Moment) -> KeyChoice<UpstreamKeyID> {
        chooseKey(of: caller.team.account, at: now) { key in
            exhaustion(caller, key, at: now.wall).map { .denied($0) } ?? .admitted(key)
        }
    }

    /// The denial of a request that reserves nothing and would go out with this upstream key.
    func exhaustion(_ caller: Caller, _ key: UpstreamKeyID, at now: Timestamp) -> Denial? {
        credits.exhaustion(team: caller.team.id, key: caller.key.id, upstreamKey: key, at: now)
    }

    /// Offers the keys of the account, by turns, until one has room.
    ///
    /// - Parameter offer: answers `admitted` or `denied`.
    private func chooseKey<Admitted>(
        of account: AccountID,
        at now: Moment,
        _ offer: (UpstreamKeyID) -> KeyChoice<Admitted>
    ) -> KeyChoice<Admitted> {
        var spent: [UpstreamKey] = []
        var denial: Denial?
        while true {
            let key: UpstreamKey
            switch gate.choose(for: account, without: spent, at: now) {
            case .success(let chosen): key = chosen
            case .failure(let failure): return denial.map { .denied($0) } ?? .noKey(failure)
            }
            switch offer(key.id) {
            case .denied(let refusal):
                guard case .upstreamKey = refusal.scope else { return .denied(refusal) }
                // A denial that waiting can resolve tells the client more.
                if denial?.neverFits ?? true { denial = refusal }
                spent.append(key)
            case let answer: return answer
            }
        }
    }

    /// Moves a reservation to another upstream key, if that key's month has room.
    func move(_ reservation: Reservation, to key: UpstreamKeyID, then: @escaping @Sendable (MovingAnswer) -> Void) {
        store.move(reservation, to: key, by: credits) { [credits] result in
            switch result {
            case .success(.moved(let moved)):
                credits.moved(moved)
                then(.moved(moved))
            case .success(.denied(let denial)): then(.denied(denial))
            case .failure(let fault): then(.failed(fault))
            }
        }
    }
}

extension Worker {
    /// Asks for credits; the answer goes to the leader or passage with this identifier.
    ///
    /// - Parameter whenDecided: as `Ledger.admit` says.
    func reserve(
        _ question: SpendingQuestion,
        claiming claim: QuestionClaim? = nil,
        for id: UInt64,
        whenDecided: () -> Void = {}
    ) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.reserve(question, claiming: claim, at: loop.moment, whenDecided: whenDecided) {
            mailbox.post(.reserved(id: id, $0))
        }
    }

    /// Waits for the landing of another node's flight; the answer goes to the leader with this identifier.
    func follow(_ flight: ReservationID, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.store.follow(flight) { mailbox.post(.landed(leader: id, $0)) }
    }

    /// Begins a change of documents; the store's answer goes to the passage with this identifier.
    func begin(_ change: DocumentChange, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        change.begin { mailbox.post(.dropped(passage: id, $0)) }
    }

    /// Asks to move a reservation to another upstream key; the answer goes to the keeper with this identifier.
    func move(_ reservation: Reservation, to key: UpstreamKeyID, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.move(reservation, to: key) { mailbox.post(.moved(reservation: id, $0)) }
    }

    /// Asks the store to make a reservation's ending and its result durable; the answer goes to the keeper with this
    /// identifier.
    func end(_ ending: ReservationEnding, storing answer: StampedAnswer?, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.store.end(ending, storing: answer) { mailbox.post(.ended(reservation: id, $0)) }
    }

    /// Asks the store to make a charge without a reservation durable; the answer goes to the keeper with this
    /// identifier.
    func charge(_ ending: ReservationEnding, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.store.charge(ending) { mailbox.post(.ended(reservation: id, $0)) }
    }

    func refusal(_ denial: Denial) -> ErrorReply {
        ErrorReply(denial, status: settings.budgetExceededStatus, now: loop.wallClock)
    }
}
