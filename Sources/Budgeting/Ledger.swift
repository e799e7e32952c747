public import Vocabulary

/// The durable record of budgets: reservations, their endings, and counts for reports.
///
/// Callable from any thread; never blocks. Each call is answered exactly once, on a thread of the ledger or, when it is
/// refused at once, on the caller's; a caller that needs the answer elsewhere posts it there. Success means durable,
/// even through a power failure; on any other answer nothing changed.
///
/// The result that a reservation paid for is stored with its ending, in one transaction, so that no crash separates
/// them. Budgets do not know its type: the user of the ledger chooses it.
public protocol Ledger<Companion>: Sendable {
    /// The result that may be stored together with the ending of a reservation.
    associatedtype Companion: Sendable

    /// Whether other nodes spend from the same store.
    var isShared: Bool { get }

    /// Decides about a request for credits, and makes the reservation durable: where no other node spends, `decide` has
    /// been called when this returns, else it is called in the transaction.
    ///
    /// - Parameter whenDecided: called before this returns if the request is admitted and only its being durable is
    ///   waited for: what is asked of the store there then shares the wait.
    func admit<Refusal: Error>(
        _ order: AdmissionOrder<Refusal>,
        whenDecided: () -> Void,
        then: @escaping @Sendable (Result<AdmissionAnswer<Refusal>, StoreFault>) -> Void
    )

    /// Books an open reservation to another upstream key if that one's month has room, so that a crash books it there
    /// too.
    ///
    /// - Parameter gate: decides. After success `moved` must be called on it.
    func move(
        _ reservation: Reservation,
        to key: UpstreamKeyID,
        by gate: BudgetGate,
        then: @escaping @Sendable (Result<BudgetGate.Moving, StoreFault>) -> Void
    )

    /// Waits for the landing of a flight of another node, which `admit` has named.
    ///
    /// - Parameter then: called once; with a fault when the store has not answered for some seconds.
    func follow(_ flight: ReservationID, then: @escaping @Sendable (Result<LandingAnswer, StoreFault>) -> Void)

    /// Ends a reservation: its ledger entry, the roll-ups of its day, what was learned and its companion, in one
    /// transaction.
    ///
    /// - Parameters:
    ///   - companion: replaces one with the same key; nil when there is nothing to store.
    ///   - then: `.repeated` when it had already ended, in any way: then nothing changed, the companion included.
    func end(
        _ ending: ReservationEnding,
        storing companion: Companion?,
        then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    )

    /// Makes a reservation and ends it, in one transaction: for what the vendor charged without one.
    ///
    /// - Parameter then: `.repeated` when it had already ended, as in `end`.
    func charge(_ ending: ReservationEnding, then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void)

    /// Adds counts to the roll-ups, and records when keys were used.
    func add(_ report: UsageReport, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Checks whether the store can write now. After a failure it does write, so that recovery is noticed even when
    /// nothing else is stored.
    func check(then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)
}

/// The answer to `end`.
public enum EndingAnswer: Sendable, Equatable { case done, repeated }
