import Budgeting
import EventLoops
import Glibc
import PostgreSQL
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// docs/nodes.md §2, "Sweep". The dead node is rows that no process has.
@Suite("What a dead node leaves")
struct NodeSweepTests {
    private let place = TemporaryStore(.postgreSQL)
    private let dead: Int64 = 5

    /// A row of a node as no process keeps it.
    private func node(_ number: Int64, _ state: String = "live", lease: String, incarnation: Int64 = 77) -> String {
        """
        INSERT INTO nodes (number, incarnation, beat, state, name, address, version, config_digest, lease_until, started_at)
        VALUES (\(number), \(incarnation), 3, '\(state)', 'other', '10.0.0.9:80', '1', CAST(repeat('x', 32) AS BYTEA),
            CAST(extract(epoch FROM now()) * 1000000 AS BIGINT) + \(lease), 1)
        """
    }

    private func id(_ sequence: Int64, of node: Int64) -> Int64 { 1 << 40 | node << 12 | sequence }

    private func flight(_ id: Int64, of node: Int64, key: Int, isAwaited: Bool) -> [String] {
        let key = "CAST(repeat('\(key)', 32) AS BYTEA)"
        return [
            "INSERT INTO flights VALUES (\(id), \(key), \(node), 'a', 'd', 't', NULL, 1, \(isAwaited ? 1 : 0))",
            "INSERT INTO claims VALUES (\(key), \(id))",
        ]
    }

    private func execute(_ statements: [String]) throws {
        try TestDatabases.execute(statements, in: place.database)
    }

    private func wait(for sql: String, _ rows: [String]) throws {
        let deadline = Deadline.generous
        while case let found = try place.rows(sql), found != rows {
            try #require(!deadline.hasPassed, "\(sql): \(found), not \(rows)")
            usleep(20_000)
        }
    }

