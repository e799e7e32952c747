internal import Budgeting
import Vocabulary

/// The ledger as operators see it. In order of identifiers, which is that of time.
extension LedgerTable {
    /// How many rows are read for one page. A filter that nothing matches holds the thread for milliseconds only.
    static let scanMax = 10_000

    /// A page, newest first.
    static func page(
        _ question: LedgerQuestion,
        scanning scanMax: Int = scanMax,
        on connection: StoreConnection
    ) throws -> LedgerPage {
        guard question.count > 0 else { return LedgerPage(rows: [], next: nil) }
        let statement = try statement(for: question.state, connection)
        statement.bind(try first(question, on: connection), at: 1)
        statement.bind(question.identifiers.upperBound, at: 2)
        // One more than is wanted, or looked at, shows that the list goes on.
        let countMax = question.isFoundByIndex ? min(question.count, scanMax) : scanMax
        statement.bind(Int64(countMax) + 1, at: 3)
        statement.bind(question.from ?? Timestamp(microseconds: .min), at: 4)
        statement.bind(question.end ?? Timestamp(microseconds: .max), at: 5)
        defer { statement.reset() }
        let reader = StoreRow(statement, about: "the ledger")
        var (rows, scanned, last) = ([LedgerRow](), 0, ReservationID?.none)
        while try statement.step() {
            if scanned == scanMax { return LedgerPage(rows: rows, next: last) }
            let row = try read(reader)
            if question.matches(row) {
                if rows.count == question.count { return LedgerPage(rows: rows, next: rows.last?.reservation.id) }
                rows.append(row)
            }
            scanned += 1
            last = row.reservation.id
        }
        return LedgerPage(rows: rows, next: nil)
    }

    /// The least identifier that is looked at. In a file those that are reserved are found behind the floor.
    private static func first(_ question: LedgerQuestion, on connection: StoreConnection) throws -> Int64 {
        let first = question.identifiers.lowerBound
        guard question.state == .reserved, connection.hasLedgerFloor else { return first }
        return max(first, try LedgerFloorTable.read(on: connection))
    }

    /// Rows in a state that few have are found by the index of that state.
    private static func statement(
        for state: ReservationState?,
        _ connection: StoreConnection
    ) throws -> any PreparedStatement {
        switch state {
        case .reserved:
            try connection.statement(
                """
                SELECT id, day, team, key, account, upstream_key, document_id, model, cache_key, request_id, state,
                    estimate, credits, created_at, ended_at FROM ledger
                WHERE state = 0 AND id >= ?1 AND id < ?2 AND created_at >= ?4 AND created_at < ?5
                ORDER BY id DESC LIMIT ?3
                """
            )
        case .unconfirmed:
            try connection.statement(
                """
                SELECT id, day, team, key, account, upstream_key, document_id, model, cache_key, request_id, state,
                    estimate, credits, created_at, ended_at FROM ledger
                WHERE state = 3 AND id >= ?1 AND id < ?2 AND created_at >= ?4 AND created_at < ?5
                ORDER BY id DESC LIMIT ?3
                """
            )
        case .resolved:
            try connection.statement(
                """
                SELECT id, day, team, key, account, upstream_key, document_id, model, cache_key, request_id, state,
                    estimate, credits, created_at, ended_at FROM ledger
                WHERE state = 4 AND id >= ?1 AND id < ?2 AND created_at >= ?4 AND created_at < ?5
                ORDER BY id DESC LIMIT ?3
                """
            )
        case .settled, .released, nil:
            try connection.statement(
                """
                SELECT id, day, team, key, account, upstream_key, document_id, model, cache_key, request_id, state,
                    estimate, credits, created_at, ended_at FROM ledger
                WHERE id >= ?1 AND id < ?2 AND created_at >= ?4 AND created_at < ?5
                ORDER BY id DESC LIMIT ?3
                """
            )
        }
    }

    /// The reservations that have not ended, in the order in which they were made.
    static func open(_ range: OpenRange, on connection: StoreConnection) throws -> [Reservation] {
        let statement = try connection.statement(
            """
            SELECT id, day, team, key, account, upstream_key, document_id, model, cache_key, request_id, state,
                estimate, credits, created_at, ended_at FROM ledger
            WHERE state = 0 AND id >= ?1 AND id <= ?2 AND (id / 4096) % 1024 >= ?3 AND (id / 4096) % 1024 <= ?4
            ORDER BY id
            """
        )
        range.bind(to: statement, from: 1)
        return try statement.rows(about: "an open reservation") { try read($0).reservation }
    }

    static func row(_ id: ReservationID, on connection: StoreConnection) throws -> LedgerRow? {
        let statement = try connection.statement(
            """
            SELECT id, day, team, key, account, upstream_key, document_id, model, cache_key, request_id, state,
                estimate, credits, created_at, ended_at FROM ledger WHERE id = ?1
            """
        )
        statement.bind(id.rawValue, at: 1)
        return try statement.rows(about: "the ledger", read).first
    }

