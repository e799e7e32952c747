import Budgeting
import Caching
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

    fileprivate func ask(_ upstreamKey: UpstreamKey) -> ReservationAsk {
        ReservationAsk(
            team: team,
            key: key,
            account: account,
            upstreamKey: upstreamKey.id,
            documentID: documentID,
            model: model,
            pages: pages,
            cacheKey: cacheKey,
            requestID: requestID
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
}

/// The answer to a move of a reservation to another upstream key. A message.
enum MovingAnswer: Sendable {
    case moved(Reservation)
    case denied(Denial)
    case failed(StoreFault)
}

/// Reservations: one question, answered once, on any thread. The caller cannot tell where the decision is made: memory
/// decides at once and the answer waits for the store's commit; a shared store would decide in that commit.
extension SharedRooms {
    /// Reserves credits on the next key of the account, by turns, whose month has room.
    func reserve(
        _ question: SpendingQuestion,
        at now: Moment,
        then: @escaping @Sendable (SpendingAnswer) -> Void
    ) {
        let answer = decide(question, at: now)
        guard case .admitted(let reservation) = answer else { return then(answer) }
        store.reserve(reservation) { [credits] result in
            switch result {
            case .success: then(answer)
            case .failure(let fault):
                credits.withdraw(reservation)
                then(.failed(fault))
            }
        }
    }

    private func decide(_ question: SpendingQuestion, at now: Moment) -> SpendingAnswer {
        var spent: [UpstreamKey] = []
        var denial: Denial?
        while true {
            let key: UpstreamKey
            switch gate.choose(for: question.account, without: spent, at: now) {
            case .success(let chosen): key = chosen
            case .failure(let failure): return denial.map { .denied($0) } ?? .noKey(failure)
            }
            switch credits.admit(question.ask(key), at: now.wall) {
            case .admitted(let reservation): return .admitted(reservation)
            case .denied(let refusal):
                guard case .upstreamKey = refusal.scope else { return .denied(refusal) }
                // A denial that waiting can resolve tells the client more.
                if denial?.neverFits ?? true { denial = refusal }
                spent.append(key)
            }
        }
    }

    /// Moves a reservation to another upstream key, if that key's month has room.
    func move(_ reservation: Reservation, to key: UpstreamKeyID, then: @escaping @Sendable (MovingAnswer) -> Void) {
        switch credits.move(reservation, to: key) {
        case .denied(let denial): then(.denied(denial))
        case .moved(let moved):
            store.move(moved) { [credits] result in
                switch result {
                case .success:
                    credits.moved(moved)
                    then(.moved(moved))
                case .failure(let fault): then(.failed(fault))
                }
            }
        }
    }
}

extension Worker {
    /// Asks for credits; the answer goes to the leader with this identifier.
    func reserve(_ question: SpendingQuestion, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.reserve(question, at: loop.moment) { mailbox.post(.reserved(leader: id, $0)) }
    }

    /// Asks to move a reservation to another upstream key; the answer goes to the keeper with this identifier.
    func move(_ reservation: Reservation, to key: UpstreamKeyID, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.move(reservation, to: key) { mailbox.post(.moved(reservation: id, $0)) }
    }

    /// Asks the store to make a reservation's ending and its result durable; the answer goes to the keeper with this
    /// identifier.
    func end(_ ending: ReservationEnding, storing result: StampedResult?, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.store.end(ending, storing: result) { mailbox.post(.ended(reservation: id, $0)) }
    }

    func refusal(_ denial: Denial) -> ErrorReply {
        ErrorReply(denial, status: settings.budgetExceededStatus, now: loop.wallClock)
    }
}
