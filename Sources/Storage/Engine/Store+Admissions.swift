public import Budgeting
internal import Caching
import EventLoops
public import Vocabulary

/// Decisions about credits: in memory where this process alone spends, in the transaction where other nodes do.
extension Store {
    public func admit<Refusal: Error>(
        _ order: AdmissionOrder<Refusal>,
        whenDecided: () -> Void,
        then: @escaping @Sendable (Result<AdmissionAnswer<Refusal>, StoreFault>) -> Void
    ) {
        guard isShared else { return admitAlone(order, whenDecided: whenDecided, then: then) }
        let id = order.gate.makeID(at: SystemClock.wall())
        let decided = DecidedReservation()
        var operation = WriteOperation(
            isGathering: true,
            { try Self.decide(order, id, decided, on: $0) },
            then: then
        )
        operation.undo = { if let reservation = decided.take() { order.withdraw(reservation) } }
        operation.needs = SharedNeeds(
            scopes: order.scopes(),
            gate: order.gate,
            admission: SharedNeeds.Admission(id: id, claim: order.claim)
        )
        writer.submit(operation)
    }

    private func admitAlone<Refusal: Error>(
        _ order: AdmissionOrder<Refusal>,
        whenDecided: () -> Void,
        then: @escaping @Sendable (Result<AdmissionAnswer<Refusal>, StoreFault>) -> Void
    ) {
        switch order.decide(nil) {
        case .failure(let refused): then(.success(.refused(refused)))
        case .success(let reservation):
            reserve(reservation) { result in
                if case .failure = result { order.withdraw(reservation) }
                then(result.map { .admitted(reservation) })
            }
            whenDecided()
        }
    }

    /// In the transaction that has locked the scopes of the order.
    private static func decide<Refusal: Error>(
        _ order: AdmissionOrder<Refusal>,
        _ id: ReservationID,
        _ decided: DecidedReservation,
        on connection: StoreConnection
    ) throws -> AdmissionAnswer<Refusal> {
        if let claim = order.claim {
            guard let flight = connection.shared.claims[id] else {
                preconditionFailure("an admission whose claim was not made")
            }
            guard flight == id else {
                connection.gather { $0.flights.follow(flight) }
                return .elsewhere(flight)
            }
            if let after = claim.acceptsStoredAfter, let at = connection.shared.storedAt[claim.key], at > after {
                connection.gather { $0.flights.unclaim(claim.key, of: id) }
                return .stored
            }
        }
        switch order.decide(id) {
        case .failure(let refused):
            if let claim = order.claim { connection.gather { $0.flights.unclaim(claim.key, of: id) } }
            return .refused(refused)
        case .success(let reservation):
            decided.set(reservation)
            try LedgerTable.reserve(reservation, on: connection)
            if let claim = order.claim { connection.gather { $0.flights.begin(id, claim) } }
            return .admitted(reservation)
        }
    }

    public func move(
        _ reservation: Reservation,
        to key: UpstreamKeyID,
        by gate: BudgetGate,
        then: @escaping @Sendable (Result<BudgetGate.Moving, StoreFault>) -> Void
    ) {
        let left = reservation.ask.upstreamKey
        let undo: @Sendable () -> Void = { gate.withdrawMove(reservation) }
        guard isShared else {
            let moving = gate.move(reservation, to: key)
            guard case .moved(let moved) = moving else { return then(.success(moving)) }
            return performGathering({ try LedgerTable.move(moved, from: left, on: $0) }) { result in
                if case .failure = result { undo() }
                then(result.map { moving })
            }
        }
        var operation = WriteOperation(
            isGathering: true,
            { connection in
                let moving = gate.move(reservation, to: key)
                if case .moved(let moved) = moving { try LedgerTable.move(moved, from: left, on: connection) }
                return moving
            },
            then: then
        )
        operation.undo = undo
        operation.needs = SharedNeeds(scopes: [.upstreamKey(key)], gate: gate)
        writer.submit(operation)
    }

    public func follow(
        _ flight: ReservationID,
        then: @escaping @Sendable (Result<LandingAnswer, StoreFault>) -> Void
    ) {
        engine.follow(flight, then: then)
    }

    /// Sets whom other nodes' bookings, lessons and counts are told, so that what is shown of budgets has them.
    public func tellBudgets(to gate: BudgetGate) { engine.tellBudgets(to: gate) }
}

/// What an admission has decided in a transaction that is not committed yet. Guarded.
private final class DecidedReservation: Sendable {
    private let reservation = Guarded<Reservation?>(nil)

    func set(_ new: Reservation) { reservation.withLock { $0 = new } }

    func take() -> Reservation? { reservation.withLock { $0.take() } }
}
