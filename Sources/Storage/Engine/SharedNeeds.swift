internal import Budgeting
internal import Caching
import Vocabulary

/// What an operation decides by, where several nodes share the store: it is locked and read for all operations of a
/// transaction together, before any of them runs. A message.
struct SharedNeeds: Sendable {
    /// For an admission: the identifier that its reservation would have.
    struct Admission: Sendable {
        let id: ReservationID
        let claim: QuestionClaim?
    }

    /// Scopes whose balances are asked for, under their locks.
    var scopes: [BudgetScope] = []
    /// Whom other nodes' balances are told; nil where no scope is named.
    var gate: BudgetGate?
    var admission: Admission?
    /// For the ending of a call about this document: the identifier of its flight.
    var ending: (flight: ReservationID, documentID: String)?

    /// Whether it is done after those that are not: what ends counts before what begins is decided.
    var isDecision: Bool { gate != nil }
}

/// What was locked and read for the operations of a transaction.
struct SharedReading {
    struct Flight {
        /// False once a purge concerned it.
        let isStorable: Bool
        /// Whether another node waits for its landing.
        let isAwaited: Bool
    }

    /// By the identifiers of admissions: the flight that has their question, which is their own when they have claimed
    /// it.
    var claims: [ReservationID: ReservationID] = [:]
    /// Those that end.
    var flights: [ReservationID: Flight] = [:]
    /// When results of claimed questions were stored.
    var storedAt: [CacheKey: Timestamp] = [:]
    /// Documents that are being changed.
    var changing: Set<String> = []

    /// Whether nothing may be stored of the answer that ends a flight: it was purged meanwhile, or was taken for one of
    /// a dead node, or its document is being changed.
    func isOvertaken(_ flight: ReservationID, about documentID: String) -> Bool {
        guard let found = flights[flight] else { return true }
        return !found.isStorable || changing.contains(documentID)
    }
}
