internal import Caching
import EventLoops
internal import PostgreSQL
internal import Registry
import Vocabulary

/// What one node does for dead ones, in transactions without a fence: docs/nodes.md §2 and §3, "Sweep", "Sweep alone"
/// and "Lease". Confined to the thread of its link.
struct NodeSweep {
    /// Rows that one transaction ends, of each kind.
    private static let rowsMax: Int64 = 256
    /// Dead nodes are shown for so long.
    private static let shownMicroseconds: Int64 = 24 * 3_600 * 1_000_000
    /// What takes longer says nothing about clocks.
    private static let clockLookMax = Duration.seconds(1)

    let link: PostgreSQLLink
    let connection: StoreConnection
    /// Of this node.
    let number: Int64
    let standing: NodeStanding
    /// Takes what is to be purged because of a change that a dead node had under way.
    let purges: PurgeBoard
    /// Nil for a process that only starts.
    var metrics: NodeMetrics?

    // MARK: Looking

    /// What a look at the database finds.
    struct Sight {
        let survey: NodeSurvey
        /// The least number of a dead node under which something is open.
        let remains: Int64?
    }

    /// Reads all nodes, and notes what is known from them. The process goes by the database's time of day from then on.
    /// One round trip.
    func look() throws -> Sight {
        let sentAt = SystemClock.sinceBoot()
        var nodes = PostgreSQLCommand(
            """
            SELECT number, incarnation, state, name, address, version, config_digest, started_at,
                lease_until - \(ServerClock.now), \(ServerClock.current)
            FROM nodes WHERE state <> 'dead' OR lease_until > \(ServerClock.now) - $1 ORDER BY number
            """
        )
        nodes.bind(Self.shownMicroseconds)
        let remains = PostgreSQLCommand(
            """
            SELECT remains.number FROM (\(NodeRemains.query)) AS remains
            JOIN nodes ON nodes.number = remains.number AND nodes.state = 'dead' ORDER BY remains.number LIMIT 1
            """
        )
        let schema = PostgreSQLCommand("SELECT min_reader FROM schema_state")
        let answers = try link.queryUnfenced([nodes, remains, schema])
        let took = SystemClock.sinceBoot() - sentAt
        let found = answers[0]
        if found.count > 0, took < Self.clockLookMax, let server = found.integer(0, 9) {
            let sight = ClockSight(time: Timestamp(microseconds: server), sentAt: sentAt, took: took)
            SystemClock.follow(sight)
            let lead = sight.lead(of: SystemClock.machineWall(), at: SystemClock.sinceBoot())
            standing.note(clockLead: lead)
            metrics?.note(clockLead: lead)
        }
        if answers[2].count > 0, let needed = answers[2].integer(0, 0) {
            standing.note(schemaNeeded: needed, known: Int64(PostgreSQLSchema.version))
        }
        let rows = (0..<found.count).compactMap { Self.row($0, of: found) }
        let survey = NodeSurvey(rows: rows, number: Int(number))
        standing.see(survey.records, as: survey.number)
        return Sight(survey: survey, remains: answers[1].count > 0 ? answers[1].integer(0, 0) : nil)
    }

    /// Nil for a row that no gateway wrote.
    private static func row(_ index: Int, of rows: PostgreSQLRows) -> NodeSurvey.Row? {
        func text(_ column: Int) -> String? { rows.text(index, column).flatMap(SharedSQL.unescaped) }
        guard let number = rows.integer(index, 0).flatMap(Int.init(exactly:)), let incarnation = rows.integer(index, 1),
            let state = text(2).flatMap(NodeRecord.State.init),
            let digest = rows.bytes(index, 6).flatMap({ Digest(bytes: $0) }),
            let startedAt = rows.integer(index, 7), let left = rows.integer(index, 8)
        else { return nil }
        let record = NodeRecord(
            number: number,
            name: text(3) ?? "",
            address: text(4) ?? "",
            version: text(5) ?? "",
            state: state,
            startedAt: Timestamp(microseconds: startedAt),
            leaseLeft: state == .dead ? .zero : .microseconds(max(0, left)),
            configurationDigest: digest
        )
        return NodeSurvey.Row(record: record, incarnation: incarnation, leaseLeft: left)
    }

    /// Removes what followers on other nodes have had 60 s to fetch.
    func removeLandings() throws {
        _ = try link.queryUnfenced([PostgreSQLCommand("DELETE FROM landings WHERE expires_at < \(ServerClock.now)")])
    }

    // MARK: Ending

    /// Declares a node dead, unless it has renewed its lease meanwhile.
    ///
    /// - Returns: whether it was declared dead here.
    func declareDead(_ row: NodeSurvey.Row) throws -> Bool {
        try inTransaction(for: Int64(row.record.number)) { try declare(row) ? true : nil } ?? false
    }

