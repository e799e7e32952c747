/// Resolutions of unconfirmed reservations (L13). Each call takes the lock.
extension BudgetGate {
    /// Holds the part of the cost that the estimate does not cover. `resolve` or `withdraw` must follow with the same
    /// value, when it is known whether the resolution became durable.
    public func hold(_ resolution: Resolution) {
        state.withLock { state in
            let positions = state.book.hold(resolution)
            state.show(positions)
        }
    }

    /// Books a durable resolution to the reservation's own day.
    public func resolve(_ resolution: Resolution) {
        state.withLock { state in
            let positions = state.book.resolve(resolution)
            state.show(positions)
        }
    }

    /// Undoes the hold of a resolution that did not become durable.
    public func withdraw(_ resolution: Resolution) {
        state.withLock { state in
            let positions = state.book.withdraw(resolution)
            state.show(positions)
        }
    }
}
