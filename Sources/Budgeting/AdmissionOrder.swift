public import Vocabulary

/// A request for credits as a store is asked to decide and keep it, in one step. A message.
///
/// Where the gateway's own memory has all balances, `decide` is called at once. Where other nodes spend too, the store
/// calls it within its transaction, with the scopes locked and `gate` told what the others have booked; it may call it
/// again after `withdraw`, when the transaction has to be repeated.
public struct AdmissionOrder<Refusal: Error>: Sendable {
    /// Answers with a reservation that is held in memory, or with what speaks against it.
    public typealias Decision = Result<Reservation, Refusal>

    /// All whose budgets are asked.
    public let scopes: @Sendable () -> [BudgetScope]
    /// What is told of other nodes' bookings before the decision.
    public let gate: BudgetGate
    /// The question that no other node may have under way; nil for a request that shares nothing.
    public let claim: QuestionClaim?
    /// - Parameter id: of the reservation; nil to make one.
    public let decide: @Sendable (_ id: ReservationID?) -> Decision
    /// Undoes what was decided; it did not become durable.
    public let withdraw: @Sendable (Reservation) -> Void

    public init(
        scopes: @escaping @Sendable () -> [BudgetScope],
        gate: BudgetGate,
        claim: QuestionClaim?,
        decide: @escaping @Sendable (ReservationID?) -> Decision,
        withdraw: @escaping @Sendable (Reservation) -> Void
    ) {
        self.scopes = scopes
        self.gate = gate
        self.claim = claim
        self.decide = decide
        self.withdraw = withdraw
    }
}

/// A question that is to be asked of the vendor once over all nodes, and what a purge may concern of it. Immutable.
public struct QuestionClaim: Sendable, Equatable {
    public let key: CacheKey
    public let account: AccountID
    public let documentID: String
    public let team: TeamID
    /// The saved classifier that is asked, folded; nil for a question with a schema of its own.
    public let classifier: String?
    /// Only a result stored later than this answers it, and at all only if it is not nil.
    public let acceptsStoredAfter: Timestamp?

    public init(
        key: CacheKey,
        account: AccountID,
        documentID: String,
        team: TeamID,
        classifier: String?,
        acceptsStoredAfter: Timestamp?
    ) {
        self.key = key
        self.account = account
        self.documentID = documentID
        self.team = team
        self.classifier = classifier
        self.acceptsStoredAfter = acceptsStoredAfter
    }
}

/// The answer to an order.
public enum AdmissionAnswer<Refusal: Sendable>: Sendable {
    /// Held, and durable.
    case admitted(Reservation)
    case refused(Refusal)
    /// Another node has stored a result of the question meanwhile.
    case stored
    /// Another node has the question under way, under this reservation.
    case elsewhere(ReservationID)
}
