import Dispatch
import Glibc
import PostgreSQL
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("The schema of a database")
struct PostgreSQLMigrationTests {
    private let database: String
    private let address: PostgreSQLAddress
    private let last = PostgreSQLSchema.version

    init() throws {
        let server = try TestDatabases.server
        database = TestDatabases.name(ofURL: try server.makeDatabase())
        address = try PostgreSQLAddress(url: server.socketURL(database: database))
    }

    private func open(migrates: Bool = true) throws -> Store {
        try Store.open(TestDatabases.target(database), as: TestDatabases.node, migrates: migrates) {
            Issue.record("fatal: \($0)")
        }
    }

    private func rows(_ sql: String) throws -> [String] { try TestDatabases.rows(sql, in: database) }

    private func execute(_ statements: String...) throws { try TestDatabases.execute(statements, in: database) }

    /// - Returns: the steps that were taken.
    private func bringUp(_ name: String = "test") throws -> [Int] {
        let connection = try PostgreSQLConnection(to: address, within: .seconds(30))
        defer { connection.close() }
        var steps: [Int] = []
        let migration = PostgreSQLMigration(connection: connection, name: name)
        try migration.bringUp(migrates: true) { steps.append($0) }
        return steps
    }

    private func drop() { TestDatabases.drop(database) }

    private let state = "SELECT version, min_reader, migrating_by, migrating_until FROM schema_state"

    @Test("processes that start at a time on an empty database take each step once")
    func together() throws {
        defer { drop() }
        let taken = Guarded<[Int]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { number in
            do {
                let steps = try bringUp("node \(number)")
                taken.withLock { $0 += steps }
            } catch {
                Issue.record("\(error)")
            }
        }
        #expect(taken.withLock { $0.sorted() } == Array(1...last))
        #expect(try rows(state) == ["\(last) \(PostgreSQLSchema.minReader) - -"])
        #expect(try bringUp() == [])
    }

