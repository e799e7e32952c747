import Vocabulary

/// The book together with the dials that show parts of it: what the gate's lock is around.
///
/// A change of the book shows the balances that changed before the lock is given back.
struct MeteredBook {
    var book: BudgetBook
    /// By position; nil where no meter shows the balance. A dial once handed out stays that scope's for good.
    private(set) var dials: [MeterDial?] = []

    init(book: BudgetBook) { self.book = book }

    /// The dial of the scope, set to the present.
    mutating func dial(of scope: BudgetScope) -> MeterDial {
        let position = book.takePosition(scope)
        while dials.count <= position { dials.append(nil) }
        if let dial = dials[position] { return dial }
        let dial = MeterDial(position: position)
        dials[position] = dial
        show(position)
        return dial
    }

    /// Takes other limits of one scope, and shows them.
    mutating func set(_ budgets: [Budget], of scope: BudgetScope, at now: Timestamp) {
        if let position = book.set(budgets, of: scope, at: now) { show(position) }
    }

    /// Sets the dial of a balance, if there is one, to what the book has.
    func show(_ position: Int) {
        guard position < dials.count, let dial = dials[position] else { return }
        dial.show(book.remaining(of: position), during: book.today.instants)
    }

    /// Sets the dials of balances that changed; the upstream key's has none. False for nil: nothing changed.
    @discardableResult
    func show(_ positions: BudgetBook.Positions?) -> Bool {
        guard let positions else { return false }
        show(positions.organization)
        show(positions.team)
        show(positions.key)
        return true
    }
}
