import Foundation
import Testing

/// What a store is kept in.
enum StoreKind: String, Sendable {
    case file
    case postgreSQL = "postgresql"

    /// What the stores of these tests are: files, unless `TOLLGATE_TEST_STORE` is `postgresql`.
    static let tested: StoreKind = {
        guard let word = ProcessInfo.processInfo.environment["TOLLGATE_TEST_STORE"] else { return .file }
        guard let kind = StoreKind(rawValue: word) else { fatalError("TOLLGATE_TEST_STORE is \(word): say postgresql") }
        return kind
    }()
}

extension Trait where Self == ConditionTrait {
    /// For tests of what only a file has.
    static func filesOnly(_ reason: Comment) -> Self { .enabled(if: StoreKind.tested == .file, reason) }
}

/// What SQL says in one way for files, and in another one for PostgreSQL.
enum TestSQL {
    /// - Parameter hexadecimal: two digits for each byte.
    static func bytes(_ hexadecimal: String) -> String {
        switch StoreKind.tested {
        case .file: "x'\(hexadecimal)'"
        case .postgreSQL: "CAST('\\x\(hexadecimal)' AS BYTEA)"
        }
    }

    static func zeros(_ count: Int) -> String { bytes(String(repeating: "00", count: count)) }

    /// 32 bytes for a number, which are no other number's.
    static func key(ofNumber expression: String) -> String {
        switch StoreKind.tested {
        case .file: "CAST(printf('%032d', \(expression)) AS BLOB)"
        case .postgreSQL: "CAST(lpad(CAST(\(expression) AS TEXT), 32, '0') AS BYTEA)"
        }
    }

    /// The bytes of a column in digits of lower case.
    static func hexadecimal(_ column: String) -> String {
        switch StoreKind.tested {
        case .file: "lower(hex(\(column)))"
        case .postgreSQL: "encode(\(column), 'hex')"
        }
    }

    /// What an INSERT begins with whose rows are made from the numbers `n` of the table `numbers`.
    static func numbers(_ count: Int) -> String {
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(count))"
    }
}

/// A trigger that refuses changes of a table.
enum Refusal {
    static func begin(_ kind: StoreKind, _ event: String, _ table: String, when condition: String) -> [String] {
        let head = "CREATE TRIGGER refusal BEFORE \(event) ON \(table)"
        switch kind {
        case .file: return ["\(head) WHEN \(condition) BEGIN SELECT RAISE(ABORT, 'refused'); END"]
        case .postgreSQL:
            let function = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
            return [
                "\(function) AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$",
                "\(head) FOR EACH ROW WHEN (\(condition)) EXECUTE FUNCTION refuse()",
            ]
        }
    }

    static func end(_ kind: StoreKind, _ table: String) -> String {
        switch kind {
        case .file: "DROP TRIGGER refusal"
        case .postgreSQL: "DROP TRIGGER refusal ON \(table)"
        }
    }
}
