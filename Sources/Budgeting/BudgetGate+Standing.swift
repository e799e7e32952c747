public import Vocabulary

/// Budgets as operators and teams see them, and the grants that operators make. Each call takes the lock.
extension BudgetGate {
    /// The budgets of one scope at this time; none for a scope that does not exist. The time it takes does not depend
    /// on the number of scopes.
    ///
    /// - Parameter days: how many days the spend is shown of, today included.
    public func standing(of scope: BudgetScope, days: Int32, at now: Timestamp) -> ScopeStanding {
        state.withLock { $0.book.standing(of: scope, days: days, at: now) }
    }

    /// What is unconfirmed and what is reserved in the whole organization, over all time.
    public var outstanding: (unconfirmed: MicroCredits, reserved: MicroCredits) {
        state.withLock { state in
            let balance = state.book.balances[0].days.total
            return (MicroCredits(clamping: balance.unconfirmed), MicroCredits(clamping: balance.reserved))
        }
    }

    /// The current budgets of all scopes. Let go of it before `set` is called on the same thread, which would copy the
    /// tables otherwise.
    public var plan: BudgetPlan { state.withLock { $0.book.plan } }

    /// The calendar of the days and windows.
    public var calendar: BudgetCalendar { state.withLock { $0.book.calendar } }

    /// The time zone whose days budgets and reports are kept by, and its calendar.
    public var timeZone: (name: String, calendar: BudgetCalendar) {
        state.withLock { ($0.book.plan.timeZone, $0.book.calendar) }
    }

    /// Makes a grant for the period that contains now. It counts once it is added, which must follow its being durable.
    public func makeGrant(_ terms: GrantTerms, at now: Timestamp) -> Grant {
        state.withLock { $0.book.makeGrant(terms, at: now) }
    }

    /// Adds a durable grant.
    public func add(_ grant: Grant, at now: Timestamp) {
        state.withLock { state in
            let position = state.book.add(grant, at: now)
            state.show(position)
        }
    }

    /// Withdraws a grant whose removal is durable. What was spent of it stays spent.
    public func removeGrant(_ id: Int64, of team: TeamID, at now: Timestamp) {
        state.withLock { state in
            if let position = state.book.removeGrant(id, of: team, at: now) { state.show(position) }
        }
    }
}
