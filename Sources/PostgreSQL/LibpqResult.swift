internal import CPostgreSQL
import Glibc

/// One result of libpq, which this alone frees. Confined to its connection's thread.
@safe
struct LibpqResult: ~Copyable {
    enum Kind: Equatable {
        case row
        case completion
        /// Rows without the tag that ends a command: what came behind them was no end, or the connection broke.
        case unfinished
        /// Of the server.
        case error(ServerError)
        /// Of libpq: the connection broke, or a response makes no sense.
        case broken(String)
        case skipped
        case sync
        case other
    }

    private let result: OpaquePointer  // PGresult *, owned: PQclear in deinit

    init(owning result: OpaquePointer) { unsafe self.result = result }

    deinit { unsafe PQclear(result) }

    var kind: Kind {
        switch unsafe PQresultStatus(result) {
        case PGRES_SINGLE_TUPLE: .row
        case PGRES_EMPTY_QUERY: .completion
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: unsafe Self.completion(of: result)
        case PGRES_PIPELINE_ABORTED: .skipped
        case PGRES_PIPELINE_SYNC: .sync
        case PGRES_FATAL_ERROR: unsafe Self.error(of: result)
        default: .other
        }
    }

    /// Rows that no tag follows have the status of a success all the same.
    private static func completion(of result: OpaquePointer) -> Kind {
        unsafe PQcmdStatus(result).pointee == 0 ? .unfinished : .completion
    }

    private static func error(of result: OpaquePointer) -> Kind {
        if let error = unsafe ServerError(result) { return .error(error) }
        return .broken(PostgreSQLText.line(unsafe String(cString: PQresultErrorMessage(result))))
    }

    // MARK: Rows

    /// Adds the row to those that came before it, or, if it has none, the types of its columns.
    func append(to rows: inout PostgreSQLRows) {
        let columns = unsafe PQnfields(result)
        if rows.count == 0 {
            // A text where a binary value is expected would be read as another value.
            rows.begin(types: (0..<columns).map { unsafe PQfformat(result, $0) == 1 ? PQftype(result, $0) : 0 })
        }
        for row in 0..<(unsafe PQntuples(result)) {
            for column in 0..<columns {
                guard unsafe PQgetisnull(result, row, column) == 0 else {
                    rows.appendNull()
                    continue
                }
                let start = unsafe UnsafeRawPointer(PQgetvalue(result, row, column))
                unsafe rows.append(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column))))
            }
            rows.endRow()
        }
    }

    /// Whether a transaction was rolled back: also COMMIT is answered so, when the transaction had failed before.
    var hasRolledBack: Bool { unsafe strcmp(PQcmdStatus(result), "ROLLBACK") == 0 }

    /// How many rows the command concerned; 0 where it says nothing of rows.
    var affectedCount: Int { Int(unsafe String(cString: PQcmdTuples(result))) ?? 0 }
}

extension ServerError {
    /// - Returns: nil if it is not from a server.
    init?(_ result: OpaquePointer) {
        let field = { unsafe Self.field($0, of: result) }
        guard let sqlState = field(tollgate_PG_DIAG_SQLSTATE()) else { return nil }
        self.init(
            severity: unsafe Self.severity(of: result) ?? "ERROR",
            sqlState: PostgreSQLText.isSQLState(sqlState) ? sqlState : PostgreSQLText.unknownSQLState,
            message: field(tollgate_PG_DIAG_MESSAGE()) ?? "",
            detail: field(tollgate_PG_DIAG_DETAIL()),
            hint: field(tollgate_PG_DIAG_HINT())
        )
    }

    static func severity(of result: OpaquePointer) -> String? {
        unsafe field(tollgate_PG_DIAG_SEVERITY(), of: result)
    }

    private static func field(_ code: Int32, of result: OpaquePointer) -> String? {
        guard let text = unsafe PQresultErrorField(result, code) else { return nil }
        return PostgreSQLText.line(unsafe String(cString: text))
    }
}
