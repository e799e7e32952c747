import Testing

@testable import PostgreSQL

@Suite("What failures mean")
struct FailureMeaningTests {
    @Test(
        "a server's code has a meaning",
        arguments: [
            ("40001", .retry), ("40P01", .retry), ("55P03", .lockTimeout), ("57014", .lockTimeout),
            ("25006", .readOnly), ("57P01", .shuttingDown), ("57P02", .shuttingDown), ("57P03", .notAcceptingYet),
            ("53300", .notAcceptingYet), ("53000", .full), ("53100", .full), ("53200", .full), ("53400", .full),
            ("23505", .uniqueViolation), ("23514", .checkViolation), ("42501", .permission), ("28000", .permission),
            ("28P01", .permission), ("2800", .permission), ("42P01", .other), ("23503", .other), ("25P02", .other),
            ("4000", .other), ("", .other), ("XX000", .other),
        ] as [(String, PostgreSQLFailure.Meaning)]
    )
    func codes(_ sqlState: String, _ meaning: PostgreSQLFailure.Meaning) {
        #expect(PostgreSQLFailure(.connection, sqlState: sqlState, "x").meaning == meaning)
        let error = ServerError(severity: "ERROR", sqlState: sqlState, message: "x")
        #expect(PostgreSQLFailure(error).meaning == meaning)
    }

    @Test("without a code there is none")
    func without() {
        #expect(PostgreSQLFailure(.lost(mayHaveExecuted: true), "x").meaning == .other)
    }

    @Test("descriptions say whether something may have been executed, and nothing of a row")
    func descriptions() {
        let lost = PostgreSQLFailure(.lost(mayHaveExecuted: true), "reset")
        #expect(lost.description == "the connection broke, and what was sent may have been executed: reset")
        let before = PostgreSQLFailure(.timedOut(mayHaveExecuted: false), "the deadline passed")
        #expect(before.description == "no answer in time before anything was sent: the deadline passed")
        let error = ServerError(
            severity: "ERROR",
            sqlState: "23505",
            message: "duplicate",
            detail: "Key (id)=(1) already exists.",
            hint: "Use another."
        )
        #expect(PostgreSQLFailure(error).description == "23505: duplicate; Use another.")
        #expect(PostgreSQLFailure(.connection, "refused").description == "no connection: refused")
        #expect(PostgreSQLFailure(.invalid, "too many").description == "too many")
    }

    @Test(
        "texts of others become one line of bounded length, without control characters",
        arguments: [
            ("one\n\ttwo\n", "one two"),
            ("FATAL:  28P01: no\nLOCATION:  auth_failed, auth.c:326\n", "FATAL:  28P01: no"),
            ("a\u{1B}[31mb\u{0}c", "a[31mbc"), ("", ""), ("\n\n", ""), ("x\r\ny", "x y"),
            (String(repeating: "ä", count: 2_000), String(repeating: "ä", count: 500)),
        ]
    )
    func lines(_ text: String, _ line: String) {
        #expect(PostgreSQLText.line(text) == line)
        #expect(PostgreSQLFailure(.connection, text).message == line)
    }

    @Test("a code is five digits or capital letters, and nothing that only looks as short")
    func codes() {
        for code in ["00000", "28P01", "XX000", PostgreSQLText.unknownSQLState] {
            #expect(PostgreSQLText.isSQLState(code))
        }
        let combining = "C" + String(repeating: "\u{0301}", count: 1_000) + "0000"
        for text in ["", "2800", "280000", "28p01", "28 01", "2800\u{E9}", "28\u{0301}01", combining] {
            #expect(!PostgreSQLText.isSQLState(text))
        }
    }

    @Test(
        "the code of a refused connection is found in libpq's message",
        arguments: [
            ("connection to server at \"::1\", port 1 failed: FATAL:  28P01: password authentication failed", "28P01"),
            ("a: FATAL:  57P03: the database system is starting up; b: FATAL:  28000: no entry", "28000"),
            ("connection refused", nil), ("FATAL: 28P01: one space", nil), ("FATAL:  28p01: x", nil),
        ] as [(String, String?)]
    )
    func codesInMessages(_ message: String, _ sqlState: String?) {
        #expect(PostgreSQLText.sqlState(in: message) == sqlState)
    }
}
