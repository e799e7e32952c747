internal import Budgeting
internal import Reporting
import Vocabulary

/// The statements on `usage_documents`: the sums of `usage`, by day and document.
///
/// Every change of `usage` changes it too, in the same transaction and by the same amounts, so the sums of a day are
/// the same in both. A row without a document has what is counted for none: hits, which are not counted by document,
/// refused requests, the documents beyond `namedMax`, and those that were folded. `usage_document_days` counts the rows
/// with a document.
enum UsageDocumentTable {
    /// The maximum number of documents of a day that are counted by name, the first ones.
    static let namedMax: Int64 = 5_000

    /// Moves the amounts of a reservation that is resolved.
    static func book(_ resolution: Resolution, on connection: StoreConnection) throws {
        let reservation = resolution.reservation
        let (estimate, day, credits) = (reservation.estimate, reservation.day, resolution.credits)
        let document = PackedDocument(reservation.ask.documentID)
        let named = try document.flatMap { try unconfirmed(about: $0, on: day, connection) } ?? .zero
        // The estimate is in the row of the document, unless that was not counted by name then.
        let fromNamed = min(named, estimate)
        var change = SpendCounts()
        change.spent = credits
        let places = try DocumentPlaces(for: document.map { credits > .zero ? [$0] : [] } ?? [], on: day, connection)
        try connection.receive()
        let isNamed = document.map { credits > .zero && places.take($0) } ?? false
        // In the order of the keys: what is counted for none comes first.
        try places.save(on: connection)
        if fromNamed < estimate {
            let rest = estimate - fromNamed
            try reduce(by: rest, about: nil, on: day, connection)
        }
        if credits > .zero, !isNamed { try add(change, about: nil, on: day, connection) }
        if let document, fromNamed > .zero { try reduce(by: fromNamed, about: document, on: day, connection) }
        if isNamed { try add(change, about: document, on: day, connection) }
    }

    private static func unconfirmed(
        about document: PackedDocument,
        on day: BudgetDay,
        _ connection: StoreConnection
    ) throws -> MicroCredits? {
        let statement = try connection.statement(
            "SELECT unconfirmed FROM usage_documents WHERE day = ?1 AND document = ?2"
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(document, at: 2)
        return try statement.rows(about: "the roll-ups by document") { try $0.credits(at: 0) }.first
    }

    private static func reduce(
        by amount: MicroCredits,
        about document: PackedDocument?,
        on day: BudgetDay,
        _ connection: StoreConnection
    ) throws {
        let statement = try connection.statement(
            """
            UPDATE usage_documents SET unconfirmed = CASE WHEN unconfirmed > ?3 THEN unconfirmed - ?3 ELSE 0 END
            WHERE day = ?1 AND document = ?2
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(document, at: 2)
        statement.bind(amount, at: 3)
        try statement.run()
    }

    // MARK: Adding

    /// Adds changes under the names that they have: the earliest day first, and what is counted for none before the
    /// documents.
    ///
    /// - Parameter places: of each day.
    static func add(
        _ changes: DocumentChanges,
        _ places: KeyedList<BudgetDay, DocumentPlaces>,
        on connection: StoreConnection
    ) throws {
        var days: [(day: BudgetDay, named: [(key: PackedDocument, value: SpendCounts)], rest: SpendCounts)] = []
        for (day, parts) in changes.days {
            let place = places[day]
            var (named, rest) = (parts.named.entries, parts.rest)
            named.removeAll { document, counts in
                if place?.take(document) == true { return false }
                rest.add(counts)
                return true
            }
            try place?.save(on: connection)
            days.append((day, named, rest))
        }
        for (day, named, rest) in days {
            if rest != SpendCounts() { try add(rest, about: nil, on: day, connection) }
            for (document, counts) in named { try add(counts, about: document, on: day, connection) }
        }
    }

    /// - Parameter document: nil for what is counted for none.
    static func add(
        _ change: SpendCounts,
        about document: PackedDocument?,
        on day: BudgetDay,
        _ connection: StoreConnection
    ) throws {
        let statement = try connection.statement(
            """
            INSERT INTO usage_documents (day, document, spent, unconfirmed, saved, hits, collapsed, misses, denied)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (day, document) DO UPDATE SET
                spent = CASE WHEN excluded.spent > 9223372036854775807 - usage_documents.spent
                    THEN 9223372036854775807 ELSE usage_documents.spent + excluded.spent END,
                unconfirmed = CASE WHEN excluded.unconfirmed > 9223372036854775807 - usage_documents.unconfirmed
                    THEN 9223372036854775807 ELSE usage_documents.unconfirmed + excluded.unconfirmed END,
                saved = CASE WHEN excluded.saved > 9223372036854775807 - usage_documents.saved
                    THEN 9223372036854775807 ELSE usage_documents.saved + excluded.saved END,
                hits = CASE WHEN excluded.hits > 9223372036854775807 - usage_documents.hits
                    THEN 9223372036854775807 ELSE usage_documents.hits + excluded.hits END,
                collapsed = CASE WHEN excluded.collapsed > 9223372036854775807 - usage_documents.collapsed
                    THEN 9223372036854775807 ELSE usage_documents.collapsed + excluded.collapsed END,
                misses = CASE WHEN excluded.misses > 9223372036854775807 - usage_documents.misses
                    THEN 9223372036854775807 ELSE usage_documents.misses + excluded.misses END,
                denied = CASE WHEN excluded.denied > 9223372036854775807 - usage_documents.denied
                    THEN 9223372036854775807 ELSE usage_documents.denied + excluded.denied END
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(document, at: 2)
        statement.bind(change.spent, at: 3)
        statement.bind(change.unconfirmed, at: 4)
        statement.bind(change.saved, at: 5)
        statement.bind(change.hits, at: 6)
        statement.bind(change.collapsed, at: 7)
        statement.bind(change.misses, at: 8)
        statement.bind(change.denied, at: 9)
        try statement.run()
    }
}

extension StoreRow {
    /// `spent, unconfirmed, saved, hits, collapsed, misses, denied`, from this column on.
    func spendCounts(from column: Int32) throws(StoreFault) -> SpendCounts {
        var counts = SpendCounts()
        counts.spent = try credits(at: column)
        counts.unconfirmed = try credits(at: column + 1)
        counts.saved = try credits(at: column + 2)
        counts.hits = try integer(at: column + 3)
        counts.collapsed = try integer(at: column + 4)
        counts.misses = try integer(at: column + 5)
        counts.denied = try integer(at: column + 6)
        return counts
    }
}
