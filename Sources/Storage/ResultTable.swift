internal import Caching
import Foundation
import GRDB
import Vocabulary

/// The statements on `results`.
enum ResultTable {
    static func find(_ key: CacheKey, in database: Database) throws -> CachedResult? {
        let statement = try database.cachedStatement(sql: "SELECT * FROM results WHERE key = ?")
        guard let row = try Row.fetchOne(statement, arguments: [Data(key.bytes)]) else { return nil }
        return try result(row, key: key)
    }

    /// Adds the result or puts it in the place of the one of its key.
    static func save(_ result: CachedResult, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO results (key, status, body, credits_from, credits_to, credits_micros, stored_at,
                    account, team, document_id, model, page_range, classification)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET status = excluded.status, body = excluded.body,
                    credits_from = excluded.credits_from, credits_to = excluded.credits_to,
                    credits_micros = excluded.credits_micros, stored_at = excluded.stored_at,
                    account = excluded.account, team = excluded.team, document_id = excluded.document_id,
                    model = excluded.model, page_range = excluded.page_range, classification = excluded.classification
                """
        )
        try statement.execute(arguments: [
            Data(result.key.bytes), Int64(result.status), Data(result.body), result.creditsRange?.lowerBound,
            result.creditsRange?.upperBound, result.credits.micros, result.storedAt.microseconds,
            result.account.rawValue, result.team.rawValue, result.documentID, result.model, result.pageRange,
            result.classification,
        ])
    }

    /// Removes results stored before the cutoff, the oldest first, and says how many.
    static func removeOlder(than cutoff: Timestamp, atMost count: Int, from database: Database) throws -> Int {
        var removed = 0
        try database.inTransaction(.immediate) {
            let statement = try database.cachedStatement(
                sql: """
                    DELETE FROM results WHERE id IN
                        (SELECT id FROM results WHERE stored_at < ? ORDER BY stored_at LIMIT ?)
                    """
            )
            try statement.execute(arguments: [cutoff.microseconds, count])
            removed = database.changesCount
            return .commit
        }
        return removed
    }

    /// Removes all results of a document, in every account, and says how many.
    static func remove(documentID: String, from database: Database) throws -> Int {
        try database.cachedStatement(sql: "DELETE FROM results WHERE document_id = ?").execute(arguments: [documentID])
        return database.changesCount
    }

    /// Nil values and types are checked although the schema rules them out: the page may be damaged.
    private static func result(_ row: Row, key: CacheKey) throws -> CachedResult {
        let reader = RowReader(row: row, key: key)
        let body = try [UInt8](reader.need("body", as: Data.self))
        let from = try reader.have("credits_from", as: Int.self)
        let to = try reader.have("credits_to", as: Int.self)
        let status = try reader.need("status", as: Int.self)
        var range: Range<Int>?
        if let from, let to, from >= 0, from < to, to <= body.count { range = from..<to }
        guard range != nil || (from == nil && to == nil), (100...599).contains(status) else { throw reader.fault }
        return CachedResult(
            key: key,
            status: UInt16(status),
            body: body,
            creditsRange: range,
            credits: MicroCredits(micros: try reader.need("credits_micros", as: Int64.self)),
            storedAt: Timestamp(microseconds: try reader.need("stored_at", as: Int64.self)),
            account: AccountID(rawValue: try reader.need("account", as: String.self)),
            team: TeamID(rawValue: try reader.need("team", as: String.self)),
            documentID: try reader.need("document_id", as: String.self),
            model: try reader.need("model", as: String.self),
            pageRange: try reader.have("page_range", as: String.self),
            classification: try reader.need("classification", as: String.self)
        )
    }

    /// Reads columns without trusting their types: GRDB's subscript traps where a value cannot be converted.
    private struct RowReader {
        let row: Row
        let key: CacheKey

        var fault: StoreFault { StoreFault(code: .corrupt, detail: "the result \(key) is damaged in the store") }

        func have<Value: DatabaseValueConvertible>(_ column: String, as type: Value.Type) throws -> Value? {
            let value: DatabaseValue = row[column]
            return value.isNull ? nil : try need(column, as: type)
        }

        func need<Value: DatabaseValueConvertible>(_ column: String, as type: Value.Type) throws -> Value {
            let value: DatabaseValue = row[column]
            guard !value.isNull, let converted = Value.fromDatabaseValue(value) else { throw fault }
            return converted
        }
    }
}
