import Foundation
import GRDB
import Testing

@testable import Storage

@Suite("PostgreSQLSchema")
struct PostgreSQLSchemaTests {
    /// Tables of several nodes, which a file has no use for.
    private static let shared: Set<String> = [
        "schema_state", "nodes", "feed_head", "feed", "scopes", "balances", "flights", "claims", "landings",
        "document_changes", "classifier_changes",
    ]

    private struct Tables {
        /// By name, without comments and with one space at most between words.
        var tables: [String: String] = [:]
        /// By name: the table, and which of its rows there are entries for.
        var indexes: [String: String] = [:]
    }

    private func normalized(_ text: String) -> String {
        text.replacing(/--.*/, with: "").replacing(/\s+/, with: " ").replacing(/\s?([(),])\s?/, with: { String($0.1) })
            .trimmingCharacters(in: .whitespaces)
    }

    private func add(_ statement: String, to tables: inout Tables) {
        if let match = statement.wholeMatch(of: /CREATE TABLE (\w+)\(.*\)/) {
            tables.tables[String(match.1)] = statement
        } else if let match = statement.wholeMatch(of: /CREATE ((?:UNIQUE )?INDEX) (\w+) ON (\w+)\([\w,]+\)(.*)/) {
            tables.indexes[String(match.2)] = "\(match.1) \(match.3) \(match.4)"
        }
    }

    /// What a file has, in PostgreSQL's types.
    private func expected() throws -> Tables {
        try DatabaseQueue().writeWithoutTransaction { database in
            try StoreSchema.migrate(database)
            let sql = try String.fetchAll(database, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
            var tables = Tables()
            for statement in sql {
                let text = normalized(statement).replacing(/\)STRICT(,WITHOUT ROWID)?$/, with: ")")
                    .replacing(/\bINTEGER\b/, with: "BIGINT").replacing(/\bBLOB\b/, with: "BYTEA")
                    .replacing(/\bTEXT\b/, with: "TEXT COLLATE \"C\"")
                add(text, to: &tables)
            }
            return tables
        }
    }

    private func made() -> Tables {
        var tables = Tables()
        for step in [PostgreSQLSchema.preparation.replacing("IF NOT EXISTS ", with: "")] + PostgreSQLSchema.steps {
            for statement in PostgreSQLSchema.statements(step) { add(normalized(statement), to: &tables) }
        }
        return tables
    }

    @Test("every table of a file is there with the same columns, checks and key")
    func tables() throws {
        let made = made().tables
        let expected = try expected().tables.filter { !CopiedTable.ofFiles.contains($0.key) }
        #expect(expected.count == 32)
        for (name, text) in expected { #expect(made[name] == text) }
        #expect(Set(made.keys).subtracting(expected.keys) == Self.shared)
    }

    @Test("every index of a file is there, for the same rows, and one for what is behind the floor of the ledger there")
    func indexes() throws {
        var expected = try expected().indexes
        #expect(expected.count == 16)
        expected["ledger_open"] = "INDEX ledger WHERE state = 0"
        let made = made().indexes.filter { index in !Self.shared.contains { index.value.contains(" \($0) ") } }
        #expect(made == expected)
    }

    @Test("nothing is used that compatible engines lack or do otherwise")
    func words() {
        let steps = [PostgreSQLSchema.preparation] + PostgreSQLSchema.steps
        let text = steps.joined(separator: "\n").replacing(/--.*/, with: "")
        let forbidden =
            #/
            (?i) \b (?:SERIAL | BIGSERIAL | SEQUENCE | IDENTITY | TRIGGER | FUNCTION | PROCEDURE | REFERENCES | FOREIGN
            | EXTENSION | TEMP | TEMPORARY | INTEGER | INT | TIMESTAMP | BOOLEAN | VARCHAR | JSONB?) \b
            /#
        #expect(text.firstMatch(of: forbidden).map { String($0.output) } == nil)
        #expect(text.matches(of: /\bTEXT\b/).count == text.matches(of: /\bTEXT COLLATE "C"/).count)
    }
}
