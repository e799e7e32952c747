import Budgeting
import Caching
import Upstream
import UpstreamKeys
import Vocabulary

/// Who asks for credits, for what: one question, whichever upstream key takes the request in the end. A message.
struct SpendingQuestion: Sendable {
    let team: TeamID
    let key: TeamKeyID
    let account: AccountID
    let documentID: String
    let model: String
    /// The pages asked about, or of the document if it is known; nil when neither is.
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

/// What became of a question for credits. A message.
enum SpendingAnswer: Sendable {
    /// The credits are held, and that is on disk.
    case admitted(Reservation)
    case denied(Denial)
    /// The account has no key that the vendor could be asked with.
    case noKey(UpstreamFailure)
    /// The store could not make it durable: nothing is held.
    case failed(StoreFault)
}

/// What became of moving a reservation to another upstream key. A message.
enum MovingAnswer: Sendable {
    case moved(Reservation)
    case denied(Denial)
    case failed(StoreFault)
}

/// Credits, asked for with one question and answered once, on any thread. Who asks cannot tell where it is decided: memory
/// decides at once and the answer waits for the store's commit, and a store that is shared would decide in that commit.
extension SharedRooms {
    /// Holds credits, for the next of the account's keys by their turns whose month has room.
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
                // One that waiting helps against says more to the client.
                if denial?.neverFits ?? true { denial = refusal }
                spent.append(key)
            }
        }
    }

    /// Books a reservation to another upstream key, if that key's month has room.
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
    /// Asks for credits; the answer goes to the leader of that identifier.
    func reserve(_ question: SpendingQuestion, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.reserve(question, at: loop.moment) { mailbox.post(.reserved(leader: id, $0)) }
    }

    /// Asks for a reservation to be booked to another upstream key; the answer goes to its keeper, by that identifier.
    func move(_ reservation: Reservation, to key: UpstreamKeyID, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.move(reservation, to: key) { mailbox.post(.moved(reservation: id, $0)) }
    }

    /// Asks the store to make the ending of a reservation durable, and the result with it; the answer goes to its keeper, by
    /// that identifier.
    func end(_ ending: ReservationEnding, storing result: CachedResult?, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.store.end(ending, storing: result) { mailbox.post(.ended(reservation: id, $0)) }
    }

    func refusal(_ denial: Denial) -> ErrorReply {
        ErrorReply(denial, status: settings.budgetExceededStatus, now: loop.wallClock)
    }
}
