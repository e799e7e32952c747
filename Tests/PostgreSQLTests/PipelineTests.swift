import TestSupport
import Testing

@testable import PostgreSQL

@Suite("Commands in a pipeline")
struct PipelineTests {
    private let url: String
    private let connection: PostgreSQLConnection

    init() throws {
        url = try PostgreSQLServer.shared.makeDatabase()
        connection = try PostgreSQLConnection(to: PostgreSQLAddress(url: url), within: .generous)
        connection.enqueue(PostgreSQLCommand("CREATE TABLE t (id bigint PRIMARY KEY CHECK (id < 1000000), name text)"))
        try connection.finish(within: .generous)
    }

    private func insertion(_ id: Int64, _ name: String? = nil) -> PostgreSQLCommand {
        var command = PostgreSQLCommand("INSERT INTO t VALUES ($1, $2)")
        command.bind(id)
        command.bind(name)
        return command
    }

    private func run(_ sql: String) throws -> PostgreSQLRows {
        try connection.query(PostgreSQLCommand(sql), within: .generous)
    }

    private func count() throws -> Int64? { try run("SELECT count(*) FROM t").integer(0, 0) }

    // MARK: Order

    @Test("the rows are those of the commands that were asked, after what was enqueued")
    func order() throws {
        connection.enqueue(insertion(7, "seven"))
        connection.enqueue(PostgreSQLCommand("SELECT 'dropped' FROM generate_series(1, 1000)"))
        connection.enqueue(insertion(8))
        let rows = try connection.query(
            [
                PostgreSQLCommand("SELECT id, name FROM t ORDER BY id"), PostgreSQLCommand("UPDATE t SET name = 'x'"),
                PostgreSQLCommand("SELECT 1 WHERE false"), PostgreSQLCommand(""),
                PostgreSQLCommand("DELETE FROM t WHERE id = 8 RETURNING id"), PostgreSQLCommand("SHOW server_encoding"),
            ],
            within: .generous
        )
        #expect(rows.map(\.count) == [2, 0, 0, 0, 1, 1])
        #expect(rows.map(\.affectedCount) == [2, 2, 0, 0, 1, 0])
        #expect(rows[0].integer(0, 0) == 7 && rows[0].text(0, 1) == "seven")
        #expect(rows[0].integer(1, 0) == 8 && rows[0].isNull(1, 1))
        #expect(rows[2].columnCount == 1)
        #expect(rows[4].integer(0, 0) == 8)
        #expect(rows[5].text(0, 0) == "UTF8")
        #expect(connection.transactionStatus == .idle && !connection.isLost)
    }

