public import Vocabulary

/// What other budgets of one team would have admitted of what was really reserved. Pure.
///
/// Asks the rules that admit requests (`BudgetBook`) about each reservation of the past, in the order of admissions,
/// with the estimate that it had. Only the team's own budgets are asked: what the organization's, a key's or an
/// upstream key's budget refused has no reservation, and what they admitted they would have admitted again. The team's
/// grants count from when they were made.
public struct BudgetReplay: Sendable {
    private let ask: ReservationAsk
    private var book: BudgetBook
    /// Those that are not made yet, in the order of their making.
    private var grants: ArraySlice<Grant>

    /// - Parameters:
    ///   - budgets: in place of those that the team has.
    ///   - timeZone: of an existing time zone; its days bound the windows.
    ///   - used: what the team had spent before `start`.
    ///   - grants: of the team, in any order.
    ///   - start: the first moment of a day.
    public init(
        _ budgets: [Budget],
        of team: TeamID,
        timeZone: String,
        used: TeamUse,
        grants: [Grant],
        from start: Timestamp
    ) {
        let ask = ReservationAsk(
            team: team,
            key: TeamKeyID(rawValue: ""),
            account: AccountID(rawValue: ""),
            upstreamKey: UpstreamKeyID(rawValue: ""),
            documentID: "",
            model: "",
            pages: nil,
            cacheKey: CacheKey(Digest(0, 0, 0, 0)),
            requestID: ""
        )
        self.ask = ask
        var opening = LedgerOpening()
        opening.rows = used.rows.map { row in
            LedgerOpening.Row(
                day: row.day,
                team: team,
                key: ask.key,
                upstreamKey: ask.upstreamKey,
                spent: row.spent,
                unconfirmed: row.unconfirmed
            )
        }
        book = BudgetBook(
            plan: BudgetPlan(timeZone: timeZone, teams: [team: budgets]),
            opening: opening,
            node: 0,
            at: start
        )
        self.grants = grants.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }[...]
    }

    /// Nil when a budget has no room for the estimate. Moments ascend from call to call.
    public mutating func admit(_ estimate: MicroCredits, at now: Timestamp) -> Reservation? {
        makeGrants(until: now)
        switch book.admit(ask, estimatedAt: estimate, at: now) {
        case .admitted(let reservation): return reservation
        case .denied: return nil
        }
    }

    /// Books what was charged without a reservation (L14); false, and nothing booked, when a budget had nothing left.
    public mutating func charge(_ credits: MicroCredits, at now: Timestamp) -> Bool {
        makeGrants(until: now)
        guard book.exhaustion(team: ask.team, key: ask.key, upstreamKey: ask.upstreamKey, at: now) == nil else {
            return false
        }
        if credits > .zero { end(book.charge(ask, credits, at: now), .settled(credits), at: now) }
        return true
    }

    /// Books how an admitted reservation ended, to the day of its admission.
    public mutating func end(_ reservation: Reservation, _ outcome: ReservationEnding.Outcome, at moment: Timestamp) {
        _ = book.end(ReservationEnding(reservation: reservation, outcome: outcome, endedAt: moment))
    }

    private mutating func makeGrants(until now: Timestamp) {
        while let grant = grants.first, grant.createdAt <= now {
            _ = book.add(grant, at: now)
            grants.removeFirst()
        }
    }

    /// How many requests its shadow budgets would have refused since the last call.
    public mutating func takeShadowRefusals() -> Int64 {
        book.shadows.take().reduce(0) { $0.saturatingAdd($1.count) }
    }
}

/// What a team had spent before a moment: a row for each day that is near enough to share a window with it, and one for
/// all earlier days, whose day is in no window but `total`.
public struct TeamUse: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
        public let day: BudgetDay
        public internal(set) var spent: MicroCredits
        public internal(set) var unconfirmed: MicroCredits
    }

    /// More days than a window has.
    private static let daysApart: Int32 = 32

    public private(set) var rows: [Row] = []
    private let end: BudgetDay

    /// - Parameter end: the first day that does not count.
    public init(before end: BudgetDay) { self.end = end }

    /// Adds amounts of a day before the end, in any order; sums stay at the greatest number there is.
    public mutating func add(spent: MicroCredits, unconfirmed: MicroCredits, on day: BudgetDay) {
        precondition(day < end, "a day that does not count")
        let far = BudgetDay(number: end.number - 2 * Self.daysApart)
        let day = day.number < end.number - Self.daysApart ? far : day
        if let index = rows.firstIndex(where: { $0.day == day }) {
            rows[index].spent = rows[index].spent.saturatingAdd(spent)
            rows[index].unconfirmed = rows[index].unconfirmed.saturatingAdd(unconfirmed)
        } else {
            rows.append(Row(day: day, spent: spent, unconfirmed: unconfirmed))
        }
    }
}
