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
        let reservation = ending.reservation
        var change = SpendCounts()
        (change.spent, change.unconfirmed) = ending.amounts
        try add(change, about: PackedDocument(reservation.ask.documentID), on: reservation.day, connection)
    }

    /// Adds what nobody knows the charge of.
    static func book(
        unconfirmed: MicroCredits,
        about documentID: String,
        on day: BudgetDay,
        _ connection: StoreConnection
    ) throws {
        var change = SpendCounts()
        change.unconfirmed = unconfirmed
        try add(change, about: PackedDocument(documentID), on: day, connection)
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
        try add(change, about: document, on: day, connection)
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
            "UPDATE usage_documents SET unconfirmed = max(unconfirmed - ?3, 0) WHERE day = ?1 AND document = ?2"
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
        for row in documents {
            let counts = SpendCounts(row.counts)
            guard let document = PackedDocument(row.documentID), rest[row.day]?.take(counts) == true else { continue }
            try add(counts, about: document, on: row.day, connection)
        }
        for (day, counts) in rest { try add(counts, about: nil, on: day, connection) }
    }

    /// - Parameter document: nil for what is counted for none.
    private static func add(
        _ change: SpendCounts,
        about document: PackedDocument?,
        on day: BudgetDay,
        _ connection: StoreConnection
    ) throws {
        if change == SpendCounts() { return }
        if try update(change, about: document, on: day, connection) { return }
        guard let document, try takePlace(on: day, connection) else {
            if document != nil, try update(change, about: nil, on: day, connection) { return }
            return try insert(change, about: nil, on: day, connection)
        }
        try insert(change, about: document, on: day, connection)
    }

    /// False when there is no such row.
    private static func update(
        _ change: SpendCounts,
        about document: PackedDocument?,
        on day: BudgetDay,
        _ connection: StoreConnection
    ) throws -> Bool {
        let statement = try connection.statement(
            """
            UPDATE usage_documents SET
                spent = min(spent + ?3, 9223372036854775807),
                unconfirmed = min(unconfirmed + ?4, 9223372036854775807),
                saved = min(saved + ?5, 9223372036854775807),
                hits = min(hits + ?6, 9223372036854775807),
                collapsed = min(collapsed + ?7, 9223372036854775807),
                misses = min(misses + ?8, 9223372036854775807),
                denied = min(denied + ?9, 9223372036854775807)
            WHERE day = ?1 AND document = ?2
            """
        )
        bind(change, document, day, to: statement)
        try statement.run()
        return connection.changesCount == 1
    }

    private static func insert(
        _ change: SpendCounts,
        about document: PackedDocument?,
        on day: BudgetDay,
        _ connection: StoreConnection
    ) throws {
        let statement = try connection.statement(
            """
            INSERT INTO usage_documents (day, document, spent, unconfirmed, saved, hits, collapsed, misses, denied)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """
        )
        bind(change, document, day, to: statement)
        try statement.run()
    }

    private static func bind(
        _ change: SpendCounts,
        _ document: PackedDocument?,
        _ day: BudgetDay,
        to statement: PreparedStatement
    ) {
        statement.bind(Int64(day.number), at: 1)
        statement.bind(document, at: 2)
        statement.bind(change.spent, at: 3)
        statement.bind(change.unconfirmed, at: 4)
        statement.bind(change.saved, at: 5)
        statement.bind(change.hits, at: 6)
        statement.bind(change.collapsed, at: 7)
        statement.bind(change.misses, at: 8)
        statement.bind(change.denied, at: 9)
    }

    /// Counts one more row with a document; false when the day has as many as it may.
    private static func takePlace(on day: BudgetDay, _ connection: StoreConnection) throws -> Bool {
        let statement = try connection.statement(
            """
            INSERT INTO usage_document_days (day, documents) VALUES (?1, 1)
            ON CONFLICT (day) DO UPDATE SET documents = documents + 1 WHERE documents < ?2
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(namedMax, at: 2)
        try statement.run()
        return connection.changesCount == 1
    }

    // MARK: Folding

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
            SELECT document, spent, unconfirmed, saved, hits, collapsed, misses, denied FROM usage_documents
            WHERE day = ?1 AND document <> x'' AND unconfirmed = 0 ORDER BY spent, document LIMIT ?2
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(max(0, count), at: 2)  // SQLite takes a negative one for no limit
        var sum = SpendCounts()
        let documents = try statement.rows(about: "the roll-ups by document") { row in
            sum.add(try row.spendCounts(from: 1))
            return try row.document(at: 0)
        }
        if documents.isEmpty { return 0 }
        for document in documents {
            let deletion = try connection.statement("DELETE FROM usage_documents WHERE day = ?1 AND document = ?2")
            deletion.bind(Int64(day.number), at: 1)
            deletion.bind(document, at: 2)
            try deletion.run()
        }
        let counting = try connection.statement(
            "UPDATE usage_document_days SET documents = max(documents - ?2, 0) WHERE day = ?1"
        )
        counting.bind(Int64(day.number), at: 1)
        counting.bind(Int64(documents.count), at: 2)
        try counting.run()
        try add(sum, about: nil, on: day, connection)
        return documents.count
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
