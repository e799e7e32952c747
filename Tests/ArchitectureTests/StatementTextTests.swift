import Foundation
import Testing

/// The statements of the store's tables, as the sources have them.
///
/// One text serves SQLite and PostgreSQL, and engines that are compatible with the latter. What it must not have is
/// what one of them lacks or takes for something else (docs/storage.md, section 12).
@Suite("The text of the store's statements")
struct StatementTextTests {
    private struct Statement {
        let file: String
        let text: String
    }

    private func statements() throws -> [Statement] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appendingPathComponent("Sources/Storage/Tables")
        let literal = /(?s)"""\n(.*?)"""|"((?:[^"\\\n]|\\.)*)"/
        var statements: [Statement] = []
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let source = try String(contentsOf: file, encoding: .utf8).replacing(/(?m)^\s*\/\/.*$/, with: "")
            for match in source.matches(of: literal) {
                let text = String(match.1 ?? match.2 ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
                if text.prefixMatch(of: /(SELECT|INSERT|UPDATE|DELETE|WITH|PRAGMA)\b/) == nil { continue }
                statements.append(Statement(file: file.lastPathComponent, text: text))
            }
        }
        return statements
    }

    private func expectNone(_ pattern: Regex<Substring>, _ comment: Comment) throws {
        for statement in try statements() where statement.text.firstMatch(of: pattern) != nil {
            Issue.record("\(statement.file): \(comment): \(statement.text)")
        }
    }

    @Test("they are found")
    func found() throws { #expect(try statements().count > 150) }

    @Test("they have nothing that only SQLite knows")
    func ofSQLite() throws {
        try expectNone(
            #/
            (?i) \b (?:PRAGMA | rowid | IFNULL | IIF | strftime | typeof | total | randomblob | zeroblob | GLOB
            | INSERT\s+OR | REPLACE\s+INTO | INDEXED\s+BY) \b
            /#,
            "PostgreSQL does not know it"
        )
        try expectNone(/\b[xX]'/, "that is a bit string in PostgreSQL: bind the value")
        try expectNone(/(?i)\b(?:min|max)\s*\([^()]*,/, "the less or the greater of two values is a CASE")
    }

    @Test("they have nothing that compatible engines or a pool of connections lack, nor SQLite")
    func ofPostgreSQL() throws {
        try expectNone(
            #/
            (?i) \b (?:LISTEN | NOTIFY | ADVISORY | SKIP\s+LOCKED | FOR\s+SHARE | SAVEPOINT | nextval | currval | TEMP
            | TEMPORARY | TRUNCATE | ILIKE | DISTINCT\s+ON | ANY | ARRAY | JSONB? | LATERAL) \b
            /#,
            "it is no part of the subset"
        )
        try expectNone(/::|\$\d/, "SQLite does not know it")
    }

    @Test("a sum is cast, since that of BIGINT is NUMERIC in PostgreSQL")
    func sums() throws {
        for statement in try statements() {
            let rest = statement.text.replacing("CAST(sum(", with: "")
            #expect(rest.firstMatch(of: /(?i)\b(?:sum|avg)\s*\(/) == nil, "\(statement.file): \(statement.text)")
        }
    }

    @Test("a query in FROM has a name")
    func names() throws {
        for statement in try statements() {
            for start in statement.text.ranges(of: "FROM (").map(\.upperBound) {
                var depth = 1
                let rest = statement.text[start...].drop { character in
                    if character == "(" { depth += 1 } else if character == ")" { depth -= 1 }
                    return depth > 0
                }
                #expect(rest.hasPrefix(") AS "), "\(statement.file): \(statement.text)")
            }
        }
    }

    @Test("in ON CONFLICT … DO UPDATE each column that is read has its table")
    func conflicts() throws {
        for statement in try statements() {
            guard let update = statement.text.firstMatch(of: /(?s)DO UPDATE SET\s+(.*)/)?.1 else { continue }
            // What stands behind a `.` has a table, what stands before `=` is set; the rest is keywords and numbers.
            let rest = update.replacing(/\w+\.\w+/, with: "").replacing(/\?\d+/, with: "")
                .replacing(/(^|,)\s*\w+\s*=/, with: "")
            let words = rest.matches(of: /[a-z_]+/).map { String($0.0) }
            #expect(words == [], "\(statement.file): \(statement.text)")
        }
    }
}
