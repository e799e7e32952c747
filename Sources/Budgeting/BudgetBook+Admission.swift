import Vocabulary

extension BudgetBook {
    /// A budget that has no room for an ask.
    private struct Refusal {
        let scope: BudgetScope
        let budget: Budget
        let balance: Balance
        /// The days of its window; nil stands for all days.
        let days: Range<BudgetDay>?
        /// What does not fit, in millionths.
        let amount: Int128

        private var neverFits: Bool { amount > Int128(budget.limit.micros) }

        /// Whether it still refuses when the other does not any more: it has a limit that is too small in any window, or its
        /// window ends later, which that of all days never does.
        func outlasts(_ other: Refusal) -> Bool {
            if neverFits != other.neverFits { return neverFits }
            guard let otherDays = other.days else { return false }
            guard let days else { return true }
            return days.upperBound > otherDays.upperBound
        }
    }

    /// Reserves in all scopes what the ask is supposed to cost, if that fits into all of them (L1).
    ///
    /// Each shadow budget that has no room is counted, be the ask admitted or refused by another budget: what it tells is
    /// what it would have done if it had been enforced, whichever others are.
    mutating func admit(_ ask: ReservationAsk, at now: Timestamp) -> BudgetGate.Admission {
        advance(to: now)
        let positions = takePositions(team: ask.team, key: ask.key, upstreamKey: ask.upstreamKey)
        let estimate = prices.estimate(ask, by: plan)
        var refusal = refusal(of: estimate, by: positions.organization)
        for position in [positions.team, positions.key] {
            guard let other = self.refusal(of: estimate, by: position) else { continue }
            if let known = refusal, !other.outlasts(known) { continue }
            refusal = other
        }
        if let refusal = refusal ?? self.refusal(of: estimate, by: positions.upstreamKey) {
            return .denied(denial(for: refusal, of: estimate))
        }
        return .admitted(reserve(ask, estimate, positions: positions, at: now))
    }

    /// The scope's enforced budget that has no room and whose window ends last; counts the shadow ones.
    private mutating func refusal(of estimate: MicroCredits, by position: Int) -> Refusal? {
        var last: Refusal?
        for index in balances[position].budgets.indices {
            let budget = balances[position].budgets[index]
            let days = today.days(of: budget.window)
            let balance = balances[position].days.balance(over: days)
            if balance.committed + estimate.booked <= Int128(budget.limit.micros) { continue }
            let refusal = Refusal(
                scope: balances[position].scope,
                budget: budget,
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

    /// What an upstream key's limit says to a reservation of another day that would move to it; nil when it fits.
    func refusal(of amount: Int128, by position: Int, on day: BudgetDay) -> Denial? {
        for budget in balances[position].budgets where budget.isEnforced {
            let days = budget.window.days(around: day)
            let balance = balances[position].days.balance(over: days)
            if balance.committed + amount <= Int128(budget.limit.micros) { continue }
            let refusal = Refusal(
                scope: balances[position].scope,
                budget: budget,
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
            spent: MicroCredits(clamping: refusal.balance.spent),
            unconfirmed: MicroCredits(clamping: refusal.balance.unconfirmed),
            reserved: MicroCredits(clamping: refusal.balance.reserved),
            estimate: estimate,
            resetsAt: refusal.days.map { start(of: $0.upperBound) }
        )
    }

    /// The least that is left in any of the scope's enforced budgets, at least nothing; nil when it has none.
    func remaining(of position: Int) -> MicroCredits? {
        var least: Int128?
        for budget in balances[position].budgets where budget.isEnforced {
            let balance = balances[position].days.balance(over: today.days(of: budget.window))
            let left = max(Int128(budget.limit.micros) - balance.committed, 0)
            least = min(least ?? left, left)
        }
        return least.map(MicroCredits.init(clamping:))
    }
}