    private static func read(_ row: StoreRow) throws -> LedgerRow {
        let ask = ReservationAsk(
            team: TeamID(rawValue: try row.text(at: 2)),
            key: TeamKeyID(rawValue: try row.text(at: 3)),
            account: AccountID(rawValue: try row.text(at: 4)),
            upstreamKey: UpstreamKeyID(rawValue: try row.text(at: 5)),
            documentID: try row.text(at: 6),
            model: try row.text(at: 7),
            pages: nil,
            cacheKey: CacheKey(try row.digest(at: 8)),
            requestID: try row.text(at: 9)
        )
        return LedgerRow(
            reservation: Reservation(
                id: ReservationID(rawValue: try row.integer(at: 0)),
                day: BudgetDay(number: try row.need(Int32(exactly: try row.integer(at: 1)))),
                ask: ask,
                estimate: try row.credits(at: 11),
                createdAt: try row.moment(at: 13)
            ),
            state: try row.need(State(rawValue: try row.integer(at: 10))).word,
            credits: try row.ifAny(row.credits, at: 12),
            endedAt: try row.ifAny(row.moment, at: 14)
        )
    }

    /// Resolves an unconfirmed row; a row in any other state stays as it is.
    static func resolve(_ resolution: Resolution, on connection: StoreConnection) throws -> ResolutionAnswer {
        let id = resolution.reservation.id
        let statement = try connection.statement(
            "UPDATE ledger SET state = 4, credits = ?2, ended_at = ?3 WHERE id = ?1 AND state = 3"
        )
        statement.bind(id.rawValue, at: 1)
        statement.bind(resolution.credits, at: 2)
        statement.bind(resolution.resolvedAt, at: 3)
        if try statement.runCounting() == 1 {
            let change = BalanceChanges.Amounts(
                spent: resolution.credits.amount,
                unconfirmed: -resolution.reservation.estimate.amount
            )
            if connection.isShared { connection.gather { $0.balances.add(change, for: resolution.reservation) } }
            return .done
        }
        return try row(id, on: connection).map { .notUnconfirmed($0.state) } ?? .missing
    }

    // MARK: Removing

    /// Removes rows that ended before the cutoff, the oldest first: those among the next `count` rows, and what is kept
    /// of their payments. The newest row always stays, since new identifiers follow it. In a transaction of the
    /// caller's.
    ///
    /// - Parameter position: the identifier to go on behind.
    /// - Returns: how many were removed, and the position of the next batch; nil when there is none.
    static func removeEnded(
        before cutoff: Timestamp,
        after position: Int64,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> (removed: Int, next: Int64?) {
        let newest = try connection.statement("SELECT max(id) FROM ledger")
        guard let last = try newest.rows(about: "the ledger", { try $0.ifAny($0.integer, at: 0) }).first ?? nil else {
            return (0, nil)
        }
        let end = min(ReservationID.smallest(at: cutoff).rawValue, last)
        let batch = try connection.statement(
            "SELECT id FROM ledger WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT 1 OFFSET ?3"
        )
        batch.bind(position, at: 1)
        batch.bind(end, at: 2)
        batch.bind(Int64(count - 1), at: 3)
        let next = try batch.rows(about: "the ledger") { try $0.integer(at: 0) }.first
        let behind = next.map { $0 + 1 } ?? end
        let ended = try connection.statement(
            """
            SELECT id, account, document_id FROM ledger
            WHERE id > ?1 AND id < ?2 AND state IN (1, 2, 4) AND ended_at < ?3
            """
        )
        bind(ended, position, behind, cutoff)
        let rows = try ended.rows(about: "the ledger") { row in
            (try row.integer(at: 0), try row.text(at: 1), try row.text(at: 2))
        }
        for (id, account, document) in rows {
            try PaymentTable.remove(id, for: document, of: account, on: connection)
            try RepeatTable.remove(id, on: connection)
        }
        let removal = try connection.statement(
            "DELETE FROM ledger WHERE id > ?1 AND id < ?2 AND state IN (1, 2, 4) AND ended_at < ?3"
        )
        bind(removal, position, behind, cutoff)
        try removal.run()
        return (rows.count, next)
    }

    private static func bind(_ statement: any PreparedStatement, _ start: Int64, _ end: Int64, _ cutoff: Timestamp) {
        statement.bind(start, at: 1)
        statement.bind(end, at: 2)
        statement.bind(cutoff, at: 3)
    }
}

extension LedgerQuestion {
    /// Whether the rows of the range, or those of it that the index of a state has, are what is asked for.
    fileprivate var isFoundByIndex: Bool {
        var question = LedgerQuestion(count: count)
        (question.from, question.end, question.before) = (from, end, before)
        switch state {
        case .reserved, .unconfirmed, .resolved: question.state = state
        case .settled, .released, nil: break
        }
        return question == self
    }
}

extension LedgerTable.State {
    var word: ReservationState {
        switch self {
        case .reserved: .reserved
        case .settled: .settled
        case .released: .released
        case .unconfirmed: .unconfirmed
        case .resolved: .resolved
        }
    }
}
