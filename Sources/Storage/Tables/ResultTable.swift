internal import Budgeting
internal import Caching
import Vocabulary

/// A kind of results, each with a lifetime of its own.
enum ResultKind: CaseIterable {
    /// Of requests with a schema of their own.
    case inline
    case ofClassifier
}

/// The statements on `results`.
enum ResultTable {
    /// The result of a key and the pages of a document in one look-up; what is not asked for is not there.
    static func find(
        _ key: CacheKey?,
        pagesOf document: DocumentKey?,
        on connection: StoreConnection
    ) throws -> Finding {
        let statement = try connection.statement(
            """
            SELECT documents.pages, results.id, status, body, credits_from, credits_to, credits_micros, stored_at,
                results.account, team, results.document_id, model, page_range, classification, classifier
            FROM (SELECT 1 AS one) AS question
            LEFT JOIN documents ON documents.account = ?1 AND documents.document_id = ?2
            LEFT JOIN results ON results.key = ?3 AND NOT EXISTS (
                SELECT 1 FROM purges WHERE ended_at IS NULL AND boundary >= results.id
                    AND (purges.document_id IS NULL OR purges.document_id = results.document_id)
                    AND (purges.team IS NULL OR purges.team = results.team)
                    AND (purges.cache_key IS NULL OR purges.cache_key = results.key)
                    AND (purges.classifier IS NULL
                        OR (purges.classifier = results.classifier AND purges.account = results.account)))
            """
        )
        defer { statement.reset() }
        statement.bind(document?.account.rawValue, at: 1)
        statement.bind(document?.documentID, at: 2)
        statement.bind(key, at: 3)
        guard try statement.step() else { return Finding() }
        var finding = Finding(documentPages: statement.integer(at: 0).flatMap(Int.init(exactly:)))
        if let key, !statement.isNull(at: 1) { finding.result = try result(RowReader(statement, key: key)) }
        return finding
    }

    /// Calls `then` with when it was stored if there is a result of this key that no purge hides: at once, or with the
    /// next `receive`.
    static func lookUp(
        _ key: CacheKey,
        on connection: StoreConnection,
        then: @escaping (_ storedAt: Timestamp) -> Void
    ) throws {
        let statement = try connection.statement(
            """
            SELECT stored_at FROM results WHERE key = ?1 AND NOT EXISTS (
                SELECT 1 FROM purges WHERE ended_at IS NULL AND boundary >= results.id
                    AND (purges.document_id IS NULL OR purges.document_id = results.document_id)
                    AND (purges.team IS NULL OR purges.team = results.team)
                    AND (purges.cache_key IS NULL OR purges.cache_key = results.key)
                    AND (purges.classifier IS NULL
                        OR (purges.classifier = results.classifier AND purges.account = results.account)))
            """
        )
        statement.bind(key, at: 1)
        try statement.sendForEachRow(about: "a result") { then(try $0.moment(at: 0)) }
    }

    /// The keys from this one on in their order, purged or not.
    static func keys(from first: Digest, atMost count: Int, on connection: StoreConnection) throws -> [CacheKey] {
        let statement = try connection.statement("SELECT key FROM results WHERE key >= ?1 ORDER BY key LIMIT ?2")
        statement.bind(first, at: 1)
        statement.bind(Int64(count), at: 2)
        return try statement.rows(about: "a result") { CacheKey(try $0.digest(at: 0)) }
    }

    /// Whether there is a result of this key that no purge hides.
    static func has(_ key: CacheKey, on connection: StoreConnection) throws -> Bool {
        var isThere = false
        try lookUp(key, on: connection) { _ in isThere = true }
        try connection.receive()
        return isThere
    }

