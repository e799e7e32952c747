public import Vocabulary

/// The states of a reservation in the ledger. `docs/faults.md` §5, I3: each is followed by a later one only.
public enum ReservationState: String, Sendable, CaseIterable {
    case reserved, settled, released, unconfirmed
    /// Was unconfirmed until an operator stated the cost, or the vendor did too late.
    case resolved
}

/// One durable row of the ledger: a reservation and how it ended. Immutable.
public struct LedgerRow: Sendable, Equatable {
    /// Booked to the latest upstream key. The ledger does not keep the page count of the ask, so that is nil here.
    public let reservation: Reservation
    public let state: ReservationState
    /// The cost, if it is known: of a settled row as the vendor reported it, of a resolved one as the operator did.
    public let credits: MicroCredits?
    /// When it reached its state; nil while it is reserved.
    public let endedAt: Timestamp?

    public init(reservation: Reservation, state: ReservationState, credits: MicroCredits?, endedAt: Timestamp?) {
        self.reservation = reservation
        self.state = state
        self.credits = credits
        self.endedAt = endedAt
    }

    /// The row once an operator has stated the cost.
    public func resolved(by resolution: Resolution) -> LedgerRow {
        LedgerRow(
            reservation: reservation,
            state: .resolved,
            credits: resolution.credits,
            endedAt: resolution.resolvedAt
        )
    }
}

/// The cost of an unconfirmed reservation as an operator states it (L13). Immutable.
public struct Resolution: Sendable, Equatable {
    public let reservation: Reservation
    /// Zero or more.
    public let credits: MicroCredits
    public let resolvedAt: Timestamp

    public init(of reservation: Reservation, credits: MicroCredits, at resolvedAt: Timestamp) {
        self.reservation = reservation
        self.credits = credits
        self.resolvedAt = resolvedAt
    }

    /// The part of the cost that the estimate did not cover, in millionths.
    var excess: Int128 { max(credits.booked - reservation.estimate.booked, 0) }
}
