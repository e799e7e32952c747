import EventLoops
internal import PostgreSQL
import Vocabulary

/// Takes a seat in `nodes` for a process that starts: a number that no other has, and that rested. Others that join at
/// the same time wait for the lock of `schema_state`.
struct NodeJoining {
    /// A number rests so long before it is given again: its reservations may still be met.
    private static let restMicroseconds: Int64 = 24 * 3_600 * 1_000_000
    private static let numbers: Int64 = 1_024
    private static let roundTripMax = Duration.seconds(8)

    let connection: PostgreSQLConnection
    let node: NodeDescription

    /// Takes the seat.
    ///
    /// - Returns: the seat, and when the beginning of the transaction was sent that took it.
    /// - Throws: `unavailable` when no number is free; else why the database does not answer.
    func take() throws -> (NodeSeat, MonotonicInstant) {
        let sentAt = SystemClock.sinceBoot()
        try begin()
        return (try sit(), sentAt)
    }

    private func perform(_ command: PostgreSQLCommand) throws {
        _ = try connection.query(command, within: Self.roundTripMax)
    }

    /// Begins a transaction that no other joining has at the same time.
    private func begin() throws {
        connection.enqueueBeginning(lockMax: .seconds(4), idleMax: .seconds(5))
        do {
            try perform(PostgreSQLCommand("UPDATE schema_state SET version = version"))
        } catch let failure as PostgreSQLFailure where failure.meaning == .lockTimeout {
            throw StoreFault(
                code: .inUse,
                detail: "another program has had the row of schema_state for 4 s: is tollgate store copy under way?"
            )
        }
    }

    private func sit() throws -> NodeSeat {
        let rows = try connection.query(
            [
                PostgreSQLCommand("SELECT number, state, lease_until - \(ServerClock.now) FROM nodes"),
                PostgreSQLCommand("SELECT number FROM (\(NodeRemains.query)) AS remains"),
                PostgreSQLCommand("SELECT migrating_by FROM schema_state"),
            ],
            within: Self.roundTripMax
        )
        // A copy into the database may have begun since the schema was looked at.
        if rows[2].count > 0, CopyMark.isOne(rows[2].text(0, 0)) { throw CopyMark.refusal }
        var used: [Int64: NumberUse] = [:]
        for row in 0..<rows[0].count {
            guard let number = rows[0].integer(row, 0), let left = rows[0].integer(row, 2) else { continue }
            used[number] = rows[0].text(row, 1) == "dead" ? .rests(sinceMicroseconds: left) : .taken
        }
        // Whatever an earlier node left is ended under its number, and not under that of a node that lives.
        for row in 0..<rows[1].count { if let number = rows[1].integer(row, 0) { used[number] = .taken } }
        let seat = NodeSeat(number: try Self.number(used), incarnation: .random(in: 1 ... .max), beat: 1)
        var command = PostgreSQLCommand(
            """
            INSERT INTO nodes (number, incarnation, beat, state, name, address, version, config_digest, lease_until, started_at)
            VALUES ($1, $2, $3, 'live', $4, $5, $6, $8, \(ServerClock.now) + $7,
                \(ServerClock.now))
            ON CONFLICT (number) DO UPDATE SET incarnation = excluded.incarnation, beat = excluded.beat,
                state = excluded.state, name = excluded.name, address = excluded.address, version = excluded.version,
                config_digest = excluded.config_digest, lease_until = excluded.lease_until, started_at = excluded.started_at
            """
        )
        command.bind(seat.number)
        command.bind(seat.incarnation)
        command.bind(seat.beat)
        command.bind(SharedSQL.escaped(node.name))
        command.bind(SharedSQL.escaped(node.address))
        command.bind(SharedSQL.escaped(node.version))
        command.bind(NodeSeat.leaseMicroseconds)
        command.bind(node.configurationDigest.bytes)
        connection.enqueue(command)
        try perform(PostgreSQLCommand("COMMIT"))
        return seat
    }

    /// What is known of a number that was given.
    enum NumberUse: Equatable {
        /// A node lives with it, or what one left is not ended.
        case taken
        /// In microseconds, how long its lease goes on; less than 0 for how long it is over.
        case rests(sinceMicroseconds: Int64)
    }

    /// The number to take: the least that was never given, else the one that has rested longest.
    static func number(_ used: [Int64: NumberUse]) throws(StoreFault) -> Int64 {
        if let fresh = (0..<numbers).first(where: { used[$0] == nil }) { return fresh }
        var oldest: (left: Int64, number: Int64)?
        for number in 0..<numbers {
            guard case .rests(let left)? = used[number], left <= -restMicroseconds else { continue }
            if left < oldest?.left ?? .max { oldest = (left, number) }
        }
        if let oldest { return oldest.number }
        throw StoreFault(
            code: .unavailable,
            detail: "all \(numbers) numbers of nodes were used within 24 hours: does something start the gateway "
                + "again and again?"
        )
    }
}
