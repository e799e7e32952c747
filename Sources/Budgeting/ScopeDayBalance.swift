public import Vocabulary

/// What one or several nodes have booked to a scope on a day, in millionths of credits.
///
/// A part of it may be negative: what one node has reserved, another one may end. Only the sum over all nodes means
/// something.
public struct ScopeDayBalance: Sendable, Equatable {
    public let scope: BudgetScope
    public let day: BudgetDay
    public let spent: Int128
    public let unconfirmed: Int128
    public let reserved: Int128

    public init(scope: BudgetScope, day: BudgetDay, spent: Int128, unconfirmed: Int128, reserved: Int128) {
        self.scope = scope
        self.day = day
        self.spent = spent
        self.unconfirmed = unconfirmed
        self.reserved = reserved
    }

    var balance: Balance { Balance(spent: spent, unconfirmed: unconfirmed, reserved: reserved) }
}

/// Budgets that several nodes spend from. Each call takes the lock.
extension BudgetGate {
    /// An identifier for a reservation that may come about, made before its question is claimed among all nodes.
    public func makeID(at now: Timestamp) -> ReservationID { state.withLock { $0.book.makeID(at: now) } }

    /// Replaces what is known of other nodes' bookings to some scopes, as it was read under the locks of these scopes.
    /// What is admitted next counts it.
    ///
    /// - Parameter rows: all that other nodes have booked to these scopes.
    public func replaceElsewhere(of scopes: Set<BudgetScope>, by rows: [ScopeDayBalance]) {
        state.withLock { state in
            state.book.replaceElsewhere(of: scopes, by: rows)
            for scope in scopes { if let position = state.book.position(of: scope) { state.show(position) } }
        }
    }

    /// Replaces what is known of other nodes' bookings on some days, for what is shown of budgets. On the thread that
    /// the other method is called on, since what is older must not replace what is newer.
    ///
    /// - Parameter rows: one for each scope and day.
    public func replaceElsewhere(on rows: [ScopeDayBalance]) {
        state.withLock { state in
            for position in Set(state.book.replaceElsewhere(on: rows)) { state.show(position) }
        }
    }
}
