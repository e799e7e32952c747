import Vocabulary

extension BudgetBook {
    /// An enforced or shadow budget without room for an ask.
    private struct Refusal {
        let scope: BudgetScope
        let budget: Budget
        /// The sum of the grants in force, in millionths.
        let granted: Int128
        let balance: Balance
        /// The days of its window; nil means all days.
        let days: Range<BudgetDay>?
        /// The amount that does not fit, in millionths.
        let amount: Int128

        private var neverFits: Bool { amount > Int128(budget.limit.micros) + granted }

        /// Whether this budget still refuses when the other no longer does: its limit is too small even for an empty
        /// window, or its window ends later. The window of all days never ends.
        func outlasts(_ other: Refusal) -> Bool {
            if neverFits != other.neverFits { return neverFits }
            guard let otherDays = other.days else { return false }
            guard let days else { return true }
            return days.upperBound > otherDays.upperBound
        }
    }

    /// Reserves the ask's estimate in all scopes, if it fits into all of them (L1).
    ///
    /// Every shadow budget without room is counted, whether the ask is admitted or another budget refuses it: the count
    /// says what that budget would have refused if it had been enforced.
    ///
    /// - Parameter id: for the reservation; nil to make one.
    mutating func admit(_ ask: ReservationAsk, id: ReservationID? = nil, at now: Timestamp) -> BudgetGate.Admission {
        admit(ask, estimatedAt: prices.estimate(ask, by: plan), id: id, at: now)
    }

    /// Does the same with an estimate that was made elsewhere.
    mutating func admit(
        _ ask: ReservationAsk,
        estimatedAt estimate: MicroCredits,
        id: ReservationID? = nil,
        at now: Timestamp
    ) -> BudgetGate.Admission {
        advance(to: now)
        let positions = takePositions(team: ask.team, key: ask.key, upstreamKey: ask.upstreamKey)
        if let denial = denial(of: estimate, in: positions) { return .denied(denial) }
        return .admitted(reserve(ask, estimate, positions: positions, id: id, at: now))
    }

    /// The denial of a request that reserves nothing: a budget that it would count in has nothing left.
    mutating func exhaustion(
        team: TeamID,
        key: TeamKeyID,
        upstreamKey: UpstreamKeyID,
        at now: Timestamp
    ) -> Denial? {
        advance(to: now)
        // Where no scope of a kind has a budget, none is looked up.
        let least = MicroCredits(micros: 1)
        var refusal = refusal(of: least, by: 0)
        if !plan.teams.isEmpty {
            refusal = Self.later(refusal, self.refusal(of: least, by: takePosition(.team(team))))
        }
        if !plan.keys.isEmpty {
            refusal = Self.later(refusal, self.refusal(of: least, by: takePosition(.key(key))))
        }
        if refusal == nil, !plan.upstreamKeys.isEmpty {
            refusal = self.refusal(of: least, by: takePosition(.upstreamKey(upstreamKey)))
        }
        return refusal.map { denial(for: $0, of: least) }
    }

    /// Reserves credits that the vendor has charged already, whether they fit or not (L14).
    mutating func charge(_ ask: ReservationAsk, _ credits: MicroCredits, at now: Timestamp) -> Reservation {
        precondition(credits > .zero, "a charge of nothing")
        advance(to: now)
        let positions = takePositions(team: ask.team, key: ask.key, upstreamKey: ask.upstreamKey)
        return reserve(ask, credits, positions: positions, at: now)
    }

    /// The denial of an amount by the budgets of all scopes that it would count in; nil if it fits into all of them.
    private mutating func denial(of estimate: MicroCredits, in positions: Positions) -> Denial? {
        let organization = refusal(of: estimate, by: positions.organization)
        let team = Self.later(organization, refusal(of: estimate, by: positions.team))
        let key = Self.later(team, refusal(of: estimate, by: positions.key))
        return (key ?? refusal(of: estimate, by: positions.upstreamKey)).map { denial(for: $0, of: estimate) }
    }

    /// The refusal that lasts longer; the first of two that last as long.
    private static func later(_ known: Refusal?, _ other: Refusal?) -> Refusal? {
        guard let other else { return known }
        if let known, !other.outlasts(known) { return known }
        return other
    }

    /// Returns the enforced budget of the scope without room whose window ends last; counts shadow budgets without
    /// room.
    private mutating func refusal(of estimate: MicroCredits, by position: Int) -> Refusal? {
        guard !balances[position].budgets.isEmpty else { return nil }
        var last: Refusal?
        for index in balances[position].budgets.indices {
            let budget = balances[position].budgets[index]
            let days = today.days(of: budget.window)
            let balance = balances[position].days.balance(over: days)
            let granted = granted(position, budget.window)
            if balance.committed + estimate.booked <= Int128(budget.limit.micros) + granted { continue }
            let refusal = Refusal(
                scope: balances[position].scope,
                budget: budget,
                granted: granted,
                balance: balance,
                days: days,
                amount: estimate.booked
            )
            if !budget.isEnforced {
                shadows.count(refusal.scope, budget.window, over: days)
            } else if last.map(refusal.outlasts) ?? true {
                last = refusal
            }
        }
        return last
    }

    /// Checks an upstream key's limit for a reservation that would move to it, in the windows of the reservation's own
    /// day; nil when it fits. An upstream key has no grants.
    func refusal(of amount: Int128, by position: Int, on day: BudgetDay) -> Denial? {
        for budget in balances[position].budgets where budget.isEnforced {
            let days = budget.window.days(around: day)
            let balance = balances[position].days.balance(over: days)
            if balance.committed + amount <= Int128(budget.limit.micros) { continue }
            let refusal = Refusal(
                scope: balances[position].scope,
                budget: budget,
                granted: 0,
                balance: balance,
                days: days,
                amount: amount
            )
            return denial(for: refusal, of: MicroCredits(clamping: amount))
        }
        return nil
    }

    private func denial(for refusal: Refusal, of estimate: MicroCredits) -> Denial {
        Denial(
            scope: refusal.scope,
            window: refusal.budget.window,
            limit: refusal.budget.limit,
            granted: MicroCredits(clamping: refusal.granted),
            spent: MicroCredits(clamping: refusal.balance.spent),
            unconfirmed: MicroCredits(clamping: refusal.balance.unconfirmed),
            reserved: MicroCredits(clamping: refusal.balance.reserved),
            estimate: estimate,
            resetsAt: refusal.days.map { start(of: $0.upperBound) }
        )
    }

    /// The least amount left in any enforced budget of the scope, at least zero; nil when it has none.
    func remaining(of position: Int) -> MicroCredits? {
        var least: Int128?
        for budget in balances[position].budgets where budget.isEnforced {
            let balance = balances[position].days.balance(over: today.days(of: budget.window))
            let limit = Int128(budget.limit.micros) + granted(position, budget.window)
            let left = max(limit - balance.committed, 0)
            least = min(least ?? left, left)
        }
        return least.map(MicroCredits.init(clamping:))
    }
}
