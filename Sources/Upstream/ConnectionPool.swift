import EventLoops
import Vocabulary

/// The idle connections of one worker to the vendor. Confined to its loop.
///
/// The one used last is used first, so that those that are not needed grow old and go.
final class ConnectionPool {
    /// No worker needs more: beyond it a connection is closed instead of kept.
    private static let idleMax = 256

    private var idle: [UpstreamConnection] = []
    private(set) var generation = 0

    /// A connection that is fit for use, if there is one.
    func take() -> UpstreamConnection? {
        while let connection = idle.popLast() {
            if connection.isUsable() { return connection }
            connection.close()
        }
        return nil
    }

    /// Keeps a connection after an exchange, or closes it if it is of no use any more.
    ///
    /// - Parameter idleTimeout: how long it may be idle; zero for not at all.
    func give(_ connection: UpstreamConnection, idleTimeout: Duration) {
        guard connection.generation == generation, idleTimeout > .zero, idle.count < Self.idleMax,
            connection.isUsable()
        else { return connection.close() }
        connection.rest(for: idleTimeout) { [unowned self, unowned connection] in
            idle.removeAll { $0 === connection }
        }
        idle.append(connection)
    }

    /// Closes what is idle; what is busy is closed when its exchange has ended.
    func renew() {
        generation += 1
        let closing = idle
        idle = []
        for connection in closing { connection.close() }
    }
}
