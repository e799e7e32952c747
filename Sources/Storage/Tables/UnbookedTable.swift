internal import Budgeting
internal import Reporting
import Vocabulary

/// The statements on `unbooked`, of a store that is a file: the rows of the ledger that ended and are not in the sums,
/// with what their bookings need beside the row.
enum UnbookedTable {
    static func add(_ booking: Booking, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO unbooked (id, rate_pages, is_kept, is_result_there, labels, schema_digest, others, pages, is_no_store,
                is_team_scoped, is_no_cache, max_age, lifetime)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """
        )
        let (paid, question) = (booking.paid, booking.paid?.question)
        statement.bind(booking.ending.reservation.id.rawValue, at: 1)
        statement.bind(booking.ratePages, at: 2)
        statement.bind(flag(paid?.isKept), at: 3)
        statement.bind(flag(paid.map { _ in booking.isResultThere ?? false }), at: 4)
        statement.bind(question?.parts.labels, at: 5)
        statement.bind(question?.parts.schema, at: 6)
        statement.bind(question?.parts.otherMembers, at: 7)
        statement.bind(question?.parts.pages, at: 8)
        statement.bind(flag(question?.noStore), at: 9)
        statement.bind(flag(question?.isTeamScoped), at: 10)
        statement.bind(flag(question?.noCache), at: 11)
        statement.bind(question?.maxAgeSeconds, at: 12)
        statement.bind(question?.lifetimeMicroseconds, at: 13)
        try statement.run()
    }

    private static func flag(_ value: Bool?) -> Int64? { value.map { $0 ? 1 : 0 } }

    static func removeAll(on connection: StoreConnection) throws { try connection.run("DELETE FROM unbooked") }

    /// What a process left that did not end in order, by identifier.
    static func all(on connection: StoreConnection) throws -> [Booking] {
        let statement = try connection.statement(
            """
            SELECT id, rate_pages, is_kept, is_result_there, labels, schema_digest, others, pages, is_no_store,
                is_team_scoped, is_no_cache, max_age, lifetime
            FROM unbooked ORDER BY id
            """
        )
        let left = try statement.rows(about: "an ending that is not booked") { row in
            (
                id: ReservationID(rawValue: try row.integer(at: 0)),
                pages: try row.ifAny(row.count, at: 1),
                paid: try row.ifAny(row.flag, at: 2).map { Booking.Paid(question: try question(row), isKept: $0) },
                isResultThere: try row.ifAny(row.flag, at: 3)
            )
        }
        return try left.map { left in
            guard
                let row = try LedgerTable.row(left.id, on: connection),
                let ending = row.ending(left.pages, left.paid?.question)
            else {
                let detail = "the reservation \(left.id.rawValue) is not booked, and has not ended in the ledger"
                throw StoreFault(code: .corrupt, detail: detail)
            }
            return Booking(ending, left.paid, isResultThere: left.isResultThere)
        }
    }

    /// Without the text of its schema, which is kept by itself.
    private static func question(_ row: StoreRow) throws -> PaidQuestion {
        PaidQuestion(
            parts: QuestionParts(
                labels: try row.integer(at: 4),
                schema: try row.integer(at: 5),
                otherMembers: try row.ifAny(row.integer, at: 6),
                pages: try row.ifAny(row.text, at: 7),
                schemaText: []
            ),
            isTeamScoped: try row.flag(at: 9),
            noCache: try row.flag(at: 10),
            noStore: try row.flag(at: 8),
            maxAgeSeconds: try row.ifAny(row.integer, at: 11),
            lifetimeMicroseconds: try row.integer(at: 12)
        )
    }
}

extension LedgerRow {
    /// How it ended; nil when it is open.
    ///
    /// - Parameter pages: of the reply that taught a rate.
    fileprivate func ending(_ pages: Int64?, _ question: PaidQuestion?) -> ReservationEnding? {
        guard let endedAt else { return nil }
        var lesson = Lesson()
        let outcome: ReservationEnding.Outcome
        switch state {
        case .reserved: return nil
        case .released: outcome = .released
        case .unconfirmed: outcome = .unconfirmed
        case .settled, .resolved:
            guard let credits else { return nil }
            outcome = .settled(credits)
            lesson.rate = pages.flatMap(Int.init(exactly:)).map { PageRate(credits: credits, pages: $0) }
        }
        return ReservationEnding(
            reservation: reservation,
            outcome: outcome,
            endedAt: endedAt,
            lesson: lesson,
            question: question
        )
    }
}
