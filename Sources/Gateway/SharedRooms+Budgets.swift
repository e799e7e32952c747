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

    /// The time zone whose days budgets and reports are kept by, and its calendar.
    public var timeZone: (name: String, calendar: BudgetCalendar) { credits.timeZone }

    /// The crossed thresholds of some scopes; see `BudgetGate.crossings`.
    public func crossings(
        from position: Int,
        atMost count: Int,
        at now: Timestamp
    ) -> (crossings: [ThresholdCrossing], next: Int?) {
        credits.crossings(from: position, atMost: count, at: now)
    }

    /// What the organization spent and left unconfirmed on the last days, today included.
    public func used(lastDays count: Int32, at now: Timestamp) -> (spent: MicroCredits, unconfirmed: MicroCredits) {
        credits.used(by: .organization, lastDays: count, at: now)
    }

    /// Lets every worker report its counts, so that roll-ups that are read then have those of all replies so far.
    ///
    /// - Parameter then: called once, on any thread, after about a second at most; with the fault if some of the counts
    ///   could not be stored.
    public func flushUsage(then: @escaping @Sendable (StoreFault?) -> Void) {
        let mailboxes = workers.withLock { $0 }
        guard !mailboxes.isEmpty else { return then(nil) }
        let answers = FlushAnswers(of: mailboxes.count, then: then)
        for mailbox in mailboxes { mailbox.post(.reportUsage(then: { answers.add($0) })) }
    }

    /// Asks the store for something when it has the counts of all replies so far.
    ///
    /// - Parameters:
    ///   - then: called instead, with the fault, if some of the counts could not be stored.
    ///   - ask: called once, on any thread, after about a second at most.
    public func flushUsage<Answer>(
        then: @escaping @Sendable (Result<Answer, StoreFault>) -> Void,
        ask: @escaping @Sendable () -> Void
    ) {
        flushUsage { fault in
            if let fault { then(.failure(fault)) } else { ask() }
        }
    }

    /// Reads what a team's requests came to in the month of `now`, those of this moment included.
    func readUsage(
        of team: TeamID,
        at now: Timestamp,
        then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void
    ) {
        guard let month = BudgetWindow.month.days(around: credits.today(at: now)) else {
            preconditionFailure("a month without days")
        }
        flushUsage(then: then) { [store] in store.usage(of: team, over: month, then: then) }
    }
}

/// Gathers the answers of all workers to one flush. Guarded.
private final class FlushAnswers: Sendable {
    private let state: Guarded<(remaining: Int, fault: StoreFault?)>
    private let then: @Sendable (StoreFault?) -> Void

    init(of count: Int, then: @escaping @Sendable (StoreFault?) -> Void) {
        state = Guarded((count, nil))
        self.then = then
    }

    func add(_ fault: StoreFault?) {
        let (isLast, fault) = state.withLock { state in
            state.remaining -= 1
            state.fault = state.fault ?? fault
            return (state.remaining == 0, state.fault)
        }
        if isLast { then(fault) }
    }
}