    private func declare(_ row: NodeSurvey.Row) throws -> Bool {
        // The row may be locked by a transaction of its node; then its newest version is looked at.
        var command = PostgreSQLCommand(
            """
            UPDATE nodes SET state = 'dead'
            WHERE number = $1 AND incarnation = $2 AND state <> 'dead' AND lease_until < \(ServerClock.now)
            """
        )
        command.bind(Int64(row.record.number))
        command.bind(row.incarnation)
        guard try link.query(command).affectedCount == 1 else { return false }
        try AuditTable.append(Self.entry(row.record), on: connection)
        return true
    }

    private static func entry(_ record: NodeRecord) -> AuditEntry {
        AuditEntry(
            at: SystemClock.wall(),
            actor: "tollgate",
            role: "program",
            action: "node.dead",
            target: "node/\(record.number)",
            address: "",
            before: nil,
            after: nil
        )
    }

    /// Ends a part of what is open under the number of a dead node. The rows are read in later statements than the one
    /// that declared it dead, since it may have written meanwhile.
    ///
    /// - Returns: how many reservations are unconfirmed now.
    func clear(_ dead: Int64) throws -> Int {
        guard let cleared = try inTransaction(for: dead, { try clearSome(dead) }) else { return 0 }
        for progress in cleared.begun { purges.add(progress, then: nil) }
        return cleared.unconfirmed
    }

    /// Nil when nothing may be ended: a node lives with the number.
    private func clearSome(_ dead: Int64) throws -> (unconfirmed: Int, begun: [PurgeProgress])? {
        let flights = try link.query(locking("SELECT id FROM flights WHERE node = $1", dead))
        let open = try link.query(locking("SELECT id FROM ledger WHERE state = 0 AND (id / 4096) % 1024 = $1", dead))
        // Once all is ended the number may be given again; what was locked before this statement is not that node's.
        var question = PostgreSQLCommand("SELECT number FROM nodes WHERE number = $1 AND state <> 'dead'")
        question.bind(dead)
        guard try link.query(question).count == 0 else { return nil }
        var unconfirmed = 0
        if let last = last(flights) { try land(upTo: last, of: dead) }
        if let last = last(open) {
            unconfirmed = try LedgerTable.recover(
                OpenRange(nodes: dead...dead, last: last),
                at: SystemClock.wall(),
                on: connection
            )
        }
        guard flights.count + open.count == 0 else { return (unconfirmed, []) }
        return (unconfirmed, try connection.endChanges(ofNode: dead, at: SystemClock.wall()))
    }

    /// A transaction that changes the balances of a dead node; nil, and nothing is done, when the body gives nil.
    private func inTransaction<Value>(for dead: Int64, _ body: () throws -> Value?) throws -> Value? {
        try connection.beginSweep(of: dead)
        do {
            guard let value = try body() else {
                connection.rollBack()
                return nil
            }
            try connection.commit()
            return value
        } catch {
            connection.rollBack()
            throw error
        }
    }

    private func locking(_ sql: String, _ dead: Int64) -> PostgreSQLCommand {
        var command = PostgreSQLCommand("\(sql) ORDER BY id LIMIT $2 FOR UPDATE")
        command.bind(dead)
        command.bind(Self.rowsMax)
        return command
    }

    private func last(_ rows: PostgreSQLRows) -> Int64? { rows.count > 0 ? rows.integer(rows.count - 1, 0) : nil }

    /// Lets followers on other nodes know that their flights are lost, and removes these with their claims.
    private func land(upTo last: Int64, of dead: Int64) throws {
        var landing = PostgreSQLCommand(
            """
            INSERT INTO landings (flight, outcome, body, expires_at)
            SELECT id, '{"kind":"lost"}', $3, \(ServerClock.now) + $4 FROM flights
            WHERE node = $1 AND id <= $2 AND is_awaited = 1 ORDER BY id ON CONFLICT (flight) DO NOTHING
            """
        )
        landing.bind(dead)
        landing.bind(last)
        landing.bind([UInt8]())
        landing.bind(PostgreSQLLink.landingMicroseconds)
        try link.run(landing)
        let removals = [
            """
            DELETE FROM claims WHERE key IN (SELECT key FROM flights WHERE node = $1 AND id <= $2)
                AND flight IN (SELECT id FROM flights WHERE node = $1 AND id <= $2)
            """,
            "DELETE FROM flights WHERE node = $1 AND id <= $2",
        ]
        for sql in removals {
            var removal = PostgreSQLCommand(sql)
            removal.bind(dead)
            removal.bind(last)
            try link.run(removal)
        }
    }

    // MARK: This node

    /// Tells the others of a configuration that was read anew.
    func tell(_ digest: Digest) throws {
        try connection.inTransaction { _ in
            var command = PostgreSQLCommand("UPDATE nodes SET config_digest = $1 WHERE number = $2")
            command.bind(digest.bytes)
            command.bind(number)
            try link.run(command)
        }
    }
}

/// What nodes leave open under their numbers.
enum NodeRemains {
    /// The numbers under which something is open: the ten bits that identifiers of reservations have for them, and
    /// those that rows name.
    static let query = """
        SELECT (id / 4096) % 1024 AS number FROM ledger WHERE state = 0
        UNION SELECT node FROM flights UNION SELECT node FROM document_changes UNION SELECT node FROM classifier_changes
        """
}