    @Test("a database of the first version gets the balances that its sums and its open reservations come to")
    func balances() throws {
        defer { drop() }
        for step in [PostgreSQLSchema.preparation, PostgreSQLSchema.steps[0]] {
            for statement in PostgreSQLSchema.statements(step) { try execute(statement) }
        }
        func usage(_ day: Int, _ key: String, _ upstreamKey: String, _ spent: String, _ unconfirmed: Int) throws {
            let values = "\(day), 't', '\(key)', 'm', '\(upstreamKey)', \(spent), \(unconfirmed)"
            try execute(
                "INSERT INTO usage (day, team, key, model, upstream_key, spent, unconfirmed) VALUES (\(values))"
            )
        }
        try usage(1, "k1", "u", "9223372036854775807", 3)
        try usage(1, "k2", "u", "9223372036854775807", 0)
        try usage(1, "k2", "", "0", 0)
        for (id, day) in [(1, 1), (2, 1), (3, 2)] {
            try execute(
                """
                INSERT INTO ledger (id, day, team, key, account, upstream_key, document_id, model, cache_key, request_id,
                    state, estimate, created_at)
                VALUES (\(id), \(day), 't', 'k1', 'a', 'u', 'd', 'm', CAST('\\x\(String(repeating: "00", count: 32))' AS BYTEA),
                    'r', 0, 5, 0)
                """
            )
        }
        try execute("UPDATE schema_state SET version = 1, min_reader = 1")
        #expect(try bringUp() == Array(2...last))
        let sum = "18446744073709551614"
        let balances = try rows(
            """
            SELECT scope, scope_id, day, spent, unconfirmed, reserved FROM balances
            WHERE spent <> 0 OR unconfirmed <> 0 OR reserved <> 0 ORDER BY scope, scope_id, day
            """
        )
        #expect(
            balances == [
                "key k1 1 9223372036854775807 3 10", "key k1 2 0 0 5", "key k2 1 9223372036854775807 0 0",
                "organization  1 \(sum) 3 10", "organization  2 0 0 5", "team t 1 \(sum) 3 10", "team t 2 0 0 5",
                "upstream_key u 1 \(sum) 3 10", "upstream_key u 2 0 0 5",
            ]
        )
    }

    @Test("two stores that are opened at a time on an empty database both work, one after the other")
    func twoStores() throws {
        defer { drop() }
        DispatchQueue.concurrentPerform(iterations: 2) { number in
            do {
                let store = try open()
                defer { store.close() }
                try store.reserveAndWait(reservation(id: Int64(number))).get()
            } catch {
                Issue.record("\(error)")
            }
        }
        #expect(try rows("SELECT id FROM ledger ORDER BY id") == ["0", "1"])
        #expect(try rows("SELECT number, state FROM nodes ORDER BY number") == ["0 dead", "1 dead"])
    }

    @Test("a program that may not migrate refuses an empty database, says what to do, and makes nothing")
    func empty() throws {
        defer { drop() }
        let fault = #expect(throws: StoreFault.self) { try open(migrates: false) }
        #expect(fault?.code == .olderSchema && fault?.detail.contains("tollgate migrate") == true)
        #expect(try rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [])
    }

    @Test("a program that may not migrate refuses an older schema, and leaves it")
    func older() throws {
        defer { drop() }
        try open().close()
        try open(migrates: false).close()
        try execute("UPDATE schema_state SET version = version - 1")
        #expect(#expect(throws: StoreFault.self) { try open(migrates: false) }?.code == .olderSchema)
        #expect(try rows(state) == ["\(last - 1) \(PostgreSQLSchema.minReader) - -"])
        #expect(try rows("SELECT count(*) FROM nodes WHERE state <> 'dead'") == ["0"])
    }

    @Test("a newer schema is refused if it asks for a newer program, and used if it does not")
    func newer() throws {
        defer { drop() }
        try open().close()
        try execute("UPDATE schema_state SET version = \(last + 1), min_reader = \(last + 1)")
        let fault = #expect(throws: StoreFault.self) { try open() }
        #expect(fault?.code == .newerSchema && fault?.detail.contains("schema \(last + 1)") == true)
        #expect(try rows("SELECT count(*) FROM nodes") == ["1"], "no seat was taken")
        for column in ["min_reader", "version"] {
            try execute("UPDATE schema_state SET \(column) = -9223372036854775808")
            #expect(#expect(throws: StoreFault.self) { try open() }?.code == .corrupt)
        }
        try execute("UPDATE schema_state SET version = \(last + 1)")
        try execute("UPDATE schema_state SET min_reader = \(last)")
        let store = try open(migrates: false)
        defer { store.close() }
        try store.reserveAndWait(reservation()).get()
        #expect(try rows("SELECT version FROM schema_state") == ["\(last + 1)"])
    }

    @Test("a step that waits for a table is tried again, so that others wait behind it for a second at most")
    func inTheWay() throws {
        defer { drop() }
        for step in [PostgreSQLSchema.preparation, PostgreSQLSchema.steps[0]] {
            for statement in PostgreSQLSchema.statements(step) { try execute(statement) }
        }
        try execute("UPDATE schema_state SET version = 1, min_reader = 1")
        let other = try PostgreSQLConnection(to: address, within: .seconds(30))
        defer { other.close() }
        for sql in ["BEGIN", "LOCK TABLE usage"] { other.enqueue(PostgreSQLCommand(sql)) }
        try other.finish(within: .seconds(30))
        let taken = Guarded<[Int]?>(nil)
        let isOver = DispatchGroup()
        DispatchQueue.global().async(group: isOver) {
            do {
                let steps = try bringUp()
                taken.withLock { $0 = steps }
            } catch {
                Issue.record("\(error)")
            }
        }
        let waiting = "SELECT virtualtransaction FROM pg_locks WHERE NOT granted AND relation = to_regclass('usage')"
        var attempts: Set<String> = []
        let deadline = Deadline.generous
        while attempts.count < 2, !deadline.hasPassed {
            attempts.formUnion(try rows(waiting))
            usleep(20_000)
        }
        #expect(attempts.count == 2)
        other.enqueue(PostgreSQLCommand("COMMIT"))
        try other.finish(within: .seconds(30))
        isOver.wait()
        #expect(taken.withLock { $0 } == Array(2...last))
    }

    @Test("a step that fails leaves nothing of itself, is told, and is taken once what was in the way is gone")
    func failure() throws {
        defer { drop() }
        try execute("CREATE TABLE alerts (theirs BIGINT)")
        let fault = #expect(throws: StoreFault.self) { try open() }
        #expect(fault?.detail.contains("alerts") == true)
        #expect(
            try rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1") == [
                "alerts", "schema_state",
            ]
        )
        #expect(try rows(state) == ["0 0 - -"], "nobody else has to wait for the lease")
        try execute("DROP TABLE alerts")
        try open().close()
    }

    @Test("one that another process began goes on when its lease is over, or given back")
    func lease() throws {
        defer { drop() }
        let lease = "UPDATE schema_state SET migrating_by = 'other', migrating_until = "
        try execute(
            "CREATE TABLE schema_state (id BIGINT PRIMARY KEY, version BIGINT, min_reader BIGINT, migrating_by TEXT, "
                + "migrating_until BIGINT)",
            "INSERT INTO schema_state VALUES (0, 0, 0)",
            lease + "1"
        )
        #expect(try bringUp() == Array(1...last))
        try execute("UPDATE schema_state SET version = 0", lease + "9223372036854775807")
        let answer = Answer<Result<[Int], any Error>>()
        DispatchQueue.global().async { answer.give(Result { try bringUp() }) }
        // The other process takes the steps.
        try execute("UPDATE schema_state SET version = \(last)")
        #expect(try answer.wait().get() == [])
    }
}