    /// Adds the result, or replaces the one of its key.
    ///
    /// A new row has the number of the reservation that paid for it, which no other node gives. If a purge under way
    /// reaches beyond that, or a row has it, it gets one more than the greatest there is.
    ///
    /// - Parameter purges: those under way, none of which concerns the row: what they concern was taken out.
    static func save(
        _ result: CachedResult,
        paidBy id: ReservationID,
        above purges: [PurgeTable.Open],
        on connection: StoreConnection
    ) throws {
        let statement = try connection.statement(
            """
            INSERT INTO results (id, key, status, body, credits_from, credits_to, credits_micros, stored_at,
                account, team, document_id, model, page_range, classification, classifier)
            VALUES (CASE WHEN ?16 > ?14 AND NOT EXISTS (SELECT id FROM results WHERE id = ?16) THEN ?16
                ELSE (SELECT CASE WHEN max(id) > ?14 THEN max(id) ELSE ?14 END + 1 FROM results) END,
                ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?15)
            ON CONFLICT (key) DO UPDATE SET status = excluded.status, body = excluded.body,
                credits_from = excluded.credits_from, credits_to = excluded.credits_to,
                credits_micros = excluded.credits_micros, stored_at = excluded.stored_at,
                account = excluded.account, team = excluded.team, document_id = excluded.document_id,
                model = excluded.model, page_range = excluded.page_range, classification = excluded.classification,
                classifier = excluded.classifier
            """
        )
        connection.presence?.note(result.key)
        let creditsRange = result.creditsRange
        statement.bind(result.key, at: 1)
        statement.bind(Int64(result.status), at: 2)
        statement.bind(creditsRange.map { Int64($0.lowerBound) }, at: 4)
        statement.bind(creditsRange.map { Int64($0.upperBound) }, at: 5)
        statement.bind(result.credits, at: 6)
        statement.bind(result.storedAt, at: 7)
        statement.bind(result.account.rawValue, at: 8)
        statement.bind(result.team.rawValue, at: 9)
        statement.bind(result.documentID, at: 10)
        statement.bind(result.model, at: 11)
        statement.bind(result.pageRange, at: 12)
        statement.bind(result.classification, at: 13)
        // No purge concerns the new row.
        statement.bind(purges.map(\.boundary).max() ?? 0, at: 14)
        statement.bind(result.classifier, at: 15)
        statement.bind(id.rawValue, at: 16)
        try statement.run(binding: result.body, at: 3)
    }

