public import Vocabulary

/// A share of a budget that is used up, at a moment.
public struct ThresholdCrossing: Sendable, Equatable {
    public let scope: BudgetScope
    public let budget: Budget
    /// The share, in millionths.
    public let threshold: Int64
    /// Limit and grants in force together: what it is a share of.
    public let limit: MicroCredits
    public let spent: MicroCredits
    public let unconfirmed: MicroCredits
    /// The first day of the window; day number 0 for `total`.
    public let start: BudgetDay
    /// When the next window starts; nil for `total`.
    public let resetsAt: Timestamp?
}

/// What alerts are raised from. Each call takes the lock.
extension BudgetGate {
    /// The crossed thresholds of some scopes. The time it takes is bounded by `count`.
    ///
    /// - Parameters:
    ///   - position: 0, or `next` of the call before.
    ///   - count: how many scopes are looked at.
    /// - Returns: the crossings, and where to go on; nil at the end.
    public func crossings(
        from position: Int,
        atMost count: Int,
        at now: Timestamp
    ) -> (crossings: [ThresholdCrossing], next: Int?) {
        state.withLock { $0.book.crossings(from: position, atMost: count, at: now) }
    }

    /// What a scope spent and left unconfirmed on the last days, today included.
    public func used(by scope: BudgetScope, lastDays count: Int32, at now: Timestamp) -> (
        spent: MicroCredits, unconfirmed: MicroCredits
    ) {
        state.withLock { $0.book.used(by: scope, lastDays: count, at: now) }
    }
}

extension BudgetBook {
    mutating func crossings(
        from position: Int,
        atMost count: Int,
        at now: Timestamp
    ) -> (crossings: [ThresholdCrossing], next: Int?) {
        advance(to: now)
        let end = min(position + count, balances.endIndex)
        var found: [ThresholdCrossing] = []
        for position in position..<max(position, end) {
            for budget in balances[position].budgets where !budget.alertAtMillionths.isEmpty {
                addCrossings(of: budget, in: position, to: &found)
            }
        }
        return (found, end < balances.endIndex ? end : nil)
    }

    /// What is unconfirmed counts, as it does against the limit; what is reserved may still cost nothing.
    private func addCrossings(of budget: Budget, in position: Int, to found: inout [ThresholdCrossing]) {
        let days = today.days(of: budget.window)
        let balance = balances[position].days.balance(over: days)
        let used = balance.spent + balance.unconfirmed
        guard used > 0 else { return }
        let limit = Int128(budget.limit.micros) + granted(position, budget.window)
        for threshold in budget.alertAtMillionths where used * 1_000_000 >= limit * Int128(threshold) {
            found.append(
                ThresholdCrossing(
                    scope: balances[position].scope,
                    budget: budget,
                    threshold: threshold,
                    limit: MicroCredits(clamping: limit),
                    spent: MicroCredits(clamping: balance.spent),
                    unconfirmed: MicroCredits(clamping: balance.unconfirmed),
                    start: today.start(of: budget.window),
                    resetsAt: days.map { start(of: $0.upperBound) }
                )
            )
        }
    }

    mutating func used(by scope: BudgetScope, lastDays count: Int32, at now: Timestamp) -> (
        spent: MicroCredits, unconfirmed: MicroCredits
    ) {
        advance(to: now)
        guard let position = position(of: scope) else { return (.zero, .zero) }
        let end = BudgetDay(number: today.day.number + 1)
        let balance = balances[position].days.balance(over: BudgetDay(number: end.number - count)..<end)
        return (MicroCredits(clamping: balance.spent), MicroCredits(clamping: balance.unconfirmed))
    }
}
