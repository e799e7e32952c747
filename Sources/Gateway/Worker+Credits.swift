import Budgeting
import Vocabulary

/// What a request asks of the budgets, and what it is told when they refuse.
extension Worker {
    /// - Parameter documentPages: how many pages the document has, if that is known.
    func ask(_ pending: PendingExchange, documentPages: Int?) -> ReservationAsk {
        guard let caller = pending.facts.caller else { preconditionFailure("a question that nobody asked") }
        return ReservationAsk(
            team: caller.team.id,
            key: caller.key.id,
            account: caller.team.account,
            upstreamKey: settings.upstreamKey.id,
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
