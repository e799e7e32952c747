internal import CPostgreSQL

/// Keeps what the server says without being asked; libpq would print it. Confined to its connection's thread.
final class NoticeCollector {
    /// More are of no use to anyone, and would fill memory.
    private static let noticesMax = 16

    private(set) var warnings: [PostgreSQLNotice] = []
    /// The last words of a server that ends the connection while nothing is under way.
    private(set) var farewell: ServerError?

    func clear() { warnings = [] }

    /// - Parameter read: reads the notice, if it is kept.
    func receive(severity: String, _ read: () -> ServerError?) {
        switch severity {
        case "FATAL", "PANIC": farewell = read()
        case "WARNING", "ERROR":
            guard warnings.count < Self.noticesMax, let notice = read() else { return }
            warnings.append(PostgreSQLNotice(sqlState: notice.sqlState, message: notice.message))
        default: break
        }
    }
}
