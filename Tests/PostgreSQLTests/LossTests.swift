import EventLoops
import Glibc
import TestSupport
import Testing
import Vocabulary

@testable import PostgreSQL

@Suite("A connection that breaks")
struct LossTests {
    private let server: PostgreSQLServer
    private let url: String

    init() throws {
        server = try .shared
        url = try server.makeDatabase()
        try server.execute("CREATE TABLE t (id bigint PRIMARY KEY, name text)", in: database)
    }

    private var database: String { String(url.split(separator: "/").last!) }

    private func connect(_ url: String) throws -> PostgreSQLConnection {
        try PostgreSQLConnection(to: PostgreSQLAddress(url: url), within: .generous)
    }

    private func begin(_ connection: PostgreSQLConnection) throws {
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        connection.enqueue(PostgreSQLCommand("INSERT INTO t VALUES (1, 'one')"))
        try connection.finish(within: .generous)
    }

    private func expectLost(_ connection: PostgreSQLConnection, _ failure: PostgreSQLFailure?) {
        #expect(failure?.kind == .lost(mayHaveExecuted: true))
        #expect(connection.isLost && connection.transactionStatus == .unknown)
        let next = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("SELECT 1"), within: .generous)
        }
        #expect(next?.kind == .lost(mayHaveExecuted: false))
    }

    private func rowCount() throws -> String { try server.execute("SELECT count(*) FROM t", in: database) }

    // MARK: At COMMIT

    @Test("before COMMIT has arrived: nothing is known, and nothing was committed")
    func before() throws {
        let proxy = try PostgreSQLProxy(to: server.port) { $0.isCommand("COMMIT") ? .cut : .pass }
        let connection = try connect(proxy.url(for: url))
        try begin(connection)
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("COMMIT"), within: .generous)
        }
        expectLost(connection, failure)
        #expect(try rowCount() == "0")
    }

    @Test("before the answer to COMMIT has come: nothing is known, and all was committed")
    func after() throws {
        let proxy = try PostgreSQLProxy(to: server.port) { $0.isCompletion("COMMIT") ? .cut : .pass }
        let connection = try connect(proxy.url(for: url))
        try begin(connection)
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("COMMIT"), within: .generous)
        }
        expectLost(connection, failure)
        #expect(try rowCount() == "1")
    }

    @Test("behind the answer, before the server is ready: still not known")
    func unready() throws {
        let proxy = try PostgreSQLProxy(to: server.port) { $0.isCompletion("COMMIT") ? .passAndCut : .pass }
        let connection = try connect(proxy.url(for: url))
        try begin(connection)
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("COMMIT"), within: .generous)
        }
        expectLost(connection, failure)
    }

    @Test("COMMIT that arrives after its sender has gone is executed, and the sender knew that it might be")
    func late() throws {
        let proxy = try PostgreSQLProxy(to: server.port) { $0.isCommand("COMMIT") ? .hold : .pass }
        let connection = try connect(proxy.url(for: url))
        try begin(connection)
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("COMMIT"), within: .milliseconds(100))
        }
        #expect(failure?.kind == .timedOut(mayHaveExecuted: true))
        #expect(connection.isLost)
        #expect(proxy.waitUntilHeld())
        #expect(try rowCount() == "0")
        proxy.release()
        try Deadline.wait(for: "the row") { try rowCount() != "0" }
        #expect(try rowCount() == "1")
    }

    @Test("a server that is killed between COMMIT and its answer has committed, as it finds when it starts again")
    func killed() throws {
        let server = try PostgreSQLServer.start()
        try server.execute("CREATE TABLE t (id bigint PRIMARY KEY, name text)")
        let proxy = try PostgreSQLProxy(to: server.port) { $0.isCompletion("COMMIT") ? .hold : .pass }
        let connection = try connect(proxy.url(for: server.url()))
        try begin(connection)
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("COMMIT"), within: .milliseconds(500))
        }
        #expect(failure?.kind == .timedOut(mayHaveExecuted: true))
        #expect(proxy.waitUntilHeld())
        try server.restart(immediate: true)
        #expect(try server.execute("SELECT name FROM t") == "one")
    }

    @Test("a server that is killed before COMMIT has arrived has not committed")
    func killedBefore() throws {
        let server = try PostgreSQLServer.start()
        try server.execute("CREATE TABLE t (id bigint PRIMARY KEY, name text)")
        let proxy = try PostgreSQLProxy(to: server.port) { $0.isCommand("COMMIT") ? .hold : .pass }
        let connection = try connect(proxy.url(for: server.url()))
        try begin(connection)
        let killing = Background {
            guard proxy.waitUntilHeld() else { throw TestFailure("nothing was held") }
            try server.stop(immediate: true)
            proxy.release()
        }
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("COMMIT"), within: .generous)
        }
        try killing.finish()
        expectLost(connection, failure)
        try server.resume()
        #expect(try server.execute("SELECT count(*) FROM t") == "0")
        #expect(try connect(server.url()).query(PostgreSQLCommand("SELECT 1"), within: .generous).count == 1)
    }

    // MARK: By the server

    @Test("a session that is ended while a command runs is lost, with the server's reason")
    func terminated() throws {
        let connection = try connect(url)
        connection.enqueue(PostgreSQLCommand("SELECT pg_terminate_backend(pg_backend_pid())"))
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("INSERT INTO t VALUES (1)"), within: .generous)
        }
        expectLost(connection, failure)
        #expect(failure?.sqlState == "57P01" && failure?.meaning == .shuttingDown)
        #expect(try rowCount() == "0")
    }

    @Test("one that was ended while it was idle is lost before anything is sent, with the reason")
    func terminatedBefore() throws {
        let connection = try connect(url)
        let process = try connection.query(PostgreSQLCommand("SELECT pg_backend_pid()"), within: .generous).integer(
            0,
            0
        )!
        try server.execute("SELECT pg_terminate_backend(\(process), 10000)")
        #expect(!connection.isLost, "nobody has looked")
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("INSERT INTO t VALUES (1)"), within: .generous)
        }
        #expect(failure?.kind == .lost(mayHaveExecuted: false))
        #expect(failure?.meaning == .shuttingDown)
        #expect(connection.isLost)
    }

    @Test("a transaction that waited too long for its client is lost before anything is sent, with the reason")
    func idle() throws {
        let connection = try connect(url)
        connection.enqueue(PostgreSQLCommand("SET idle_in_transaction_session_timeout = 1"))
        try begin(connection)
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database)' AND pid <> pg_backend_pid()"
        try Deadline.wait(for: "the end of the session") { try server.execute(sessions) == "0" }
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("COMMIT"), within: .generous)
        }
        #expect(failure?.kind == .lost(mayHaveExecuted: false))
        #expect(failure?.sqlState == "25P03")
    }

    @Test("an error before the end of the connection is what is thrown")
    func errorFirst() throws {
        let proxy = try PostgreSQLProxy(to: server.port) { !$0.isFromClient && $0.type == "E" ? .passAndCut : .pass }
        let connection = try connect(proxy.url(for: url))
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("SELECT 1 / 0"), within: .generous)
        }
        #expect(failure?.sqlState == "22012")
        let next = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("SELECT 1"), within: .generous)
        }
        #expect(next?.kind == .lost(mayHaveExecuted: false))
    }

    @Test(
        "a server that goes away while much is written to it raises no SIGPIPE, with TLS and without",
        arguments: ["disable", "require"]
    )
    func writing(mode: String) throws {
        let certificates = try Certificates()
        let server = try PostgreSQLServer.start(identity: certificates.issue("server"))
        let connection = try connect(server.url() + "?sslmode=\(mode)")
        #expect(connection.isTLS == (mode == "require"))
        // Blocked, it would be pending for this thread, and end nothing.
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &pipe, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        connection.enqueue(PostgreSQLCommand("SELECT pg_terminate_backend(pg_backend_pid())"))
        let value = [UInt8](repeating: 1, count: 1_000_000)
        for _ in 0..<50 {
            var command = PostgreSQLCommand("SELECT length($1)")
            command.bind(value)
            connection.enqueue(command)
        }
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.finish(within: .generous) }
        expectLost(connection, failure)
        #expect(failure?.sqlState == "57P01", "the reason came while it was written")
        var pending = sigset_t()
        sigpending(&pending)
        #expect(sigismember(&pending, SIGPIPE) == 0)
    }

    // MARK: Deadlines

    @Test("a command that takes too long ends the connection at the deadline")
    func slow() throws {
        let connection = try connect(url)
        let start = SystemClock.monotonic()
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("SELECT pg_sleep(600)"), within: .milliseconds(100))
        }
        #expect(SystemClock.monotonic() - start >= .milliseconds(100))
        #expect(failure?.kind == .timedOut(mayHaveExecuted: true))
        #expect(connection.isLost)
    }

    @Test("so does a server that takes nothing any more")
    func unread() throws {
        let proxy = try PostgreSQLProxy(to: server.port) { $0.isCommand("SELECT length") ? .hold : .pass }
        let connection = try connect(proxy.url(for: url))
        let value = [UInt8](repeating: 1, count: 1_000_000)
        for _ in 0..<50 {
            var command = PostgreSQLCommand("SELECT length($1)")
            command.bind(value)
            connection.enqueue(command)
        }
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.finish(within: .milliseconds(300)) }
        #expect(failure?.kind == .timedOut(mayHaveExecuted: true))
        proxy.release()
    }

    @Test("a server that answers without end is given up too")
    func endless() throws {
        let connection = try connect(url)
        connection.enqueue(PostgreSQLCommand("SELECT repeat('x', 1000) FROM generate_series(1, 1000000000)"))
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.finish(within: .milliseconds(300)) }
        #expect(failure?.kind == .timedOut(mayHaveExecuted: true))
    }

    @Test("after the deadline nothing is sent")
    func over() throws {
        let connection = try connect(url)
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("INSERT INTO t VALUES (1)"), within: .zero)
        }
        #expect(failure?.kind == .timedOut(mayHaveExecuted: false))
        #expect(try rowCount() == "0")
    }
}
