import Vocabulary

/// The book together with the dials that show parts of it: what the gate's lock is around.
///
/// Whoever changes the book shows the accounts that changed before the lock is given back.
struct MeteredBook {
    var book: BudgetBook
    /// By seat; nil where no meter shows the account. A dial once handed out stays the account's for good.
    private(set) var dials: [MeterDial?] = []

    init(book: BudgetBook) { self.book = book }

    /// The dial of the scope's account, set to the present.
    mutating func dial(of scope: BudgetScope) -> MeterDial {
        let seat = book.takeSeat(scope)
        while dials.count <= seat { dials.append(nil) }
        if let dial = dials[seat] { return dial }
        let dial = MeterDial(seat: seat)
        dials[seat] = dial
        show(seat)
        return dial
    }

    /// Takes other limits of one scope, and shows them.
    mutating func set(_ budgets: [Budget], of scope: BudgetScope, at now: Timestamp) {
        if let seat = book.set(budgets, of: scope, at: now) { show(seat) }
    }

    /// Sets the dial of an account, if there is one, to what the book has.
    func show(_ seat: Int) {
        guard seat < dials.count, let dial = dials[seat] else { return }
        dial.show(book.remaining(of: seat), during: book.today.instants)
    }

    /// Sets the dials of accounts that changed; the upstream key's has none. False for nil: nothing changed.
    @discardableResult
    func show(_ seats: BudgetBook.Seats?) -> Bool {
        guard let seats else { return false }
        show(seats.organization)
        show(seats.team)
        show(seats.key)
        return true
    }
}
