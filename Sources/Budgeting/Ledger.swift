public import Vocabulary

/// What budgets need kept beyond memory: reservations and what became of them, counts for reports.
///
/// Callable from any thread and never blocking. Each call is answered exactly once, on a thread of the ledger's own or,
/// when it is refused at once, on the caller's; a caller that needs the answer elsewhere posts it there. An answer that says
/// success is durable, through a power failure too; after one that does not, nothing was changed.
///
/// What a reservation paid for is stored with its ending, in the same transaction, so that no crash separates them.
/// Budgets need not know what that is: it is a type that the user of the ledger chooses.
public protocol Ledger<Companion>: Sendable {
    /// What may be stored together with the ending of a reservation.
    associatedtype Companion: Sendable

    /// Makes a reservation durable. One of the same identifier that is there already is the same one: a success.
    func reserve(_ reservation: Reservation, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Books an open reservation to the upstream key that it names now, so that a crash books it there too.
    func move(_ reservation: Reservation, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Ends a reservation: its ledger entry, the roll-ups of its day, what was learned and its companion, in one
    /// transaction.
    ///
    /// - Parameters:
    ///   - companion: takes the place of one of the same key; nil where there is nothing to store.
    ///   - then: `.repeated` when it had ended before, however: then nothing is changed, the companion included.
    func end(
        _ ending: ReservationEnding,
        storing companion: Companion?,
        then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    )

    /// Adds counts to the roll-ups, and notes when keys were used.
    ///
    /// - Parameter uses: of each key the later moment is kept, in whatever order they come.
    func add(
        _ usage: [UsageRow],
        _ refusals: [ShadowRefusals],
        uses: [TeamKeyUse],
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    )

    /// Finds out whether anything can be stored now. After a failure it really writes, so that the end of the trouble
    /// is noticed even when nothing else is stored.
    func check(then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)
}

/// What became of `end`.
public enum EndingAnswer: Sendable, Equatable { case done, repeated }
