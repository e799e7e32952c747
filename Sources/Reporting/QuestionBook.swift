import Vocabulary

/// When each question was last paid for: really, and under a longer freshness lifetime. Pure.
///
/// Both lifetimes are counted as `Freshness` counts them: a result is fresh while its age is less. A question is
/// recognized by 64 bits of its cache key; among a million, two have the same ones by chance once in 37 million books.
struct QuestionBook {
    /// What a repeated payment would have been.
    enum Fate {
        case payment
        /// A payment too: it was made although its question had a fresh result, so for another reason than that one's
        /// age, such as `no-cache`, `no-store` or a purge.
        case paymentAnyway
        /// - Parameter crossesTeams: the result was paid for by the team that the replay is about, and is asked for by
        ///   another one, or the other way round.
        case hit(crossesTeams: Bool)
    }

    private struct Paid {
        var reallyAt: Timestamp
        /// When the result was stored that there would be.
        var storedAt: Timestamp
        var byTeam: Bool
    }

    private let lifetime: Duration
    private let newLifetime: Duration
    private var paid: [UInt64: Paid] = [:]
    /// Whether the team would have paid for a question again after a payment that would have been a hit.
    private(set) var paysAfterHit = false

    init(lifetime: Duration, newLifetime: Duration) {
        self.lifetime = lifetime
        self.newLifetime = newLifetime
    }

    /// What this payment would have been. One that becomes a hit leaves the result that there would be as it is.
    mutating func fate(of row: ReplayRow) -> Fate {
        guard row.isQuestion, let paid = paid[key(row)] else { return .payment }
        guard age(at: row.createdAt, since: paid.reallyAt) >= lifetime else { return .paymentAnyway }
        guard age(at: row.createdAt, since: paid.storedAt) < newLifetime else { return .payment }
        lose(row)
        return .hit(crossesTeams: paid.byTeam != row.isOfTeam)
    }

    private func age(at moment: Timestamp, since stored: Timestamp) -> Duration { max(moment - stored, .zero) }

    /// The payment would have been made.
    mutating func pay(_ row: ReplayRow) {
        guard row.isQuestion, let moment = row.resultAt else { return }
        if row.isOfTeam, let earlier = paid[key(row)], earlier.reallyAt > earlier.storedAt { paysAfterHit = true }
        paid[key(row)] = Paid(reallyAt: moment, storedAt: moment, byTeam: row.isOfTeam)
    }

    /// The payment was made, and would not have been.
    mutating func lose(_ row: ReplayRow) {
        guard let moment = row.resultAt else { return }
        paid[key(row)]?.reallyAt = moment
    }

    /// A payment before the replay's start; the latest one of a question comes first.
    mutating func recall(_ row: ReplayRow) {
        if paid[key(row)] == nil { pay(row) }
    }

    private func key(_ row: ReplayRow) -> UInt64 { row.cacheKey.digest.word0 }
}

extension ReplayRow {
    /// When its result was stored, if it has one: only a settlement has.
    fileprivate var resultAt: Timestamp? {
        if case .settled = ending { endedAt } else { nil }
    }
}