    @Test(
        "is ended by another once its lease is over: reservations, flights, claims and changes; told and in the audit log"
    )
    func swept() throws {
        let news = Guarded<[NodeNews]>([])
        let store = try place.open(onNews: { told in news.withLock { $0.append(told) } })
        defer { store.close() }
        let (first, second) = (id(1, of: dead), id(2, of: dead))
        for id in [first, second, id(3, of: 0), id(4, of: 6)] {
            try store.reserveAndWait(reservation(id: id, estimate: 2_000_000)).get()
        }
        try execute(
            flight(first, of: dead, key: 1, isAwaited: true) + flight(second, of: dead, key: 2, isAwaited: false)
                + flight(id(4, of: 6), of: 6, key: 3, isAwaited: true)
                // A claim on the same question that leads to a later flight of another node stays.
                + ["UPDATE claims SET flight = \(id(4, of: 6)) WHERE flight = \(second)"]
                + ["INSERT INTO document_changes VALUES ('d1', 1, \(dead)), ('d2', 1, 6)"]
                + ["INSERT INTO landings VALUES (9, '{}', '', 1)", node(6, lease: "3600000000")]
                + [node(dead, lease: "-1")]
        )
        try wait(for: "SELECT id FROM ledger WHERE state = 3 ORDER BY id", ["\(first)", "\(second)"])
        try wait(for: "SELECT document_id FROM document_changes", ["d2"])
        try wait(for: "SELECT flight, outcome, length(body) FROM landings", [#"\#(first) {"kind":"lost"} 0"#])
        #expect(try place.rows("SELECT state FROM nodes WHERE number = \(dead)") == ["dead"])
        #expect(try place.rows("SELECT node FROM flights") == ["6"])
        #expect(try place.rows("SELECT flight FROM claims") == ["\(id(4, of: 6))", "\(id(4, of: 6))"])
        let left = "SELECT expires_at / 1000000 - extract(epoch FROM now()) BETWEEN 1 AND 61 FROM landings"
        #expect(try place.rows(left) == ["t"])
        #expect(try place.rows("SELECT id FROM ledger WHERE state = 0 ORDER BY id").count == 2)
        #expect(try place.rows("SELECT sum(unconfirmed) FROM usage") == ["4000000"])
        #expect(try place.rows("SELECT sum(unconfirmed) FROM usage_accounts") == ["4000000"])
        #expect(try place.rows("SELECT count(*) FROM payments") == ["2"])
        let balances = "SELECT DISTINCT node, unconfirmed, reserved FROM balances WHERE node = \(dead)"
        #expect(try place.rows(balances) == ["\(dead) 4000000 -4000000"])
        let audit = "SELECT actor, action, target FROM audit"
        #expect(try place.rows(audit) == ["tollgate node.dead node/\(dead)"])
        // Told when nothing is left, which is seen by the look after that.
        let told = NodeNews.unconfirmed(count: 2, node: Int(dead))
        try Deadline.wait(for: "the news of it") { news.withLock { $0.contains(told) } }
        let isDead = { (news: NodeNews) in if case .dead(let node) = news { node.number == Int(dead) } else { false } }
        #expect(news.withLock { $0.filter(isDead).count == 1 && $0.filter { $0 == told }.count == 1 })
    }

    @Test("is ended before the first answer of a process that starts, in several transactions if it is much")
    func start() throws {
        let first = try place.open()
        for number in 1...600 as ClosedRange<Int64> {
            first.reserve(reservation(id: id(number, of: dead), document: UInt64(number % 7))) { _ in }
        }
        try first.reserveAndWait(reservation(id: id(601, of: dead))).get()
        first.close()
        try execute([node(dead, lease: "-1")])
        let store = try Store.open(TestDatabases.target(place.database), as: TestDatabases.node) { _ in }
        defer { store.close() }
        #expect(try store.opening().recoveredCount == 601)
        #expect(try place.rows("SELECT count(*) FROM ledger WHERE state = 0") == ["0"])
        #expect(try place.rows("SELECT sum(unconfirmed) FROM usage") == ["1803000000"])
    }

    @Test("a process that leaves in order has nothing to be ended, and what it left all the same is ended at once")
    func inOrder() throws {
        let staying = try place.open()
        let leaving = try Store.open(TestDatabases.target(place.database), as: TestDatabases.node) { _ in }
        defer { staying.close() }
        try staying.reserveAndWait(reservation(id: id(1, of: Int64(leaving.node)))).get()
        leaving.close()
        try wait(for: "SELECT state FROM ledger", ["3"])
        #expect(try place.rows("SELECT count(*) FROM audit") == ["0"], "nobody had to declare it dead")
    }

    // MARK: By hand

    /// A sweep on a connection of its own, for node 900.
    private func sweep() throws -> NodeSweep {
        let address = try PostgreSQLAddress(url: try TestDatabases.server.socketURL(database: place.database))
        let standing = NodeStanding(joinedAt: SystemClock.sinceBoot())
        let seat = NodeSeat(number: 900, incarnation: 1, beat: 1)
        let fence = NodeFence(seat, joinedAt: SystemClock.sinceBoot(), standing: standing)
        let link = PostgreSQLLink(SharedAddress(address), fence: fence)
        return NodeSweep(
            link: link,
            connection: StoreConnection(link),
            number: 900,
            standing: standing,
            purges: PurgeBoard()
        )
    }

    @Test("a node that renewed its lease since it was looked at is not declared dead, nor is the next incarnation")
    func renewed() throws {
        let sweep = try sweep()
        try execute([node(dead, lease: "-1")])
        let row = try #require(try sweep.look().survey.overdue)
        try execute(["UPDATE nodes SET lease_until = lease_until + 3600000000"])
        #expect(try !sweep.declareDead(row))
        try execute(["UPDATE nodes SET lease_until = 1, incarnation = 78"])
        #expect(try !sweep.declareDead(row))
        #expect(try place.rows("SELECT state FROM nodes") == ["live"])
        #expect(try place.rows("SELECT count(*) FROM audit") == ["0"])
        try execute(["UPDATE nodes SET incarnation = 77"])
        #expect(try sweep.declareDead(row))
        #expect(try !sweep.declareDead(row), "once")
        #expect(try place.rows("SELECT count(*) FROM audit") == ["1"])
    }

    @Test("what is open under the number of a node that lives is left alone")
    func alive() throws {
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation(id: id(1, of: dead))).get()
        let sweep = try sweep()
        try execute([node(dead, "dead", lease: "-1")])
        #expect(try sweep.look().remains == dead)
        try execute(["UPDATE nodes SET state = 'live', lease_until = lease_until + 3600000000 WHERE number = \(dead)"])
        #expect(try sweep.look().remains == nil)
        #expect(try sweep.clear(dead) == 0)
        #expect(try place.rows("SELECT state FROM ledger") == ["0"])
    }

    @Test("dead nodes are shown for a day, clocks are compared, and the least live one is first")
    func look() throws {
        let sweep = try sweep()
        try execute([
            node(3, "dead", lease: "-86300000000"), node(4, "dead", lease: "-86500000000"), node(901, lease: "1000000"),
            node(900, lease: "9000000"),
        ])
        let records = try sweep.look().survey.records
        #expect(records.map(\.number) == [3, 900, 901])
        #expect(records.map { $0.leaseLeft > .zero } == [false, true, true])
        #expect(records[0].address == "10.0.0.9:80" && records[0].name == "other" && records[0].state == .dead)
        #expect(sweep.standing.isFirst && sweep.standing.liveCount == 2)
        #expect(sweep.standing.clockError == nil)
    }

    @Test("a schema that asks for a newer program is noticed at the next look, and so is its way back")
    func schema() throws {
        let sweep = try sweep()
        let known = Int64(PostgreSQLSchema.version)
        try execute(["UPDATE schema_state SET version = \(known + 1)"])
        _ = try sweep.look()
        #expect(sweep.standing.unknownSchema == nil)
        try execute(["UPDATE schema_state SET min_reader = \(known + 1)"])
        _ = try sweep.look()
        #expect(sweep.standing.unknownSchema == known + 1)
        try execute(["UPDATE schema_state SET min_reader = \(known)"])
        _ = try sweep.look()
        #expect(sweep.standing.unknownSchema == nil)
    }

    @Test("a program that does not know the schema any more begins nothing, and ends what it has begun")
    func outdated() throws {
        let news = Guarded<[NodeNews]>([])
        let node = try SharedNode(at: place, plan: .ofPages(), onNews: { told in news.withLock { $0.append(told) } })
        defer { node.store.close() }
        let begun = try node.reserveAndWait()
        let known = Int64(PostgreSQLSchema.version)
        func wait(until isOver: ([NodeNews]) -> Bool) throws {
            let deadline = Deadline.generous
            while !news.withLock({ isOver($0) }) {
                try #require(!deadline.hasPassed)
                usleep(20_000)
            }
        }
        try execute(["UPDATE schema_state SET min_reader = \(known + 1)"])
        try wait { $0 == [.schemaUnknown(known + 1)] }
        guard case .failure(let fault) = node.admitAndWait() else { throw TestFailure("it was admitted") }
        #expect(fault.code == .newerSchema)
        try node.endAndWait(begun, .settled(MicroCredits(micros: 1_000_000)))
        #expect(try place.rows("SELECT state FROM ledger") == ["1"])
        try execute(["UPDATE schema_state SET min_reader = \(known)"])
        try wait { $0 == [.schemaUnknown(known + 1), .schemaKnown] }
        _ = try node.reserveAndWait()
    }

    @Test("a configuration that was read anew is told the others")
    func digest() throws {
        let store = try place.open()
        defer { store.close() }
        store.standing.replace(configurationDigest: Digest(0x4141_4141_4141_4141, 0, 0, 0))
        try wait(for: "SELECT count(*) FROM nodes WHERE get_byte(config_digest, 0) = 65", ["1"])
    }
}
