internal import Caching
import Vocabulary

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
                results.account, team, results.document_id, model, page_range, classification
            FROM (SELECT 1)
            LEFT JOIN documents ON documents.account = ?1 AND documents.document_id = ?2
            LEFT JOIN results ON results.key = ?3
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

    static func has(_ key: CacheKey, on connection: StoreConnection) throws -> Bool {
        let statement = try connection.statement("SELECT 1 FROM results WHERE key = ?1")
        defer { statement.reset() }
        statement.bind(key, at: 1)
        return try statement.step()
    }

    /// Adds the result, or replaces the one of its key.
    static func save(_ result: CachedResult, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO results (key, status, body, credits_from, credits_to, credits_micros, stored_at,
                account, team, document_id, model, page_range, classification)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            ON CONFLICT (key) DO UPDATE SET status = excluded.status, body = excluded.body,
                credits_from = excluded.credits_from, credits_to = excluded.credits_to,
                credits_micros = excluded.credits_micros, stored_at = excluded.stored_at,
                account = excluded.account, team = excluded.team, document_id = excluded.document_id,
                model = excluded.model, page_range = excluded.page_range, classification = excluded.classification
            """
        )
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
        try statement.run(binding: result.body, at: 3)
    }

    /// Removes results stored before the cutoff, the oldest first, and says how many.
    static func removeOlder(than cutoff: Timestamp, atMost count: Int, on connection: StoreConnection) throws -> Int {
        let statement = try connection.statement(
            """
            DELETE FROM results WHERE id IN (SELECT id FROM results WHERE stored_at < ?1 ORDER BY stored_at LIMIT ?2)
            """
        )
        statement.bind(cutoff, at: 1)
        statement.bind(Int64(count), at: 2)
        try statement.run()  // a transaction of its own
        return connection.changesCount
    }

    /// Removes all results of a document, in every account, and says how many.
    static func remove(documentID: String, on connection: StoreConnection) throws -> Int {
        let statement = try connection.statement("DELETE FROM results WHERE document_id = ?1")
        statement.bind(documentID, at: 1)
        try statement.run()
        return connection.changesCount
    }

    /// Nil values and types are checked although the schema rules them out: the page may be damaged.
    private static func result(_ reader: RowReader) throws -> CachedResult {
        let body = try reader.need { $0.bytes(at: 3) }
        let from = try reader.have(at: 4) { $0.integer(at: 4) }
        let to = try reader.have(at: 5) { $0.integer(at: 5) }
        let status = try reader.need { $0.integer(at: 2) }
        var range: Range<Int>?
        if let from, let to, from >= 0, from < to, to <= body.count { range = Int(from)..<Int(to) }
        guard range != nil || (from == nil && to == nil), (100...599).contains(status) else { throw reader.fault }
        return CachedResult(
            key: reader.key,
            status: UInt16(status),
            body: body,
            creditsRange: range,
            credits: MicroCredits(micros: try reader.need { $0.integer(at: 6) }),
            storedAt: Timestamp(microseconds: try reader.need { $0.integer(at: 7) }),
            account: AccountID(rawValue: try reader.need { $0.text(at: 8) }),
            team: TeamID(rawValue: try reader.need { $0.text(at: 9) }),
            documentID: try reader.need { $0.text(at: 10) },
            model: try reader.need { $0.text(at: 11) },
            pageRange: try reader.have(at: 12) { $0.text(at: 12) },
            classification: try reader.need { $0.text(at: 13) }
        )
    }

    /// The row of a key while it is read.
    private struct RowReader {
        let statement: PreparedStatement
        let key: CacheKey

        init(_ statement: PreparedStatement, key: CacheKey) {
            self.statement = statement
            self.key = key
        }

        var fault: StoreFault { StoreFault(code: .corrupt, detail: "the result \(key) is damaged in the store") }

        func have<Value>(at index: Int32, _ value: (PreparedStatement) -> Value?) throws -> Value? {
            statement.isNull(at: index) ? nil : try need(value)
        }

        func need<Value>(_ value: (PreparedStatement) -> Value?) throws -> Value {
            guard let value = value(statement) else { throw fault }
            return value
        }
    }
}
