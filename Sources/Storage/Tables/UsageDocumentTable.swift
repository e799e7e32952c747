internal import Budgeting
internal import Reporting
import Vocabulary

/// The statements on `usage_documents`: the sums of `usage`, by day and document.
///
/// Every change of `usage` changes it too, in the same transaction and by the same amounts, so the sums of a day are the
/// same in both. A row without a document has what is counted for none: hits, which are not counted by document, refused
/// requests, the documents beyond `namedMax`, and those that were folded. `usage_document_days` counts the rows with
/// a document.
enum UsageDocumentTable {
    /// The maximum number of documents of a day that are counted by name, the first ones.
    static let namedMax: Int64 = 5_000

    /// Adds how a reservation ended to its day and document.
    static func book(_ ending: ReservationEnding, on connection: StoreConnection) throws {
        try book([ending], on: connection)
    }

    /// Adds how reservations ended to their days and documents.
    static func book(_ endings: [ReservationEnding], on connection: StoreConnection) throws {
        var changes = DocumentChanges()
        for ending in endings {
            var change = SpendCounts()
            (change.spent, change.unconfirmed) = ending.amounts
            let reservation = ending.reservation
            changes.add(change, about: PackedDocument(reservation.ask.documentID), on: reservation.day)
        }
        try add(changes, on: connection)
    }

    /// Moves the amounts of a reservation that is resolved.
    static func book(_ resolution: Resolution, on connection: StoreConnection) throws {
        let reservation = resolution.reservation
        let (estimate, day) = (reservation.estimate, reservation.day)
        let document = PackedDocument(reservation.ask.documentID)
        let named = try document.flatMap { try unconfirmed(about: $0, on: day, connection) } ?? .zero
        // The estimate is in the row of the document, unless that was not counted by name then.
        let fromNamed = min(named, estimate)
        if let document, fromNamed > .zero { try reduce(by: fromNamed, about: document, on: day, connection) }
        if fromNamed < estimate {
            let rest = MicroCredits(micros: estimate.micros - fromNamed.micros)
            try reduce(by: rest, about: nil, on: day, connection)
        }
        var change = SpendCounts()
        change.spent = resolution.credits
        var changes = DocumentChanges()
        changes.add(change, about: document, on: day)
        try add(changes, on: connection)
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

    /// Adds counts of requests.
    ///
    /// - Parameters:
    ///   - rows: all of them.
    ///   - documents: what part of them is about which document.
    static func add(_ rows: [UsageRow], _ documents: [DocumentUsage], on connection: StoreConnection) throws {
        var rest: [BudgetDay: SpendCounts] = [:]
        for row in rows { rest[row.day, default: SpendCounts()].add(SpendCounts(row.counts)) }
        var changes = DocumentChanges()
        for row in documents {
            let counts = SpendCounts(row.counts)
            guard let document = PackedDocument(row.documentID), rest[row.day]?.take(counts) == true else { continue }
            changes.add(counts, about: document, on: row.day)
        }
        for (day, counts) in rest { changes.add(counts, about: nil, on: day) }
        try add(changes, on: connection)
    }

    // MARK: Adding

    private static func add(_ changes: DocumentChanges, on connection: StoreConnection) throws {
        for (day, parts) in changes.days {
            var places = try DocumentPlaces(for: parts.documents.map(\.document), on: day, connection)
            var rest = parts.rest
            for (document, counts) in parts.documents {
                if places.take(document) {
                    try add(counts, about: document, on: day, connection)
                } else {
                    rest.add(counts)
                }
            }
            try places.save(on: connection)
            if rest != SpendCounts() { try add(rest, about: nil, on: day, connection) }
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

extension SpendCounts {
    /// Counts without spend.
    fileprivate init(_ counts: UsageCounts) {
        self.init()
        saved = counts.saved
        (hits, collapsed, misses, denied) = (counts.hits, counts.collapsed, counts.misses, counts.denied)
    }

    /// Takes counts without spend away; false, and nothing is changed, if they are no part.
    fileprivate mutating func take(_ part: SpendCounts) -> Bool {
        let isPart =
            part.hits <= hits && part.collapsed <= collapsed && part.misses <= misses && part.denied <= denied
            && part.saved <= saved
        guard isPart else { return false }
        hits -= part.hits
        collapsed -= part.collapsed
        misses -= part.misses
        denied -= part.denied
        saved = MicroCredits(micros: saved.micros - part.saved.micros)
        return true
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
