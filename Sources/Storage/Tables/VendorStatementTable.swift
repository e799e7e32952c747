internal import Budgeting
internal import Reporting
import Vocabulary

/// The statements on `statements`: what the vendor billed, by account and period. Periods of one account do not
/// overlap.
enum VendorStatementTable {
    /// Adds a statement that overlaps no other one of its account, and gives it an identifier above all others.
    static func add(
        _ terms: VendorStatementTerms,
        at now: Timestamp,
        on connection: StoreConnection
    ) throws -> VendorStatement {
        let statement = try connection.statement(
            """
            INSERT INTO statements (id, account, first_day, end_day, from_text, to_text, credits, created_at)
            VALUES ((SELECT CASE WHEN max(id) >= ?7 THEN max(id) + 1 ELSE ?7 END FROM statements),
                ?1, ?2, ?3, ?4, ?5, ?6, ?7)
            RETURNING id
            """
        )
        statement.bind(terms.account.rawValue, at: 1)
        statement.bind(Int64(terms.period.days.lowerBound.number), at: 2)
        statement.bind(Int64(terms.period.days.upperBound.number), at: 3)
        statement.bind(terms.from, at: 4)
        statement.bind(terms.to, at: 5)
        statement.bind(terms.credits, at: 6)
        statement.bind(now, at: 7)
        let id = try statement.insertedID(about: "a statement")
        return VendorStatement(id: id, terms: terms, createdAt: now)
    }

    /// The account's statement that shares a day with the period. Only the last one that begins before the period's
    /// end can: it ends after all those before it.
    static func overlapping(
        _ days: Range<BudgetDay>,
        of account: AccountID,
        on connection: StoreConnection
    ) throws -> VendorStatement? {
        let statement = try connection.statement(
            """
            SELECT id, account, first_day, end_day, from_text, to_text, credits, created_at FROM statements
            WHERE account = ?1 AND first_day < ?2 ORDER BY first_day DESC LIMIT 1
            """
        )
        statement.bind(account.rawValue, at: 1)
        statement.bind(Int64(days.upperBound.number), at: 2)
        let last = try statement.rows(about: "a statement", read).first
        guard let last, last.terms.period.days.upperBound > days.lowerBound else { return nil }
        return last
    }

    /// Removes the statement; false when there is none.
    static func remove(_ id: Int64, on connection: StoreConnection) throws -> Bool {
        let statement = try connection.statement("DELETE FROM statements WHERE id = ?1")
        statement.bind(id, at: 1)
        return try statement.runCounting() == 1
    }

    static func statement(_ id: Int64, on connection: StoreConnection) throws -> VendorStatement? {
        let statement = try connection.statement(
            """
            SELECT id, account, first_day, end_day, from_text, to_text, credits, created_at FROM statements
            WHERE id = ?1
            """
        )
        statement.bind(id, at: 1)
        return try statement.rows(about: "a statement", read).first
    }

    /// The statements, newest first.
    ///
    /// - Parameter id: only those with a lesser identifier; nil from the newest on.
    static func page(before id: Int64?, atMost count: Int, on connection: StoreConnection) throws -> [VendorStatement] {
        let statement = try connection.statement(
            """
            SELECT id, account, first_day, end_day, from_text, to_text, credits, created_at FROM statements
            WHERE id < ?1 ORDER BY id DESC LIMIT ?2
            """
        )
        statement.bind(id ?? .max, at: 1)
        statement.bind(Int64(max(0, count)), at: 2)  // a negative one would be no limit, or an error
        return try statement.rows(about: "a statement", read)
    }

    private static func read(_ row: StoreRow) throws -> VendorStatement {
        let first = BudgetDay(number: try row.need(Int32(exactly: try row.integer(at: 2))))
        let end = BudgetDay(number: try row.need(Int32(exactly: try row.integer(at: 3))))
        let terms = VendorStatementTerms(
            account: AccountID(rawValue: try row.text(at: 1)),
            period: ReportPeriod(days: first..<(try row.need(first < end ? end : nil))),
            from: try row.text(at: 4),
            to: try row.text(at: 5),
            credits: try row.credits(at: 6)
        )
        return VendorStatement(id: try row.integer(at: 0), terms: terms, createdAt: try row.moment(at: 7))
    }
}
