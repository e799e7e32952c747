internal import Budgeting
import Vocabulary

/// The statements on `ledger`: a row for each reservation, which begins as reserved and ends once.
enum LedgerTable {
    /// The numbers of the column `state`; SQL below has them as literals where an index is for one of them alone.
    enum State: Int64 {
        case reserved = 0
        case settled = 1
        case released = 2
        case unconfirmed = 3
        /// Was unconfirmed until an operator said what it cost, or the vendor did too late.
        case resolved = 4
    }

    /// Adds the reservation; one that is there stays as it is, ended or not.
    ///
    /// - Parameter isBooked: whether it is held in the balances; else its ending books what it came to.
    static func reserve(
        _ reservation: Reservation,
        isBooked: Bool = true,
        on connection: StoreConnection
    ) throws {
        if connection.hasLedgerFloor { try LedgerFloorTable.admit(reservation.id, on: connection) }
        let ask = reservation.ask
        let statement = try connection.statement(
            """
            INSERT INTO ledger (id, day, team, key, account, upstream_key, document_id, model, cache_key, request_id,
                state, estimate, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12)
            ON CONFLICT (id) DO NOTHING
            """
        )
        statement.bind(reservation.id.rawValue, at: 1)
        statement.bind(Int64(reservation.day.number), at: 2)
        statement.bind(ask.team.rawValue, at: 3)
        statement.bind(ask.key.rawValue, at: 4)
        statement.bind(ask.account.rawValue, at: 5)
        statement.bind(ask.upstreamKey.rawValue, at: 6)
        statement.bind(ask.documentID, at: 7)
        statement.bind(ask.model, atMost: StoredText.modelBytesMax, at: 8)
        statement.bind(ask.cacheKey, at: 9)
        statement.bind(ask.requestID, at: 10)
        statement.bind(reservation.estimate, at: 11)
        statement.bind(reservation.createdAt, at: 12)
        try statement.run()
        guard isBooked, connection.isShared else { return }
        let held = BalanceChanges.Amounts(reserved: reservation.estimate.amount)
        connection.gather { $0.balances.add(held, for: reservation) }
    }

    /// Ends the reservation.
    ///
    /// - Parameter then: told whether it was reserved; else it stays as it is.
    static func end(
        _ ending: ReservationEnding,
        on connection: StoreConnection,
        then: @escaping (Bool) -> Void
    ) throws {
        let (state, credits): (State, MicroCredits?) =
            switch ending.outcome {
            case .settled(let credits): (.settled, credits)
            case .released: (.released, nil)
            case .unconfirmed: (.unconfirmed, nil)
            }
        let statement = try connection.statement(
            "UPDATE ledger SET state = ?2, credits = ?3, ended_at = ?4 WHERE id = ?1 AND state = 0"
        )
        let id = ending.reservation.id
        statement.bind(id.rawValue, at: 1)
        statement.bind(state.rawValue, at: 2)
        statement.bind(credits, at: 3)
        statement.bind(ending.endedAt, at: 4)
        try statement.sendCounting { then($0 == 1) }
    }

    /// Calls `then` if the reservation is in the ledger, in any state: at once, or with the next `receive`.
    static func lookUp(_ id: ReservationID, on connection: StoreConnection, then: @escaping () -> Void) throws {
        let statement = try connection.statement("SELECT id FROM ledger WHERE id = ?1")
        statement.bind(id.rawValue, at: 1)
        try statement.sendForEachRow(about: "a reservation") { _ in then() }
    }

    /// Books the open reservation to another upstream key.
    ///
    /// - Parameter left: the key that it was booked to.
    static func move(_ reservation: Reservation, from left: UpstreamKeyID, on connection: StoreConnection) throws {
        let statement = try connection.statement("UPDATE ledger SET upstream_key = ?2 WHERE id = ?1 AND state = 0")
        statement.bind(reservation.id.rawValue, at: 1)
        statement.bind(reservation.ask.upstreamKey.rawValue, at: 2)
        guard try statement.runCounting() == 1 else {
            // It was answered as durable, and what moves it is also what ends it: the store has lost something.
            throw StoreFault(
                code: .corrupt,
                detail: "the reservation \(reservation.id.rawValue) is not open in the ledger"
            )
        }
        guard connection.isShared else { return }
        let amount = reservation.estimate.amount
        connection.gather { gathered in
            let day = reservation.day
            gathered.balances.add(BalanceChanges.Amounts(reserved: -amount), to: .upstreamKey(left), on: day)
            let new = BudgetScope.upstreamKey(reservation.ask.upstreamKey)
            gathered.balances.add(BalanceChanges.Amounts(reserved: amount), to: new, on: day)
        }
    }

    /// Makes unconfirmed what dead nodes left reserved, books it, and says how many there were. Reads no other row.
    static func recover(_ left: OpenRange = .all, at now: Timestamp, on connection: StoreConnection) throws -> Int {
        var left = left
        if connection.hasLedgerFloor { left.first = try LedgerFloorTable.read(on: connection) }
        try PaymentTable.recover(left, at: now, on: connection)
        let endings = try open(left, on: connection).map { reservation in
            ReservationEnding(reservation: reservation, outcome: .unconfirmed, endedAt: now)
        }
        connection.gather { changes in
            for ending in endings { changes.sums.add(ending) }
        }
        if connection.isShared { connection.gather { $0.balances.confirmNothing(of: endings.map(\.reservation)) } }
        let statement = try connection.statement(
            """
            UPDATE ledger SET state = 3, ended_at = ?1
            WHERE state = 0 AND id >= ?2 AND id <= ?3 AND (id / 4096) % 1024 >= ?4 AND (id / 4096) % 1024 <= ?5
            """
        )
        statement.bind(now, at: 1)
        left.bind(to: statement, from: 2)
        let count = try statement.runCounting()
        if connection.hasLedgerFloor { try LedgerFloorTable.raise(on: connection) }
        return count
    }

    /// The newest reservation.
    static func last(on connection: StoreConnection) throws -> ReservationID? {
        let statement = try connection.statement("SELECT max(id) FROM ledger")
        let newest = try statement.rows(about: "the ledger") { try $0.ifAny($0.integer, at: 0) }.first ?? nil
        guard let id = newest.map(ReservationID.init(rawValue:)) else { return nil }
        guard id <= .greatestFound else {
            let detail = "the ledger has the reservation \(id.rawValue), which no gateway has made"
            throw StoreFault(code: .corrupt, detail: detail)
        }
        return id
    }
}

/// The open reservations of certain nodes, from one identifier to another.
struct OpenRange {
    /// Numbers are the ten bits that identifiers have for them.
    let nodes: ClosedRange<Int64>
    /// Of a file: its floor, before which none is open.
    var first: Int64 = 0
    let last: Int64

    /// Those of every node: of the one process that has a file.
    static let all = OpenRange(nodes: 0...1_023, last: .max)

    /// Binds the first identifier and the last one, the first number and the last one, in this order.
    func bind(to statement: any PreparedStatement, from place: Int32) {
        statement.bind(first, at: place)
        statement.bind(last, at: place + 1)
        statement.bind(nodes.lowerBound, at: place + 2)
        statement.bind(nodes.upperBound, at: place + 3)
    }
}