    @Test("a long pipeline of a transaction is sent in groups, and comes to the same as a short one")
    func groups() throws {
        let names = (0..<40).map { String(repeating: "\($0)", count: 400) }
        let commands = names.enumerated().map { insertion(Int64($0.offset), $0.element) }
        #expect(RoundTrip.groupEnds(commands).count > 3)
        #expect(RoundTrip.groupEnds([insertion(1, String(repeating: "x", count: 100_000)), insertion(2)]) == [1, 2])
        #expect(RoundTrip.groupEnds([insertion(1), insertion(2)]) == [2])
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        for command in commands { connection.enqueue(command) }
        let rows = try connection.query(
            [PostgreSQLCommand("SELECT name FROM t ORDER BY id"), PostgreSQLCommand("COMMIT")],
            within: .generous
        )
        #expect((0..<40).map { rows[0].text($0, 0) } == names && rows[0].count == 40)
        #expect(connection.transactionStatus == .idle)
        // An error in an early group is the one that is told; what follows is refused, and the COMMIT has no effect.
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        connection.enqueue(insertion(100))
        connection.enqueue(insertion(7))
        for number in 0..<40 { connection.enqueue(insertion(Int64(200 + number), names[number])) }
        connection.enqueue(PostgreSQLCommand("COMMIT"))
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.finish(within: .generous) }
        #expect(failure?.sqlState == "23505")
        if connection.transactionStatus != .idle { _ = try run("ROLLBACK") }
        #expect(try count() == 40)
    }

    @Test("without BEGIN a round trip is one transaction, with it the transaction goes on until COMMIT")
    func transactions() throws {
        let reader = try PostgreSQLConnection(to: PostgreSQLAddress(url: url), within: .generous)
        let seen = { try reader.query(PostgreSQLCommand("SELECT count(*) FROM t"), within: .generous).integer(0, 0) }
        connection.enqueue(insertion(1))
        #expect(try seen() == 0, "nothing is sent before the round trip")
        try connection.finish(within: .generous)
        #expect(try seen() == 1)
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        connection.enqueue(insertion(2))
        try connection.finish(within: .generous)
        #expect(connection.transactionStatus == .inTransaction)
        #expect(try seen() == 1)
        #expect(try run("COMMIT").count == 0)
        #expect(try seen() == 2)
        #expect(connection.transactionStatus == .idle)
    }

    @Test("a round trip of nothing is none")
    func nothing() throws {
        try connection.finish(within: .zero)
        #expect(try connection.query([], within: .zero).isEmpty)
    }

    @Test("what is discarded is not sent, and nothing of it is left")
    func discarded() throws {
        connection.enqueue(insertion(1))
        connection.enqueue(PostgreSQLCommand("SELECT '\0'"))
        connection.discard()
        connection.enqueue(insertion(2))
        #expect(try run("SELECT id FROM t").integer(0, 0) == 2)
    }

    // MARK: Much

    @Test("ten thousand commands with long values and long results, in one round trip")
    func many() throws {
        let value = String(repeating: "🦆", count: 250)
        for id in 0..<10_000 {
            var command = PostgreSQLCommand("INSERT INTO t VALUES ($1, $2) RETURNING id, repeat(name, 2)")
            command.bind(Int64(id))
            command.bind(value)
            connection.enqueue(command)
        }
        let rows = try run("SELECT count(*), sum(length(name))::bigint FROM t")
        #expect(rows.integer(0, 0) == 10_000)
        #expect(rows.integer(0, 1) == 2_500_000)
    }

    @Test("as many rows as there are, and none is lost")
    func rows() throws {
        let rows = try run("SELECT i, repeat('x', (i % 50)::int) FROM generate_series(0, 99999) AS s (i)")
        try #require(rows.count == 100_000)
        for row in stride(from: 0, to: 100_000, by: 777) {
            #expect(rows.integer(row, 0) == Int64(row))
            #expect(rows.text(row, 1)?.count == row % 50)
        }
    }

    @Test("more commands than a round trip may have are refused, and none of them is sent")
    func tooMany() throws {
        for id in 0...PostgreSQLConnection.commandsMax { connection.enqueue(insertion(Int64(id))) }
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.finish(within: .generous) }
        #expect(failure?.kind == .invalid)
        #expect(failure?.message == "a round trip has more than 100000 commands or 268435456 bytes")
        #expect(try count() == 0)
    }

    @Test("results beyond their limit end the connection")
    func tooLarge() throws {
        let address = try PostgreSQLAddress(url: url)
        let connection = try PostgreSQLConnection(to: address, within: .generous, resultBytesMax: 1_000_000)
        let rows = { (count: Int) in
            try connection.query(
                PostgreSQLCommand("SELECT repeat('x', 1000) FROM generate_series(1, \(count))"),
                within: .generous
            )
        }
        #expect(try rows(900).count == 900)
        #expect(try rows(900).count == 900, "the limit is that of one round trip")
        let failure = #expect(throws: PostgreSQLFailure.self) { try rows(1_000_000) }
        #expect(failure?.kind == .lost(mayHaveExecuted: true))
        #expect(failure?.message == "the results of one round trip take more than 1000000 bytes")
        #expect(connection.isLost)
    }

    // MARK: Errors

    @Test("an error in the middle undoes the round trip, is thrown, and leaves the connection")
    func middle() throws {
        for id in 0..<500 { connection.enqueue(insertion(Int64(id))) }
        connection.enqueue(PostgreSQLCommand("SELECT 1 / 0"))
        for id in 500..<1_000 { connection.enqueue(insertion(Int64(id))) }
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.query(insertion(0), within: .generous) }
        #expect(failure?.kind == .server(sqlState: "22012", message: "division by zero", detail: nil, hint: nil))
        #expect(!connection.isLost && connection.transactionStatus == .idle)
        #expect(try count() == 0)
    }

    @Test("in a transaction an error fails it until ROLLBACK")
    func failed() throws {
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        connection.enqueue(insertion(1))
        connection.enqueue(insertion(1))
        let failure = #expect(throws: PostgreSQLFailure.self) { try run("COMMIT") }
        #expect(failure?.meaning == .uniqueViolation && failure?.sqlState == "23505")
        guard case .server(_, _, let detail, _) = failure?.kind else { return }
        #expect(detail == "Key (id)=(1) already exists.")
        #expect(connection.transactionStatus == .failed, "COMMIT was skipped")
        let refused = #expect(throws: PostgreSQLFailure.self) { try run("SELECT 1") }
        #expect(refused?.sqlState == "25P02")
        #expect(try run("ROLLBACK").count == 0)
        #expect(connection.transactionStatus == .idle)
        #expect(try count() == 0)
    }

    @Test("COMMIT of a transaction that has failed before is no success", arguments: ["COMMIT", " end", "commit;"])
    func uncommitted(_ sql: String) throws {
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        #expect(throws: PostgreSQLFailure.self) { try run("SELECT 1 / 0") }
        let failure = #expect(throws: PostgreSQLFailure.self) { try run(sql) }
        #expect(failure?.sqlState == "25P02")
        #expect(failure?.message == "COMMIT has rolled back, since the transaction had failed before")
        #expect(connection.transactionStatus == .idle && !connection.isLost)
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        #expect(throws: PostgreSQLFailure.self) { try run("SELECT 1 / 0") }
        connection.enqueue(PostgreSQLCommand(sql))
        #expect(throws: PostgreSQLFailure.self) { try connection.finish(within: .generous) }
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        connection.enqueue(PostgreSQLCommand("ROLLBACK"))
        try connection.finish(within: .generous)
    }

    @Test("an error that only the Sync finds is thrown as well")
    func deferred() throws {
        _ = try run("CREATE TABLE d (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        connection.enqueue(PostgreSQLCommand("INSERT INTO d VALUES (1)"))
        let failure = #expect(throws: PostgreSQLFailure.self) { try run("INSERT INTO d VALUES (1)") }
        #expect(failure?.meaning == .uniqueViolation)
        #expect(!connection.isLost)
        #expect(try run("SELECT 1 FROM d").count == 0)
    }

    @Test("an error after rows have come is thrown, and the rows are not given")
    func afterRows() throws {
        let failure = #expect(throws: PostgreSQLFailure.self) {
            try run("SELECT 1 / (50000 - i) FROM generate_series(1, 100000) AS s (i)")
        }
        #expect(failure?.sqlState == "22012")
        #expect(try run("SELECT 1").count == 1)
    }

    @Test(
        "errors have their meaning",
        arguments: [
            ("INSERT INTO t VALUES (1000000)", .checkViolation), ("SELECT * FROM missing", .other),
            ("SELECT 1; SELECT 2", .other), ("SELECT $1::text", .other), ("selekt", .other),
        ] as [(String, PostgreSQLFailure.Meaning)]
    )
    func meanings(_ sql: String, _ meaning: PostgreSQLFailure.Meaning) throws {
        let failure = #expect(throws: PostgreSQLFailure.self) { try run(sql) }
        #expect(failure?.meaning == meaning)
        #expect(!connection.isLost)
    }

    @Test("a session that may not write says so")
    func readOnly() throws {
        _ = try run("SET default_transaction_read_only = on")
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.query(insertion(1), within: .generous) }
        #expect(failure?.meaning == .readOnly && failure?.sqlState == "25006")
    }

    @Test("a role that may not do something is told so")
    func permission() throws {
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        connection.enqueue(PostgreSQLCommand("CREATE ROLE less"))
        connection.enqueue(PostgreSQLCommand("SET LOCAL ROLE less"))
        let failure = #expect(throws: PostgreSQLFailure.self) { try run("SELECT * FROM t") }
        #expect(failure?.meaning == .permission && failure?.sqlState == "42501")
    }

    @Test("a statement and a lock that take too long are cancelled by the server")
    func timeouts() throws {
        _ = try run("SET statement_timeout = 50")
        let failure = #expect(throws: PostgreSQLFailure.self) { try run("SELECT pg_sleep(60)") }
        #expect(failure?.meaning == .lockTimeout && failure?.sqlState == "57014")
        #expect(!connection.isLost)
        _ = try run("SET statement_timeout = 0")

        let holder = try PostgreSQLConnection(to: PostgreSQLAddress(url: url), within: .generous)
        holder.enqueue(PostgreSQLCommand("BEGIN"))
        _ = try holder.query(PostgreSQLCommand("LOCK TABLE t"), within: .generous)
        connection.enqueue(PostgreSQLCommand("SET lock_timeout = 20"))
        connection.enqueue(insertion(1))
        let locked = #expect(throws: PostgreSQLFailure.self) { try connection.finish(within: .generous) }
        #expect(locked?.meaning == .lockTimeout && locked?.sqlState == "55P03")
    }

    @Test("transactions that are in one another's way may be tried again")
    func conflict() throws {
        connection.enqueue(insertion(1))
        #expect(try connection.query(insertion(2), within: .generous).affectedCount == 1)
        let other = try PostgreSQLConnection(to: PostgreSQLAddress(url: url), within: .generous)
        let update = PostgreSQLCommand("UPDATE t SET name = 'x' WHERE id = 1")
        connection.enqueue(PostgreSQLCommand("BEGIN ISOLATION LEVEL REPEATABLE READ"))
        #expect(try count() == 2)
        #expect(try other.query(update, within: .generous).affectedCount == 1)
        connection.enqueue(update)
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.finish(within: .generous) }
        #expect(failure?.meaning == .retry)
    }

    @Test("COPY does not fit a pipeline, and ends the connection")
    func copy() throws {
        for sql in ["COPY t TO STDOUT", "COPY t FROM STDIN"] {
            let connection = try PostgreSQLConnection(to: PostgreSQLAddress(url: url), within: .generous)
            let failure = #expect(throws: PostgreSQLFailure.self) {
                try connection.query(PostgreSQLCommand(sql), within: .seconds(2))
            }
            if case .lost = failure?.kind {} else { Issue.record("\(String(describing: failure))") }
            #expect(connection.isLost)
        }
    }

    // MARK: What else the server says

    @Test("warnings of a round trip are kept, with their codes, and notices are not")
    func warnings() throws {
        _ = try run(
            "DO $$ BEGIN RAISE NOTICE 'a'; RAISE WARNING 'b'; RAISE WARNING 'c' USING ERRCODE = '01004'; END $$"
        )
        #expect(
            connection.warnings == [
                PostgreSQLNotice(sqlState: "01000", message: "b"), PostgreSQLNotice(sqlState: "01004", message: "c"),
            ]
        )
        _ = try run("SELECT 1")
        #expect(connection.warnings.isEmpty)
        #expect(throws: PostgreSQLFailure.self) {
            try run(
                "DO $$ BEGIN FOR i IN 1..1000 LOOP RAISE WARNING '%', repeat('x', 5000); END LOOP; RAISE 'y'; END $$"
            )
        }
        #expect(connection.warnings.count == 16)
        #expect(connection.warnings.allSatisfy { $0.message.utf8.count == 1_000 })
    }

    @Test("it says what the server is")
    func server() throws {
        #expect(connection.serverVersion >= 120_000)
        #expect(!connection.isTLS)
        #expect(connection.parameter("server_encoding") == "UTF8")
        #expect(connection.parameter("application_name") == "tollgate")
        #expect(connection.parameter("no_such_parameter") == nil)
    }

    @Test("a closed connection refuses everything and says why")
    func closed() throws {
        connection.close()
        #expect(
            connection.isLost && connection.transactionStatus == .unknown && connection.parameter("TimeZone") == nil
        )
        let failure = #expect(throws: PostgreSQLFailure.self) { try run("SELECT 1") }
        #expect(failure?.kind == .lost(mayHaveExecuted: false))
        #expect(failure?.message == "the connection was lost before: it was closed")
    }
}
