public import Vocabulary

/// One budget with what is granted to it, spent of it and left in it, at one moment.
public struct BudgetStanding: Sendable, Equatable {
    public let budget: Budget
    /// The sum of the grants in force, beside `budget.limit`.
    public let granted: MicroCredits
    public let spent: MicroCredits
    public let unconfirmed: MicroCredits
    public let reserved: MicroCredits
    /// Of limit and grants together; at least zero.
    public let remaining: MicroCredits
    /// The first day of the next window; nil for `total`, which never ends.
    public let nextStart: BudgetDay?
    /// How many requests it would have refused in this window; 0 for an enforced budget.
    public let shadowRefusals: Int64
}

/// All budgets of one scope at one moment, with the scope's spend of the last days.
public struct ScopeStanding: Sendable {
    public let scope: BudgetScope
    /// The moment.
    public let at: Timestamp
    /// Days and windows are this calendar's.
    public let calendar: BudgetCalendar
    public let budgets: [BudgetStanding]
    /// What was spent or left unconfirmed on each of the last days that has any, the earliest first.
    public let used: [(day: BudgetDay, credits: MicroCredits)]
}

extension BudgetBook {
    /// - Parameter days: how many days the spend is shown of, today included.
    mutating func standing(of scope: BudgetScope, days: Int32, at now: Timestamp) -> ScopeStanding {
        advance(to: now)
        guard let position = position(of: scope) else {
            return ScopeStanding(scope: scope, at: now, calendar: calendar, budgets: [], used: [])
        }
        let first = BudgetDay(number: today.day.number - days + 1)
        return ScopeStanding(
            scope: scope,
            at: now,
            calendar: calendar,
            budgets: balances[position].budgets.map { standing(of: $0, in: position) },
            used: balances[position].days.used(since: first)
        )
    }

    private func standing(of budget: Budget, in position: Int) -> BudgetStanding {
        let days = today.days(of: budget.window)
        let balance = balances[position].days.balance(over: days)
        let granted = granted(position, budget.window)
        let left = Int128(budget.limit.micros) + granted - balance.committed
        let start = today.start(of: budget.window)
        return BudgetStanding(
            budget: budget,
            granted: MicroCredits(clamping: granted),
            spent: MicroCredits(clamping: balance.spent),
            unconfirmed: MicroCredits(clamping: balance.unconfirmed),
            reserved: MicroCredits(clamping: balance.reserved),
            remaining: MicroCredits(clamping: max(left, 0)),
            nextStart: days?.upperBound,
            shadowRefusals: budget.isEnforced
                ? 0 : shadows.total(of: balances[position].scope, budget.window, start: start)
        )
    }
}
