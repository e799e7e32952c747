import EventLoops
import PostgreSQL
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// PostgreSQL that fails amid writes.
@Suite("A store whose server fails")
struct ServerFailureTests {
    private let ids = "SELECT id FROM ledger ORDER BY id"

    /// Nothing that was answered as done is missing, and nothing that was refused is there.
    private func expectTruth(_ answers: SteadyWrites.Answers, _ rows: [String]) {
        #expect(rows == answers.done.sorted().map { "\($0)" })
    }

    @Test("a server that crashes and comes back has all that was answered, and the store goes on by itself")
    func crash() throws {
        let server = try PostgreSQLServer.start()
        let url = try server.makeDatabase()
        let store = try Store.open(StoreTarget(url: url), as: TestDatabases.node) { Issue.record("fatal: \($0)") }
        defer { store.close() }
        let writes = SteadyWrites(store)
        for _ in 1...2 {
            try writes.waitForMore(30)
            try server.restart(immediate: true)
        }
        try writes.waitForMore(30)
        let answers = writes.end()
        #expect(!answers.refused.isEmpty)
        let rows = try server.execute(ids, in: TestDatabases.name(ofURL: url))
        expectTruth(answers, rows.split(separator: "\n").map(String.init))
    }

    @Test("connections that the server ends amid writes are made anew, and each write is answered truthfully")
    func terminated() throws {
        let place = TemporaryStore(.postgreSQL)
        let store = try place.open()
        defer { store.close() }
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        let writes = SteadyWrites(store)
        for _ in 1...20 {
            try writes.waitForMore(5)
            try place.execute(end + "AND pid <> pg_backend_pid()")
        }
        try writes.waitForMore(5)
        expectTruth(writes.end(), try place.rows(ids))
        #expect(try store.findAndWait(key(1)).get() == nil, "readers connect again as well")
    }

    @Test("a writer has the server notice within seconds that its machine or network is gone")
    func keepalives() throws {
        let (now, seat) = (SystemClock.sinceBoot(), NodeSeat(number: 900, incarnation: 1, beat: 1))
        let fence = NodeFence(seat, joinedAt: now, standing: NodeStanding(joinedAt: now))
        let address = try PostgreSQLAddress(url: try TestDatabases.server.makeDatabase())
        let link = PostgreSQLLink(SharedAddress(address), fence: fence)
        // The second one is connected anew.
        for _ in 1...2 {
            let found = try link.queryUnfenced(
                ["idle", "interval", "count"].map { PostgreSQLCommand("SHOW tcp_keepalives_\($0)") }
            )
            #expect(found.map { $0.text(0, 0) } == ["5", "2", "3"])
            link.close()
        }
    }

    @Test("while the server is stopped writes and reads are refused, and the store closes")
    func stopped() throws {
        let server = try PostgreSQLServer.start()
        let target = try StoreTarget(url: server.makeDatabase())
        let store = try Store.open(target, as: TestDatabases.node) { Issue.record("fatal: \($0)") }
        try store.reserveAndWait(reservation()).get()
        try server.stop(immediate: false)
        for _ in 1...3 {
            #expect(
                #expect(throws: StoreFault.self) { try store.reserveAndWait(reservation()).get() }?.code == .unavailable
            )
            #expect(#expect(throws: StoreFault.self) { _ = try store.findAndWait(key(1)).get() }?.code == .unavailable)
        }
        store.close()
    }
}
