internal import Budgeting
internal import Registry
import Vocabulary

/// What became of a reservation, told by a process that has lost its seat: docs/nodes.md §3, "End from its state".
///
/// In a transaction without a fence, which proves nothing. The row is locked first, and its state decides: a sweep that
/// ends it as well, or an earlier attempt whose COMMIT was in doubt, comes before or after, and is seen. Confined to
/// the writer's thread.
struct LateEnding {
    private let now: Timestamp
    private let connection: StoreConnection

    init(at now: Timestamp, on connection: StoreConnection) {
        self.now = now
        self.connection = connection
    }

    /// Ends it as it ended. What the vendor charged settles a row that is reserved, and resolves one that is
    /// unconfirmed. Nothing is stored of the answer: nobody noted whether it was purged meanwhile.
    ///
    /// - Returns: what knows the answer when the transaction is committed.
    /// - Throws: `corrupt` when another process has given its identifier too.
    func end(_ ending: ReservationEnding) throws -> @Sendable () -> EndingAnswer {
        let reservation = ending.reservation
        guard let row = try lock(reservation.id) else {
            // A standby took over that had not got it.
            try LedgerTable.reserve(reservation, isBooked: false, on: connection)
            return Store.gather(ending, isCharge: true, storing: nil, on: connection)
        }
        let found = row.reservation
        guard found.createdAt == reservation.createdAt, found.ask.requestID == reservation.ask.requestID else {
            let detail = "two processes have given the identifier \(reservation.id.rawValue) of a reservation"
            throw StoreFault(code: .corrupt, detail: detail)
        }
        switch row.state {
        case .reserved:
            // Its upstream key is that of the row: a move may have been lost.
            return Store.gather(ending.of(found), storing: nil, on: connection)
        case .unconfirmed:
            switch ending.outcome {
            case .settled(let credits): try resolve(row, credits)
            case .released: try resolve(row, .zero)
            case .unconfirmed: return { .repeated }
            }
            return { .done }
        case .settled, .released, .resolved: return { .repeated }
        }
    }

    /// Ends one that the vendor has not heard of, if it was made.
    func release(_ id: ReservationID) throws {
        guard let row = try lock(id) else { return }
        switch row.state {
        case .reserved:
            let ending = ReservationEnding(reservation: row.reservation, outcome: .released, endedAt: now)
            _ = Store.gather(ending, storing: nil, on: connection)
        case .unconfirmed: try resolve(row, .zero)
        case .settled, .released, .resolved: break
        }
    }

    private func lock(_ id: ReservationID) throws -> LedgerRow? {
        let statement = try connection.statement("SELECT id FROM ledger WHERE id = ?1 FOR UPDATE")
        statement.bind(id.rawValue, at: 1)
        try statement.run()
        return try LedgerTable.row(id, on: connection)
    }

    private func resolve(_ row: LedgerRow, _ credits: MicroCredits) throws {
        let resolution = Resolution(of: row.reservation, credits: credits, at: now)
        let id = row.reservation.id
        let text = { (row: LedgerRow) in
            Array("{\"state\": \"\(row.state.rawValue)\", \"credits\": \(row.credits.map { "\($0)" } ?? "null")}".utf8)
        }
        let entry = AuditEntry(
            at: now,
            actor: "node \(id.node), late",
            role: "program",
            action: "reservation.resolve",
            target: "reservation/\(id.rawValue)",
            address: "",
            before: text(row),
            after: text(row.resolved(by: resolution))
        )
        guard try Store.resolve(resolution, audit: entry, on: connection) == .done else {
            preconditionFailure("a row that is locked has changed")
        }
    }
}

extension ReservationEnding {
    /// The same ending, of the reservation as the ledger has it.
    fileprivate func of(_ reservation: Reservation) -> ReservationEnding {
        ReservationEnding(
            reservation: reservation,
            outcome: outcome,
            endedAt: endedAt,
            lesson: lesson,
            question: question
        )
    }
}
