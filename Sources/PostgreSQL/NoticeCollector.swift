internal import CPostgreSQL

/// Keeps what the server says without being asked; libpq would print it. Confined to its connection's thread.
final class NoticeCollector {
    /// More are of no use to anyone, and would fill memory.
    private static let noticesMax = 16

    private(set) var warnings: [PostgreSQLNotice] = []
    /// The last words of a server that ends the connection while nothing is under way.
    private(set) var farewell: ServerError?

    func clear() { warnings = [] }

    func receive(_ notice: ServerError) {
        if notice.isFatal {
            farewell = notice
        } else if notice.severity == "WARNING" || notice.severity == "ERROR", warnings.count < Self.noticesMax {
            warnings.append(PostgreSQLNotice(sqlState: notice.sqlState, message: notice.message))
        }
    }
}
