import EventLoops
internal import PostgreSQL
import Vocabulary

/// Takes a seat in `nodes` for a process that starts.
///
/// One process at a time has the database. One that was killed has its seat until its lease is over, which is waited for; one
/// that ends in order gives it back.
struct NodeJoining {
    /// How long a seat that another process has is waited for: a lease, and a little more.
    static let patience = NodeSeat.lease + .seconds(3)
    /// A number rests so long before it is given again: its reservations may still be met.
    private static let restMicroseconds: Int64 = 24 * 3_600 * 1_000_000
    private static let numbers: Int64 = 1_024
    private static let roundTripMax = Duration.seconds(8)

    let connection: PostgreSQLConnection
    let node: NodeDescription

    private struct Holder {
        let number: Int64
        let text: String
        let leftMicroseconds: Int64
    }

    /// Waits for the seat and takes it.
    ///
    /// - Parameter onWait: called once when another process has it, with what is known of that.
    /// - Returns: the seat, and when the transaction that took it was sent.
    /// - Throws: `StoreFault.inUse` when another process keeps it; else why the database does not answer.
    func take(onWait: (String) -> Void) throws -> (NodeSeat, MonotonicInstant) {
        let deadline = SystemClock.sinceBoot() + Self.patience
        var hasTold = false
        while true {
            let sentAt = SystemClock.sinceBoot()
            try begin()
            guard let holder = try holder() else { return (try sit(), sentAt) }
            try perform(PostgreSQLCommand("ROLLBACK"))
            guard SystemClock.sinceBoot() < deadline else {
                let advice = "stop it, or name another database"
                throw StoreFault(code: .inUse, detail: "\(holder.text) has the database: \(advice)")
            }
            if !hasTold { onWait(holder.text) }
            hasTold = true
            let left = Duration.microseconds(min(max(holder.leftMicroseconds, 1_000), 500_000))
            _ = SystemSemaphore().wait(atMost: left)
        }
    }

    private func perform(_ command: PostgreSQLCommand) throws {
        _ = try connection.query(command, within: Self.roundTripMax)
    }

    /// Begins a transaction that no other joining has at the same time.
    private func begin() throws {
        connection.enqueueBeginning(lockMax: .seconds(4), idleMax: .seconds(5))
        try perform(PostgreSQLCommand("UPDATE schema_state SET version = version"))
    }

    /// The process whose lease is not over; nil if there is none.
    private func holder() throws -> Holder? {
        let rows = try connection.query(
            PostgreSQLCommand(
                """
                SELECT number, name, address, lease_until - \(ServerClock.now) AS rest
                FROM nodes WHERE state <> 'dead' ORDER BY rest DESC
                """
            ),
            within: Self.roundTripMax
        )
        guard rows.count > 0, let left = rows.integer(0, 3), left > 0 else { return nil }
        let (name, address) = (rows.text(0, 1) ?? "", rows.text(0, 2) ?? "")
        let number = rows.integer(0, 0) ?? 0
        return Holder(number: number, text: "node \(number) (\(name), \(address))", leftMicroseconds: left)
    }

    /// Declares those dead whose lease is over, and takes the number that was used least recently.
    private func sit() throws -> NodeSeat {
        connection.enqueue(PostgreSQLCommand("UPDATE nodes SET state = 'dead' WHERE state <> 'dead'"))
        let rows = try connection.query(
            PostgreSQLCommand(
                "SELECT number, lease_until - \(ServerClock.now) FROM nodes"
            ),
            within: Self.roundTripMax
        )
        var used: [Int64: Int64] = [:]
        for row in 0..<rows.count {
            guard let number = rows.integer(row, 0), let left = rows.integer(row, 1) else { continue }
            used[number] = left
        }
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

    /// - Parameter used: by numbers, how long their leases go on; less than 0 for how long they are over.
    static func number(_ used: [Int64: Int64]) throws(StoreFault) -> Int64 {
        if let fresh = (0..<numbers).first(where: { used[$0] == nil }) { return fresh }
        guard let oldest = used.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }), oldest.value <= -restMicroseconds
        else {
            throw StoreFault(
                code: .unavailable,
                detail: "all \(numbers) numbers of nodes were used within 24 hours: does something start the gateway "
                    + "again and again?"
            )
        }
        return oldest.key
    }
}
