internal import Budgeting
internal import Reporting
import Vocabulary

/// Late days keep few documents by name: the others are counted for none, which keeps the sums.
extension UsageDocumentTable {
    /// The earliest day from `day` on, and before `end`, that has more documents than it may keep.
    static func dayToFold(
        from day: BudgetDay,
        before end: BudgetDay,
        keeping kept: Int64,
        on connection: StoreConnection
    ) throws -> (day: BudgetDay, surplus: Int64)? {
        let statement = try connection.statement(
            """
            SELECT day, documents FROM usage_document_days WHERE day >= ?1 AND day < ?2 AND documents > ?3
            ORDER BY day LIMIT 1
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(Int64(end.number), at: 2)
        statement.bind(kept, at: 3)
        let days = try statement.rows(about: "the days of the roll-ups by document") { row in
            let day = BudgetDay(number: try row.need(Int32(exactly: try row.integer(at: 0))))
            return (day: day, surplus: try row.integer(at: 1) - kept)
        }
        return days.first
    }

    /// Counts the documents of a day that cost least for none. Those with unconfirmed credits stay.
    ///
    /// - Parameter count: how many at most.
    /// - Returns: how many there were.
    static func fold(_ day: BudgetDay, atMost count: Int64, on connection: StoreConnection) throws -> Int {
        let statement = try connection.statement(
            """
            SELECT document FROM usage_documents
            WHERE day = ?1 AND document <> ?3 AND unconfirmed = 0 ORDER BY spent, document LIMIT ?2
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(max(0, count), at: 2)  // a negative one would be no limit, or an error
        statement.bind(PackedDocument?.none, at: 3)
        let documents = try statement.rows(about: "the roll-ups by document") { row in
            try row.need(try row.document(at: 0))
        }
        if documents.isEmpty { return 0 }
        var (sum, removed) = (SpendCounts(), 0)
        for document in documents.sorted() {
            // What it has now: another node may have added to it.
            let deletion = try connection.statement(
                """
                DELETE FROM usage_documents WHERE day = ?1 AND document = ?2 AND unconfirmed = 0
                RETURNING spent, unconfirmed, saved, hits, collapsed, misses, denied
                """
            )
            deletion.bind(Int64(day.number), at: 1)
            deletion.bind(document, at: 2)
            try deletion.sendForEachRow(about: "the roll-ups by document") { row in
                sum.add(try row.spendCounts(from: 0))
                removed += 1
            }
        }
        try connection.receive()
        let counting = try connection.statement(
            """
            UPDATE usage_document_days SET documents = CASE WHEN documents > ?2 THEN documents - ?2 ELSE 0 END
            WHERE day = ?1
            """
        )
        counting.bind(Int64(day.number), at: 1)
        counting.bind(Int64(removed), at: 2)
        try counting.run()
        if sum != SpendCounts() { try add(sum, about: nil, on: day, connection) }
        return removed
    }
}
