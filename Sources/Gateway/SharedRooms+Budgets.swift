public import Budgeting
import EventLoops
import Reporting
public import Vocabulary

/// Budgets as operators and teams see them, and grants. Any thread.
extension SharedRooms {
    /// The budgets of one scope with what is left of them; none for a scope that does not exist.
    public func standing(of scope: BudgetScope, at now: Timestamp) -> ScopeStanding {
        credits.standing(of: scope, days: RunOutForecast.days, at: now)
    }

    /// The current budgets of all scopes; see `BudgetGate.plan`.
    public var budgetPlan: BudgetPlan { credits.plan }

    /// The calendar of the budgets' days.
    public var budgetCalendar: BudgetCalendar { credits.calendar }

    /// Makes a grant for the period that contains now. It counts once it is added, which must follow its being durable.
    public func makeGrant(_ terms: GrantTerms) -> Grant { credits.makeGrant(terms, at: SystemClock.wall()) }

    /// Adds a durable grant.
    public func add(_ grant: Grant) { credits.add(grant, at: SystemClock.wall()) }

    /// Withdraws a grant whose removal is durable; what was spent of it stays spent.
    public func removeGrant(_ id: Int64, of team: TeamID) {
        credits.removeGrant(id, of: team, at: SystemClock.wall())
    }

    /// Reads what a team's requests came to in the month of `now`, from the roll-ups. They lack the counts that workers
    /// have not reported yet, those of the last second.
    func readUsage(
        of team: TeamID,
        at now: Timestamp,
        then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void
    ) {
        guard let month = BudgetWindow.month.days(around: credits.today(at: now)) else {
            preconditionFailure("a month without days")
        }
        store.usage(of: team, over: month, then: then)
    }
}
