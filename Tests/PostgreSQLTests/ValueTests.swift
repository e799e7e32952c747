import TestSupport
import Testing

@testable import PostgreSQL

@Suite("Values on their way to the server and back")
struct ValueTests {
    private let connection: PostgreSQLConnection

    init() throws {
        let url = try PostgreSQLServer.shared.url()
        connection = try PostgreSQLConnection(to: PostgreSQLAddress(url: url), within: .generous)
    }

    private func returned(_ bind: (inout PostgreSQLCommand) -> Void) throws -> PostgreSQLRows {
        var command = PostgreSQLCommand("SELECT $1")
        bind(&command)
        return try connection.query(command, within: .generous)
    }

    @Test(
        "whole numbers of 64 bits come back as they went in",
        arguments: [0, 1, -1, 127, 128, -128, -129, 65_535, -65_536, 1 << 32, -(1 << 40), .max, .min]
            as [Int64]
    )
    func integers(_ value: Int64) throws {
        let rows = try returned { $0.bind(value) }
        #expect(rows.integer(0, 0) == value)
        #expect(rows.text(0, 0) == nil && rows.bytes(0, 0) == nil && !rows.isNull(0, 0))
    }

    @Test(
        "texts come back as they went in",
        arguments: ["", "a", "ä€𐍈🦆\u{10FFFF}", "'; DROP TABLE t; --", "\u{1}\u{7F}\r\n\t", "e\u{301}"]
            + [String(repeating: "🦆", count: 100_000)]
    )
    func texts(_ value: String) throws {
        let rows = try returned { $0.bind(value) }
        // Not as characters, of which é and e with an accent are the same.
        #expect(rows.text(0, 0).map { Array($0.utf8) } == Array(value.utf8))
        #expect(rows.integer(0, 0) == nil && rows.bytes(0, 0) == nil && !rows.isNull(0, 0))
    }

    @Test("bytes come back as they went in", arguments: [0, 1, 255, 256, 65_536, 1_048_576])
    func bytes(_ count: Int) throws {
        let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ ($0 >> 8)) }
        let rows = try returned { $0.bind(value) }
        #expect(rows.bytes(0, 0) == value)
        #expect(rows.text(0, 0) == nil && rows.integer(0, 0) == nil && !rows.isNull(0, 0))
    }

    @Test("NULL keeps the type, and is none of the values")
    func null() throws {
        var command = PostgreSQLCommand(
            "SELECT $1, $2, $3, pg_typeof($1)::text, pg_typeof($2)::text, pg_typeof($3)::text"
        )
        command.bind(nil as Int64?)
        command.bind(nil as String?)
        command.bind(nil as [UInt8]?)
        let rows = try connection.query(command, within: .generous)
        #expect((0..<3).allSatisfy { rows.isNull(0, $0) })
        #expect(rows.integer(0, 0) == nil && rows.text(0, 1) == nil && rows.bytes(0, 2) == nil)
        #expect((3..<6).map { rows.text(0, $0) } == ["bigint", "text", "bytea"])
    }

    @Test("values and NULLs of several rows stand where they belong")
    func places() throws {
        var command = PostgreSQLCommand(
            "SELECT * FROM (VALUES ($1, $2, $3), ($4, $5, $6), ($7, $8, $9)) AS t (a, b, c) ORDER BY a NULLS FIRST"
        )
        for row in 0..<3 {
            command.bind(row == 0 ? nil : Int64(row))
            command.bind(row == 1 ? nil : "row \(row)")
            command.bind(row == 2 ? nil : [UInt8](repeating: UInt8(row), count: row))
        }
        let rows = try connection.query(command, within: .generous)
        #expect(rows.count == 3 && rows.columnCount == 3)
        #expect((0..<3).map { rows.integer($0, 0) } == [nil, 1, 2])
        #expect((0..<3).map { rows.text($0, 1) } == ["row 0", nil, "row 2"])
        #expect((0..<3).map { rows.bytes($0, 2) } == [[], [1], nil])
        #expect(
            (0..<3).map { row in (0..<3).map { rows.isNull(row, $0) } } == [
                [true, false, false], [false, true, false], [false, false, true],
            ]
        )
    }

    @Test(
        "smaller numbers and truth values are numbers too",
        arguments: [
            ("32767::int2", 32_767), ("(-32768)::int2", -32_768), ("2147483647::int4", 2_147_483_647),
            ("(-2147483648)::int4", -2_147_483_648), ("true", 1), ("false", 0), ("(-1)::int2", -1),
        ] as [(String, Int64)]
    )
    func otherNumbers(_ sql: String, _ value: Int64) throws {
        #expect(try connection.query(PostgreSQLCommand("SELECT \(sql)"), within: .generous).integer(0, 0) == value)
    }

    @Test(
        "a text may have any of the types that are one",
        arguments: ["'x'", "'x'::text", "'x'::varchar(3)", "'x'::char(1)", "'x'::name", "'x'::varchar"]
    )
    func otherTexts(_ sql: String) throws {
        #expect(try connection.query(PostgreSQLCommand("SELECT \(sql)"), within: .generous).text(0, 0) == "x")
    }

    @Test(
        "what has another type is none of them",
        arguments: ["1::numeric", "1.5::float8", "now()", "'{}'::jsonb", "ARRAY[1]", "'127.0.0.1'::inet", "1::oid"]
    )
    func others(_ sql: String) throws {
        let rows = try connection.query(PostgreSQLCommand("SELECT \(sql)"), within: .generous)
        #expect(rows.integer(0, 0) == nil && rows.text(0, 0) == nil && rows.bytes(0, 0) == nil)
        #expect(!rows.isNull(0, 0))
    }

    @Test("a text that PostgreSQL cannot hold is refused before anything is sent, and the connection goes on")
    func nul() throws {
        connection.enqueue(PostgreSQLCommand("BEGIN"))
        var command = PostgreSQLCommand("SELECT $1, $2")
        command.bind(1 as Int64)
        command.bind("a\0b")
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.query(command, within: .generous) }
        #expect(failure?.kind == .invalid)
        #expect(failure?.message == "parameter $2 is a text with the character NUL, which PostgreSQL cannot hold")
        #expect(connection.transactionStatus == .idle, "BEGIN was not sent")
        #expect(try connection.query(PostgreSQLCommand("SELECT 1"), within: .generous).integer(0, 0) == 1)
        let text = #expect(throws: PostgreSQLFailure.self) {
            try connection.query(PostgreSQLCommand("SELECT 1 -- \0"), within: .generous)
        }
        #expect(text?.message == "the text of a command contains the character NUL")
    }

    @Test("as many parameters as the protocol counts can be sent, and one more is refused")
    func parameters() throws {
        let names = (1...PostgreSQLCommand.parametersMax).map { "$\($0)" }.joined(separator: ",")
        var command = PostgreSQLCommand("SELECT sum(v)::bigint FROM unnest(ARRAY[\(names)]) AS t (v)")
        for value in 1...PostgreSQLCommand.parametersMax { command.bind(Int64(value)) }
        #expect(try connection.query(command, within: .generous).integer(0, 0) == 65_535 * 65_536 / 2)
        command.bind(nil as Int64?)
        let failure = #expect(throws: PostgreSQLFailure.self) { try connection.query(command, within: .generous) }
        #expect(failure?.kind == .invalid)
        #expect(failure?.message == "a command has more than 65535 parameters")
    }

    @Test("a place outside of the rows traps", .disabled(if: ServerProcess.programsAreSanitized))
    func outside() async {
        await #expect(processExitsWith: .failure) {
            _ = PostgreSQLRows().isNull(0, 0)
        }
    }
}
