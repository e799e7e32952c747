internal import Budgeting
internal import Reporting
import Vocabulary

/// What is to be added to `usage_documents`, by day. Equal documents are added up.
struct DocumentChanges {
    struct Day {
        private(set) var named = KeyedList<PackedDocument, SpendCounts>()
        /// What is counted for none.
        private(set) var rest = SpendCounts()

        fileprivate mutating func add(_ counts: SpendCounts, about document: PackedDocument?) {
            guard let document else { return rest.add(counts) }
            named.change(document, or: counts) { $0.add(counts) }
        }
    }

    private var changes = KeyedList<BudgetDay, Day>()

    var isEmpty: Bool { changes.isEmpty }

    /// The earliest first: transactions that lock rows of several days do it in the same order.
    var days: [(key: BudgetDay, value: Day)] { changes.entries }

    /// - Parameter document: nil for what is counted for none.
    mutating func add(_ counts: SpendCounts, about document: PackedDocument?, on day: BudgetDay) {
        if counts == SpendCounts() { return }
        var first = Day()
        first.add(counts, about: document)
        changes.change(day, or: first) { $0.add(counts, about: document) }
    }

    /// Adds counts of requests.
    ///
    /// - Parameters:
    ///   - rows: all of them.
    ///   - documents: what part of them is about which document.
    mutating func add(_ rows: [UsageRow], _ documents: [DocumentUsage]) {
        var rest: [BudgetDay: SpendCounts] = [:]
        for row in rows { rest[row.day, default: SpendCounts()].add(SpendCounts(row.counts)) }
        for row in documents {
            let counts = SpendCounts(row.counts)
            guard let document = PackedDocument(row.documentID), rest[row.day]?.take(counts) == true else { continue }
            add(counts, about: document, on: row.day)
        }
        for (day, counts) in rest { add(counts, about: nil, on: day) }
    }
}

extension SpendCounts {
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
        saved = saved - part.saved
        return true
    }
}

/// Which documents of a day are counted by name: those that have a row, and as many further ones as there is room for.
///
/// Confined to the thread of the connection. Nodes that take the last places at the same time may take a few more.
final class DocumentPlaces {
    private let day: BudgetDay
    private var named: Set<PackedDocument> = []
    /// Rows of the day that name a document, as they were found.
    private var count: Int64 = 0
    private var added: [PackedDocument] = []

    /// Sends the look-ups of the places of all documents that are to be taken.
    init(for documents: [PackedDocument], on day: BudgetDay, _ connection: StoreConnection) throws {
        self.day = day
        let listMax = StoreConnection.listMax
        for start in stride(from: 0, to: documents.count, by: listMax) {
            try find(documents[start..<min(start + listMax, documents.count)], connection)
        }
    }

    private func find(_ documents: ArraySlice<PackedDocument>, _ connection: StoreConnection) throws {
        let statement: any PreparedStatement
        if documents.count == 1 {
            statement = try Self.one(connection)
            statement.bind(documents[documents.startIndex], at: 2)
        } else {
            statement = try Self.many(connection)
            statement.bindList(documents, from: 2) { statement.bind($0, at: $1) }
        }
        statement.bind(Int64(day.number), at: 1)
        try statement.sendForEachRow(about: "the roll-ups by document") { [self] row in
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

    /// Whether the document is counted by name. It takes a place when it had none and the day has one left. Once for
    /// each.
    func take(_ document: PackedDocument) -> Bool {
        if named.contains(document) { return true }
        guard count.saturatingAdd(Int64(added.count)) < UsageDocumentTable.namedMax else { return false }
        added.append(document)
        return true
    }

    /// Counts the places that were taken. Precedes the rows of their documents.
    func save(on connection: StoreConnection) throws {
        if added.isEmpty { return }
        guard connection.isShared else { return try count(Int64(added.count), connection) }
        // Another node may have added the same documents since they were looked up. All that add some lock the day
        // first, so that the statements behind that see what the others have added.
        try count(0, connection)
        for start in stride(from: 0, to: added.count, by: StoreConnection.listMax) {
            try countNew(added[start..<min(start + StoreConnection.listMax, added.count)], connection)
        }
    }

    private func count(_ count: Int64, _ connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO usage_document_days (day, documents) VALUES (?1, ?2)
            ON CONFLICT (day) DO UPDATE SET documents = usage_document_days.documents + excluded.documents
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(count, at: 2)
        try statement.run()
    }

    /// Counts those of the documents that have no row.
    private func countNew(_ documents: ArraySlice<PackedDocument>, _ connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO usage_document_days (day, documents)
            VALUES (?1, ?2 - (SELECT count(*) FROM usage_documents WHERE day = ?1 AND document IN (
                ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34)))
            ON CONFLICT (day) DO UPDATE SET documents = usage_document_days.documents + excluded.documents
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(Int64(documents.count), at: 2)
        statement.bindList(documents, from: 3) { statement.bind($0, at: $1) }
        try statement.run()
    }
}