    /// Removes results stored before the cutoff, the oldest first, and says how many.
    ///
    /// - Parameter kind: which results.
    static func removeOlder(
        than cutoff: Timestamp,
        _ kind: ResultKind,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> Int {
        let statement =
            switch kind {
            case .inline:
                try connection.statement(
                    """
                    DELETE FROM results WHERE id IN (SELECT id FROM results
                        WHERE classifier IS NULL AND stored_at < ?1 ORDER BY stored_at LIMIT ?2)
                    """
                )
            case .ofClassifier:
                try connection.statement(
                    """
                    DELETE FROM results WHERE id IN (SELECT id FROM results
                        WHERE classifier IS NOT NULL AND stored_at < ?1 ORDER BY stored_at LIMIT ?2)
                    """
                )
            }
        statement.bind(cutoff, at: 1)
        statement.bind(Int64(count), at: 2)
        return try statement.runCounting()  // a transaction of its own
    }

    // MARK: Purges

    /// Removes a row, so that the result that replaces it gets a number of its own.
    static func takeOut(
        _ row: PurgeTable.ResultRow,
        countedBy purges: [PurgeTable.Open],
        on connection: StoreConnection
    ) throws {
        try remove(row.id, on: connection)
        if let purge = purges.first(where: { $0.covers(row) }) {
            try PurgeTable.count(1, of: purge.id, on: connection)
        }
    }

    /// Asks for the row of a key, purged or not.
    static func lookUpRow(
        of key: CacheKey,
        on connection: StoreConnection,
        then: @escaping (PurgeTable.ResultRow) -> Void
    ) throws {
        let statement = try connection.statement(
            "SELECT id, key, document_id, team, account, classifier FROM results WHERE key = ?1"
        )
        statement.bind(key, at: 1)
        try statement.sendForEachRow(about: "a result") { then(try purgeRow($0)) }
    }

    /// The greatest row number; 0 when there is none.
    static func lastRow(on connection: StoreConnection) throws -> Int64 {
        let statement = try connection.statement("SELECT coalesce(max(id), 0) FROM results")
        return try statement.rows(about: "the newest result") { try $0.integer(at: 0) }.first ?? 0
    }

    /// The row of a key, purged or not.
    static func row(of key: CacheKey, on connection: StoreConnection) throws -> PurgeTable.ResultRow? {
        var found: PurgeTable.ResultRow?
        try lookUpRow(of: key, on: connection) { found = $0 }
        try connection.receive()
        return found
    }

    /// Rows of a document, purged or not.
    static func rows(
        of documentID: String,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> [PurgeTable.ResultRow] {
        let statement = try connection.statement(
            "SELECT id, key, document_id, team, account, classifier FROM results WHERE document_id = ?1 LIMIT ?2"
        )
        statement.bind(documentID, at: 1)
        statement.bind(Int64(count), at: 2)
        return try statement.rows(about: "a result", purgeRow)
    }

    /// The greatest row number of a document, purged or not; 0 when there is none.
    static func newestRow(of documentID: String, on connection: StoreConnection) throws -> Int64 {
        let statement = try connection.statement("SELECT coalesce(max(id), 0) FROM results WHERE document_id = ?1")
        statement.bind(documentID, at: 1)
        return try statement.rows(about: "the newest result") { try $0.integer(at: 0) }.first ?? 0
    }

    /// Rows of a saved classifier, purged or not.
    static func rows(
        of classifier: ClassifierKey,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> [PurgeTable.ResultRow] {
        let statement = try connection.statement(
            """
            SELECT id, key, document_id, team, account, classifier FROM results
            WHERE classifier = ?1 AND account = ?2 LIMIT ?3
            """
        )
        statement.bind(classifier.classifierID, at: 1)
        statement.bind(classifier.account.rawValue, at: 2)
        statement.bind(Int64(count), at: 3)
        return try statement.rows(about: "a result", purgeRow)
    }

    private static func purgeRow(_ row: StoreRow) throws -> PurgeTable.ResultRow {
        let account = AccountID(rawValue: try row.text(at: 4))
        return PurgeTable.ResultRow(
            id: try row.integer(at: 0),
            key: CacheKey(try row.digest(at: 1)),
            documentID: try row.text(at: 2),
            team: TeamID(rawValue: try row.text(at: 3)),
            classifier: try row.ifAny(row.text, at: 5).map { ClassifierKey(account: account, folded: $0) }
        )
    }

    static func remove(_ id: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM results WHERE id = ?1")
        statement.bind(id, at: 1)
        try statement.run()
    }

    /// Removes results that a purge concerns, and says how many.
    static func remove(
        _ target: PurgeTarget,
        upTo boundary: Int64,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> Int {
        let statement: any PreparedStatement
        switch target {
        case .all:
            statement = try connection.statement(
                """
                DELETE FROM results WHERE id IN (SELECT id FROM results WHERE id <= ?1 ORDER BY id LIMIT ?2)
                """
            )
        case .team(let team):
            statement = try connection.statement(
                """
                DELETE FROM results WHERE id IN
                    (SELECT id FROM results WHERE team = ?3 AND id <= ?1 ORDER BY id LIMIT ?2)
                """
            )
            statement.bind(team.rawValue, at: 3)
        case .document(let id):
            statement = try connection.statement(
                """
                DELETE FROM results WHERE id IN
                    (SELECT id FROM results WHERE document_id = ?3 AND id <= ?1 ORDER BY id LIMIT ?2)
                """
            )
            statement.bind(id, at: 3)
        case .key(let key):
            statement = try connection.statement(
                "DELETE FROM results WHERE id IN (SELECT id FROM results WHERE key = ?3 AND id <= ?1 LIMIT ?2)"
            )
            statement.bind(key, at: 3)
        case .classifier(let classifier):
            statement = try connection.statement(
                """
                DELETE FROM results WHERE id IN (SELECT id FROM results
                    WHERE classifier = ?3 AND account = ?4 AND id <= ?1 ORDER BY id LIMIT ?2)
                """
            )
            statement.bind(classifier.classifierID, at: 3)
            statement.bind(classifier.account.rawValue, at: 4)
        }
        statement.bind(boundary, at: 1)
        statement.bind(Int64(count), at: 2)
        return try statement.runCounting()
    }

    /// How many results a purge concerns. Counts entries of an index, not rows.
    static func count(_ target: PurgeTarget, upTo boundary: Int64, on connection: StoreConnection) throws -> Int64 {
        let statement: any PreparedStatement
        switch target {
        case .all:
            // What was saved since the purge is little: the rest is the whole without it.
            statement = try connection.statement(
                "SELECT (SELECT count(*) FROM results) - (SELECT count(*) FROM results WHERE id > ?1)"
            )
        case .team(let team):
            statement = try connection.statement("SELECT count(*) FROM results WHERE team = ?2 AND id <= ?1")
            statement.bind(team.rawValue, at: 2)
        case .document(let id):
            statement = try connection.statement("SELECT count(*) FROM results WHERE document_id = ?2 AND id <= ?1")
            statement.bind(id, at: 2)
        case .key(let key):
            statement = try connection.statement("SELECT count(*) FROM results WHERE key = ?2 AND id <= ?1")
            statement.bind(key, at: 2)
        case .classifier(let classifier):
            statement = try connection.statement(
                "SELECT count(*) FROM results WHERE classifier = ?2 AND account = ?3 AND id <= ?1"
            )
            statement.bind(classifier.classifierID, at: 2)
            statement.bind(classifier.account.rawValue, at: 3)
        }
        statement.bind(boundary, at: 1)
        return try statement.rows(about: "the number of results") { try $0.integer(at: 0) }.first ?? 0
    }

    // MARK: Entries

    static func entries(
        of documentID: String,
        after number: Int64,
        storedSince oldest: Timestamp,
        ofClassifiersSince oldestOfClassifiers: Timestamp,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> [StoredEntry] {
        let statement = try connection.statement(
            """
            SELECT id, key, document_id, account, team, model, page_range, classification, credits_micros, stored_at,
                classifier
            FROM results WHERE document_id = ?1 AND id > ?2
                AND stored_at >= CASE WHEN classifier IS NULL THEN ?3 ELSE ?5 END AND NOT EXISTS (
                SELECT 1 FROM purges WHERE ended_at IS NULL AND boundary >= results.id
                    AND (purges.document_id IS NULL OR purges.document_id = results.document_id)
                    AND (purges.team IS NULL OR purges.team = results.team)
                    AND (purges.cache_key IS NULL OR purges.cache_key = results.key)
                    AND (purges.classifier IS NULL
                        OR (purges.classifier = results.classifier AND purges.account = results.account)))
            ORDER BY id LIMIT ?4
            """
        )
        statement.bind(documentID, at: 1)
        statement.bind(number, at: 2)
        statement.bind(oldest, at: 3)
        statement.bind(Int64(max(0, count)), at: 4)  // a negative one would be no limit, or an error
        statement.bind(oldestOfClassifiers, at: 5)
        return try statement.rows(about: "a result") { row in
            StoredEntry(
                number: try row.integer(at: 0),
                key: CacheKey(try row.digest(at: 1)),
                documentID: try row.text(at: 2),
                account: AccountID(rawValue: try row.text(at: 3)),
                team: TeamID(rawValue: try row.text(at: 4)),
                model: try row.text(at: 5),
                pageRange: try row.ifAny(row.text, at: 6),
                classification: try row.text(at: 7),
                credits: try row.credits(at: 8),
                storedAt: try row.moment(at: 9),
                classifier: try row.ifAny(row.text, at: 10)
            )
        }
    }

    static func statistics(on connection: StoreConnection) throws -> EntryStatistics {
        try connection.beginReading()
        defer { connection.rollBack() }
        // Each of the subqueries takes an end of an index; the counts go through the smallest ones.
        let statement = try connection.statement(
            """
            SELECT (SELECT count(*) FROM results WHERE classifier IS NULL),
                (SELECT min(stored_at) FROM results WHERE classifier IS NULL),
                (SELECT max(stored_at) FROM results WHERE classifier IS NULL)
            UNION ALL SELECT (SELECT count(*) FROM results WHERE classifier IS NOT NULL),
                (SELECT min(stored_at) FROM results WHERE classifier IS NOT NULL),
                (SELECT max(stored_at) FROM results WHERE classifier IS NOT NULL)
            """
        )
        let kinds = try statement.rows(about: "the results") { row in
            (
                count: try row.integer(at: 0), oldest: try row.ifAny(row.moment, at: 1),
                newest: try row.ifAny(row.moment, at: 2)
            )
        }
        var hidden: Int64 = 0
        for purge in try PurgeTable.open(on: connection) {
            hidden += try self.count(purge.target, upTo: purge.boundary, on: connection)
        }
        let size = try connection.size()
        return EntryStatistics(
            entries: max(0, kinds.reduce(0) { $0 + $1.count } - hidden),
            oldest: kinds.compactMap(\.oldest).min(),
            newest: kinds.compactMap(\.newest).max(),
            storeBytes: size.bytes,
            storeBytesFree: size.freeBytes
        )
    }

    // MARK: Reading

    /// Nil values and types are checked although the schema rules them out: the page may be damaged.
    private static func result(_ reader: RowReader) throws -> CachedResult {
        let body = try reader.need { $0.bytes(at: 3) }
        let from = try reader.have(at: 4) { $0.integer(at: 4) }
        let to = try reader.have(at: 5) { $0.integer(at: 5) }
        let status = try reader.need { $0.integer(at: 2) }
        var range: Range<Int>?
        if let from, let to, from >= 0, from < to, to <= body.count { range = Int(from)..<Int(to) }
        let micros = try reader.need { $0.integer(at: 6) }
        guard range != nil || (from == nil && to == nil), (100...599).contains(status), micros >= 0 else {
            throw reader.fault
        }
        return CachedResult(
            key: reader.key,
            status: UInt16(status),
            body: body,
            creditsRange: range,
            credits: MicroCredits(micros: micros),
            storedAt: Timestamp(microseconds: try reader.need { $0.integer(at: 7) }),
            account: AccountID(rawValue: try reader.need { $0.text(at: 8) }),
            team: TeamID(rawValue: try reader.need { $0.text(at: 9) }),
            documentID: try reader.need { $0.text(at: 10) },
            model: try reader.need { $0.text(at: 11) },
            pageRange: try reader.have(at: 12) { $0.text(at: 12) },
            classification: try reader.need { $0.text(at: 13) },
            classifier: try reader.have(at: 14) { $0.text(at: 14) }
        )
    }

    /// The row of a key while it is read.
    private struct RowReader {
        let statement: any PreparedStatement
        let key: CacheKey

        init(_ statement: any PreparedStatement, key: CacheKey) {
            self.statement = statement
            self.key = key
        }

        var fault: StoreFault { StoreFault(code: .corrupt, detail: "the result \(key) is damaged in the store") }

        func have<Value>(at index: Int32, _ value: (any PreparedStatement) -> Value?) throws -> Value? {
            statement.isNull(at: index) ? nil : try need(value)
        }

        func need<Value>(_ value: (any PreparedStatement) -> Value?) throws -> Value {
            guard let value = value(statement) else { throw fault }
            return value
        }
    }
}
