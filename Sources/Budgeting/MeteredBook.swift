import Vocabulary

/// The book together with the dials that show parts of it: the state under the gate's lock.
///
/// A change of the book updates the dials of the changed balances before the lock is released.
struct MeteredBook {
    var book: BudgetBook
    /// By position; nil where no meter shows the balance. A dial that was handed out stays with its scope.
    private(set) var dials: [MeterDial?] = []

    init(book: BudgetBook) { self.book = book }

    /// The dial of the scope, set to its current balance.
    mutating func dial(of scope: BudgetScope) -> MeterDial {
        let position = book.takePosition(scope)
        while dials.count <= position { dials.append(nil) }
        if let dial = dials[position] { return dial }
        let dial = MeterDial(position: position)
        dials[position] = dial
        show(position)
        return dial
    }

    /// Replaces the limits of one scope and updates its dial.
    mutating func set(_ budgets: [Budget], of scope: BudgetScope, at now: Timestamp) {
        if let position = book.set(budgets, of: scope, at: now) { show(position) }
    }

    /// Sets the dial of a balance, if there is one, from the book.
    func show(_ position: Int) {
        guard position < dials.count, let dial = dials[position] else { return }
        dial.show(book.remaining(of: position), during: book.instants(of: position))
    }

    /// Sets the dials of changed balances; upstream keys have none. False for nil: nothing changed.
    @discardableResult
    func show(_ positions: BudgetBook.Positions?) -> Bool {
        guard let positions else { return false }
        show(positions.organization)
        show(positions.team)
        show(positions.key)
        return true
    }
}
