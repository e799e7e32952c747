public import Vocabulary

/// How often shadow budgets would have refused. Each call takes the lock.
extension BudgetGate {
    /// Takes the refusals counted since the previous call.
    public func takeShadowRefusals() -> [ShadowRefusals] { state.withLock { $0.book.shadows.take() } }

    /// The store has these refusals now, which were taken. To be called on the store's thread, before it reads any for
    /// `replaceShadowRefusals`.
    public func noteStored(_ refusals: [ShadowRefusals]) { state.withLock { $0.book.shadows.noteStored(refusals) } }

    /// Takes over what the store has of windows that go on, from this node and from others.
    public func replaceShadowRefusals(_ refusals: [ShadowRefusals]) {
        state.withLock { $0.book.shadows.replaceStored(refusals) }
    }

    /// The current windows of shadow budgets.
    ///
    /// - Parameters:
    ///   - position: 0, or `next` of the previous call.
    ///   - count: the maximum number of scopes that are looked at.
    /// - Returns: the windows, and where to go on; nil at the end.
    public func shadowWindows(
        from position: Int,
        atMost count: Int,
        at now: Timestamp
    ) -> (windows: [ShadowWindow], next: Int?) {
        state.withLock { $0.book.shadowWindows(from: position, atMost: count, at: now) }
    }
}

extension BudgetBook {
    mutating func shadowWindows(
        from position: Int,
        atMost count: Int,
        at now: Timestamp
    ) -> (windows: [ShadowWindow], next: Int?) {
        advance(to: now)
        let end = min(position + count, balances.endIndex)
        var windows: [ShadowWindow] = []
        for balance in balances[min(position, end)..<end] {
            for budget in balance.budgets where !budget.isEnforced {
                let start = today.start(of: budget.window)
                windows.append(ShadowWindow(scope: balance.scope, window: budget.window, start: start))
            }
        }
        return (windows, end < balances.endIndex ? end : nil)
    }
}
