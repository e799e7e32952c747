import EventLoops
internal import PostgreSQL
import Vocabulary

/// A COMMIT was sent, and it is not known whether it was done.
struct CommitInDoubt: Error {
    let detail: String

    var fault: StoreFault { StoreFault(code: .unavailable, detail: "PostgreSQL: \(detail)") }
}

/// How the transactions of a writer begin: with the next beat in the row of its process, which proves that no other
/// process was given the row. Confined to the writer's thread; docs/nodes.md §3, "Fence" and "Recovery".
final class NodeFence {
    let seat: NodeSeat
    let standing: NodeStanding
    private(set) var beats: NodeBeats
    /// Of the transaction under way.
    private var beat: Int64 = 0
    /// When the beginning of the transaction under way was sent: its lease counts from then on, by the server's clock.
    private var begunAt = MonotonicInstant.longAgo
    /// When the beginning of the last transaction was sent that is known to be committed.
    private(set) var confirmedAt: MonotonicInstant

    /// - Parameter joinedAt: when the transaction was sent that took the seat.
    init(_ seat: NodeSeat, joinedAt: MonotonicInstant, standing: NodeStanding) {
        self.seat = seat
        self.standing = standing
        beats = NodeBeats(joinedAt: seat.beat)
        confirmedAt = joinedAt
    }

    /// The seat with the beat that its row has now. Not in doubt.
    var present: NodeSeat { NodeSeat(number: seat.number, incarnation: seat.incarnation, beat: beats.confirmed) }

    /// The first statement of a transaction.
    func command() throws -> PostgreSQLCommand {
        guard !beats.isInDoubt else {
            throw StoreFault(code: .unavailable, detail: "PostgreSQL: the outcome of a COMMIT is not known yet")
        }
        beat = beats.next()
        begunAt = SystemClock.sinceBoot()
        var command = PostgreSQLCommand(
            """
            UPDATE nodes SET beat = $1, lease_until = \(ServerClock.now) + $2
            WHERE number = $3 AND incarnation = $4 AND state = 'live' AND beat = $5
            """
        )
        command.bind(beat)
        command.bind(NodeSeat.leaseMicroseconds)
        command.bind(seat.number)
        command.bind(seat.incarnation)
        command.bind(beats.confirmed)
        return command
    }

    func pass(_ rows: PostgreSQLRows) throws {
        guard rows.affectedCount == 1 else { throw lost }
    }

    private var lost: SeatLost {
        SeatLost(
            detail:
                "PostgreSQL: node \(seat.number) was taken for dead by another one, or the database has lost commits; "
                + "this process ends, to be started again"
        )
    }

    /// The transaction is committed.
    func confirm() {
        beats.confirm(beat)
        tell(begunAt)
    }

    private func tell(_ sentAt: MonotonicInstant) {
        confirmedAt = sentAt
        standing.confirm(sentAt: sentAt, sinceBoot: SystemClock.sinceBoot(), now: SystemClock.monotonic())
    }

    /// - Throws: always.
    func lose(_ detail: String) throws -> Never {
        beats.lose(beat)
        throw CommitInDoubt(detail: detail)
    }

    // MARK: Recovery

    /// Finds out, in a transaction of its own, whether the commit in doubt was done.
    ///
    /// - Throws: `SeatLost`; anything else when it is still not known.
    func recover(on connection: PostgreSQLConnection, within duration: Duration) throws -> Bool {
        let sentAt = SystemClock.sinceBoot()
        // The transaction in doubt may have the lock until the server ends it.
        connection.enqueueBeginning(lockMax: .seconds(4))
        var reading = PostgreSQLCommand(
            "SELECT beat FROM nodes WHERE number = $1 AND incarnation = $2 AND state = 'live' FOR UPDATE"
        )
        reading.bind(seat.number)
        reading.bind(seat.incarnation)
        let rows = try connection.query(reading, within: duration)
        guard rows.count == 1, let found = rows.integer(0, 0) else { throw lost }
        guard case .wasCommitted(let wasCommitted) = beats.judge(found) else { throw lost }
        let recovery = beats.next()
        var writing = PostgreSQLCommand(
            """
            UPDATE nodes SET beat = $1, lease_until = \(ServerClock.now) + $2
            WHERE number = $3 AND incarnation = $4
            """
        )
        writing.bind(recovery)
        writing.bind(NodeSeat.leaseMicroseconds)
        writing.bind(seat.number)
        writing.bind(seat.incarnation)
        connection.enqueue(writing)
        connection.enqueue(PostgreSQLCommand("COMMIT"))
        do {
            try connection.finish(within: duration)
        } catch {
            beats.loseRecovery(recovery, whichFound: wasCommitted)
            throw error
        }
        beats.confirmRecovery(recovery)
        tell(sentAt)
        return wasCommitted
    }
}
