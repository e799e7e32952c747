internal import PostgreSQL
import Vocabulary

extension PostgreSQLConnection {
    /// Puts the beginning of a transaction into the pipeline. A node that is stopped in the middle of one must not hold
    /// its locks for long, so that the server ends it; each transaction says so itself, since a session may be another
    /// one's behind pgbouncer.
    ///
    /// - Parameters:
    ///   - lockMax: how long a lock is waited for.
    ///   - idleMax: how long the server waits for the next statement.
    func enqueueBeginning(lockMax: Duration, idleMax: Duration = .seconds(2)) {
        func milliseconds(_ duration: Duration) -> Int64 { duration.wholeNanoseconds / 1_000_000 }
        enqueue(PostgreSQLCommand("BEGIN ISOLATION LEVEL READ COMMITTED"))
        enqueue(PostgreSQLCommand("SET LOCAL lock_timeout = \(milliseconds(lockMax))"))
        enqueue(PostgreSQLCommand("SET LOCAL statement_timeout = 5000"))
        enqueue(PostgreSQLCommand("SET LOCAL idle_in_transaction_session_timeout = \(milliseconds(idleMax))"))
    }

    /// Has the server give up a client whose machine or network is gone after 11 s of silence, and not after hours.
    ///
    /// The time-outs of a transaction do not see to that: they run while a command is executed and between pipelines.
    /// When a part of a pipeline has come and the rest never does, the server waits in between, with all locks.
    ///
    /// It means nothing on a socket of the machine, and nothing to a server that does not know these settings.
    func askForKeepalives(within duration: Duration) throws(PostgreSQLFailure) {
        enqueue(PostgreSQLCommand("SET tcp_keepalives_idle = 5"))
        enqueue(PostgreSQLCommand("SET tcp_keepalives_interval = 2"))
        enqueue(PostgreSQLCommand("SET tcp_keepalives_count = 3"))
        do {
            try finish(within: duration)
        } catch {
            guard case .server = error.kind else { throw error }
        }
    }
}

/// The clock by which leases are compared.
enum ServerClock {
    /// An expression: microseconds since 1970, as the transaction began.
    static let now = "CAST(extract(epoch FROM now()) * 1000000 AS BIGINT)"
    /// The same, as the statement is at it.
    static let current = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
}
