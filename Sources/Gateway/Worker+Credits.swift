import Budgeting
import Upstream
import UpstreamKeys
import Vocabulary

/// What a request asks of the budgets, and what it is told when they refuse.
extension Worker {
    /// Whether a request may spend.
    enum Admission {
        case admitted(Reservation)
        case denied(Denial)
        /// The account has no key that the vendor could be asked with.
        case failed(UpstreamFailure)
    }

    /// Books a request to a key of its team's account, the next one by the keys' turns whose month has room for it.
    ///
    /// - Parameter documentPages: how many pages the document has, if that is known.
    func admit(_ pending: PendingExchange, documentPages: Int?) -> Admission {
        guard let caller = pending.facts.caller else { preconditionFailure("a question that nobody asked") }
        var spent: [UpstreamKey] = []
        var denial: Denial?
        while true {
            let key: UpstreamKey
            switch rooms.gate.choose(for: caller.team.account, without: spent, at: loop.moment) {
            case .success(let chosen): key = chosen
            case .failure(let failure): return denial.map { .denied($0) } ?? .failed(failure)
            }
            switch rooms.credits.admit(ask(pending, caller, key, documentPages), at: loop.wallClock) {
            case .admitted(let reservation): return .admitted(reservation)
            case .denied(let refusal):
                guard case .upstreamKey = refusal.scope else { return .denied(refusal) }
                // One that waiting helps against says more to the client.
                if denial?.neverFits ?? true { denial = refusal }
                spent.append(key)
            }
        }
    }

    private func ask(
        _ pending: PendingExchange,
        _ caller: Caller,
        _ key: UpstreamKey,
        _ documentPages: Int?
    ) -> ReservationAsk {
        ReservationAsk(
            team: caller.team.id,
            key: caller.key.id,
            account: caller.team.account,
            upstreamKey: key.id,
            documentID: pending.request.documentID,
            model: pending.request.model,
            pages: pending.request.pages?.count ?? documentPages,
            cacheKey: pending.key,
            requestID: String(decoding: pending.facts.requestID.bytes, as: UTF8.self)
        )
    }

    func refusal(_ denial: Denial) -> ErrorReply {
        ErrorReply(denial, status: settings.budgetExceededStatus, now: loop.wallClock)
    }
}
