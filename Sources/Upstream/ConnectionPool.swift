import EventLoops
import Vocabulary

/// The idle connections of one worker to the vendor. Confined to its loop.
///
/// The most recently used one is taken first, so that surplus connections reach their idle timeout and close.
final class ConnectionPool {
    /// The maximum number of idle connections of one worker; any further one is closed instead of kept.
    private static let idleMax = 256

    private var idle: [UpstreamConnection] = []
    private(set) var generation = 0

    /// A usable connection, if there is one.
    func take() -> UpstreamConnection? {
        while let connection = idle.popLast() {
            if connection.isUsable() { return connection }
            connection.close()
        }
        return nil
    }

    /// Keeps a connection after an exchange, or closes it if it can no longer be used.
    ///
    /// - Parameter idleTimeout: how long it may be idle; zero closes it at once.
    func give(_ connection: UpstreamConnection, idleTimeout: Duration) {
        // What the vendor has done meanwhile is told by the loop, or found out when the connection is taken.
        guard connection.generation == generation, idleTimeout > .zero, idle.count < Self.idleMax,
            !connection.isBroken
        else { return connection.close() }
        connection.rest(for: idleTimeout, in: self)
        idle.append(connection)
    }

    /// A connection has ended while it was idle.
    func remove(_ connection: UpstreamConnection) { idle.removeAll { $0 === connection } }

    /// Closes the idle connections; a busy one is closed when its exchange has ended.
    func renew() {
        generation += 1
        let closing = idle
        idle = []
        for connection in closing { connection.close() }
    }
}
