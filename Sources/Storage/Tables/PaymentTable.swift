internal import Budgeting
internal import Reporting
import Vocabulary

/// The statements on `payments`: for each document of an account what was paid for, so that one search finds all
/// earlier payments for it.
enum PaymentTable {
    /// Of how many earlier payments for a document the closest is sought.
    static let comparedMax: Int64 = 32

    /// The payment for a question.
    static func payment(_ ending: ReservationEnding, _ paid: Booking.Paid) -> Payment {
        let (ask, question) = (ending.reservation.ask, paid.question)
        return Payment(
            id: ending.reservation.id,
            team: ask.team,
            key: ask.cacheKey,
            model: StoredText.cut(ask.model, atMost: StoredText.modelBytesMax),
            endedAt: ending.endedAt,
            isKept: paid.isKept,
            parts: Payment.Parts(
                labels: question.parts.labels,
                schema: question.parts.schema,
                otherMembers: question.parts.otherMembers,
                pages: question.parts.pages,
                isNoStore: question.noStore,
                isTeamScoped: question.isTeamScoped
            )
        )
    }

    static func add(_ payment: Payment, _ ask: ReservationAsk, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO payments (account, document_id, id, team, model, cache_key, ended_at, is_kept, labels,
                schema_digest, others, pages, is_no_store, is_team_scoped)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
            """
        )
        let parts = payment.parts
        statement.bind(ask.account.rawValue, at: 1)
        statement.bind(ask.documentID, at: 2)
        statement.bind(payment.id.rawValue, at: 3)
        statement.bind(payment.team.rawValue, at: 4)
        statement.bind(payment.model, at: 5)
        statement.bind(payment.key, at: 6)
        statement.bind(payment.endedAt, at: 7)
        statement.bind(payment.isKept.map { $0 ? 1 : 0 }, at: 8)
        statement.bind(parts?.labels, at: 9)
        statement.bind(parts?.schema, at: 10)
        statement.bind(parts?.otherMembers, at: 11)
        statement.bind(parts?.pages, at: 12)
        statement.bind(parts.map { $0.isNoStore ? 1 : 0 }, at: 13)
        statement.bind(parts.map { $0.isTeamScoped ? 1 : 0 }, at: 14)
        try statement.run()
    }

    /// Asks for the latest payments for a document, latest first.
    static func lookUp(
        _ document: DocumentKey,
        on connection: StoreConnection,
        then: @escaping (Payment) -> Void
    ) throws {
        let statement = try connection.statement(
            """
            SELECT id, team, cache_key, model, ended_at, is_kept, labels, schema_digest, others, pages, is_no_store,
                is_team_scoped
            FROM payments WHERE account = ?1 AND document_id = ?2 ORDER BY id DESC LIMIT ?3
            """
        )
        statement.bind(document.account.rawValue, at: 1)
        statement.bind(document.documentID, at: 2)
        statement.bind(comparedMax, at: 3)
        try statement.sendForEachRow(about: "a payment") { then(try read($0)) }
    }

    /// One payment for a document; nil when it is not kept.
    static func payment(
        _ id: ReservationID,
        for documentID: String,
        of account: AccountID,
        on connection: StoreConnection
    ) throws -> Payment? {
        let statement = try connection.statement(
            """
            SELECT id, team, cache_key, model, ended_at, is_kept, labels, schema_digest, others, pages, is_no_store,
                is_team_scoped
            FROM payments WHERE account = ?1 AND document_id = ?2 AND id = ?3
            """
        )
        statement.bind(account.rawValue, at: 1)
        statement.bind(documentID, at: 2)
        statement.bind(id.rawValue, at: 3)
        return try statement.rows(about: "a payment", read).first
    }

    /// Removes the payment of a reservation that leaves the ledger, if it was one.
    static func remove(
        _ id: Int64,
        for documentID: String,
        of account: String,
        on connection: StoreConnection
    ) throws {
        let statement = try connection.statement(
            "DELETE FROM payments WHERE account = ?1 AND document_id = ?2 AND id = ?3"
        )
        statement.bind(account, at: 1)
        statement.bind(documentID, at: 2)
        statement.bind(id, at: 3)
        try statement.run()
    }

    /// Removes what turned out to be no payment, and so repeated none.
    static func remove(_ reservation: Reservation, on connection: StoreConnection) throws {
        let (id, ask) = (reservation.id.rawValue, reservation.ask)
        try remove(id, for: ask.documentID, of: ask.account.rawValue, on: connection)
        try RepeatTable.remove(id, on: connection)
    }

    private static func read(_ row: StoreRow) throws -> Payment {
        Payment(
            id: ReservationID(rawValue: try row.integer(at: 0)),
            team: TeamID(rawValue: try row.text(at: 1)),
            key: CacheKey(try row.digest(at: 2)),
            model: try row.text(at: 3),
            endedAt: try row.moment(at: 4),
            isKept: try row.ifAny(row.flag, at: 5),
            parts: try row.ifAny(row.integer, at: 6).map { labels in
                Payment.Parts(
                    labels: labels,
                    schema: try row.integer(at: 7),
                    otherMembers: try row.ifAny(row.integer, at: 8),
                    pages: try row.ifAny(row.text, at: 9),
                    isNoStore: try row.flag(at: 10),
                    isTeamScoped: try row.flag(at: 11)
                )
            }
        )
    }

    /// Adds what dead nodes left reserved, before it becomes unconfirmed. What the requests asked for is not known.
    static func recover(_ left: OpenRange, at now: Timestamp, on connection: StoreConnection) throws {
        let repeats = try connection.statement(
            """
            INSERT INTO repeats (id, first, reason, first_team, team)
            SELECT ledger.id, payments.id, 'unknown', payments.team, ledger.team FROM ledger
            JOIN payments ON payments.account = ledger.account AND payments.document_id = ledger.document_id
                AND payments.id = (SELECT max(id) FROM payments AS latest
                    WHERE latest.account = ledger.account AND latest.document_id = ledger.document_id)
            WHERE ledger.state = 0 AND ledger.id >= ?1 AND ledger.id <= ?2
                AND (ledger.id / 4096) % 1024 >= ?3 AND (ledger.id / 4096) % 1024 <= ?4
            """
        )
        left.bind(to: repeats, from: 1)
        try repeats.run()
        let statement = try connection.statement(
            """
            INSERT INTO payments (account, document_id, id, team, model, cache_key, ended_at)
            SELECT account, document_id, id, team, model, cache_key, ?1 FROM ledger
            WHERE state = 0 AND id >= ?2 AND id <= ?3 AND (id / 4096) % 1024 >= ?4 AND (id / 4096) % 1024 <= ?5
            """
        )
        statement.bind(now, at: 1)
        left.bind(to: statement, from: 2)
        try statement.run()
    }
}
