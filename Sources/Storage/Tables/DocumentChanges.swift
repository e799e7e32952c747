internal import Budgeting
internal import Reporting
import Vocabulary

/// What is to be added to `usage_documents`, by day, in the order in which it came.
struct DocumentChanges {
    struct Day {
        private(set) var documents: [(document: PackedDocument, counts: SpendCounts)] = []
        /// What is counted for none.
        private(set) var rest = SpendCounts()

        fileprivate mutating func add(_ counts: SpendCounts, about document: PackedDocument?) {
            if let document { documents.append((document, counts)) } else { rest.add(counts) }
        }
    }

    private var changes: [BudgetDay: Day] = [:]

    /// The earliest first: transactions that lock rows of several days do it in the same order.
    var days: [(day: BudgetDay, parts: Day)] {
        changes.sorted { $0.key < $1.key }.map { (day: $0.key, parts: $0.value) }
    }

    /// - Parameter document: nil for what is counted for none.
    mutating func add(_ counts: SpendCounts, about document: PackedDocument?, on day: BudgetDay) {
        if counts != SpendCounts() { changes[day, default: Day()].add(counts, about: document) }
    }
}

/// Which documents of a day are counted by name: those that have a row, and as many further ones as there is room for.
///
/// The look-up is one for many documents, since on a database server each one waits for the network.
struct DocumentPlaces {
    private let day: BudgetDay
    private var named: Set<PackedDocument> = []
    /// Rows of the day that name a document, as they were found.
    private var count: Int64 = 0
    private var added: Int64 = 0

    /// Looks up the places of all documents that are to be taken.
    init(for documents: [PackedDocument], on day: BudgetDay, _ connection: StoreConnection) throws {
        self.day = day
        let listMax = StoreConnection.listMax
        for start in stride(from: 0, to: documents.count, by: listMax) {
            try find(documents[start..<min(start + listMax, documents.count)], connection)
        }
    }

    private mutating func find(_ documents: ArraySlice<PackedDocument>, _ connection: StoreConnection) throws {
        let statement: any PreparedStatement
        if documents.count == 1 {
            statement = try Self.one(connection)
            statement.bind(documents[documents.startIndex], at: 2)
        } else {
            statement = try Self.many(connection)
            statement.bindList(documents, from: 2) { statement.bind($0, at: $1) }
        }
        statement.bind(Int64(day.number), at: 1)
        try statement.forEachRow(about: "the roll-ups by document") { row in
            count = try row.integer(at: 0)
            if let document = try row.ifAny(row.document, at: 1) ?? nil { named.insert(document) }
        }
    }

    private static func one(_ connection: StoreConnection) throws -> any PreparedStatement {
        try connection.statement(
            """
            SELECT usage_document_days.documents, usage_documents.document FROM usage_document_days
            LEFT JOIN usage_documents ON usage_documents.day = ?1 AND usage_documents.document = ?2
            WHERE usage_document_days.day = ?1
            """
        )
    }

    private static func many(_ connection: StoreConnection) throws -> any PreparedStatement {
        try connection.statement(
            """
            SELECT usage_document_days.documents, usage_documents.document FROM usage_document_days
            LEFT JOIN usage_documents ON usage_documents.day = ?1 AND usage_documents.document IN (
                ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)
            WHERE usage_document_days.day = ?1
            """
        )
    }

    /// Whether the document is counted by name. It takes a place when it had none and the day has one left.
    mutating func take(_ document: PackedDocument) -> Bool {
        if named.contains(document) { return true }
        guard count + added < UsageDocumentTable.namedMax else { return false }
        named.insert(document)
        added += 1
        return true
    }

    /// Counts the places that were taken.
    func save(on connection: StoreConnection) throws {
        if added == 0 { return }
        let statement = try connection.statement(
            """
            INSERT INTO usage_document_days (day, documents) VALUES (?1, ?2)
            ON CONFLICT (day) DO UPDATE SET documents = usage_document_days.documents + excluded.documents
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(added, at: 2)
        try statement.run()
    }
}
