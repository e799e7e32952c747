import Budgeting
import Foundation
import GRDB
import Testing
import Vocabulary

@testable import Storage

/// Stores as earlier versions left them: `Fixtures/schema-NN.sql` has what the version that introduced schema NN made,
/// with rows in every table. Such files are with users, so no fixture is ever changed.
@Suite(
    "A store of every earlier schema is brought up to date with all that it has",
    .filesOnly("databases have none of these schemas")
)
struct UpgradeTests {
    private let place = TemporaryStore()

    private static let schemas = 1...StoreSchema.version

    /// In this column and row order a table is compared before and after.
    private typealias Rows = [String: [String]]

    private func make(_ version: Int) throws {
        let name = "Fixtures/schema-\(version < 10 ? "0" : "")\(version).sql"
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name)
        let sql = try String(contentsOf: file, encoding: .utf8)
        try place.edit { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: sql)
        }
    }

    private func columns(_ database: Database) throws -> [String: [String]] {
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        var columns: [String: [String]] = [:]
        for table in try String.fetchAll(database, sql: tables) {
            columns[table] = try String.fetchAll(database, sql: "SELECT name FROM pragma_table_info('\(table)')")
        }
        return columns
    }

    private func rows(_ database: Database, _ columns: [String: [String]]) throws -> Rows {
        var rows: Rows = [:]
        for (table, names) in columns {
            let values = names.map { "quote(\($0))" }.joined(separator: " || ' ' || ")
            rows[table] = try String.fetchAll(database, sql: "SELECT \(values) FROM \(table) ORDER BY 1")
        }
        return rows
    }

    @Test("there is a fixture for every schema, with rows in every table", arguments: schemas)
    func fixtures(_ version: Int) throws {
        try make(version)
        let found = try place.edit { database in
            // The tables are those that the steps still make: a released step was never altered.
            try StoreSchema.checkTables(database, schema: version)
            return try Int.fetchOne(database, sql: "PRAGMA user_version")
        }
        #expect(found == version)
        let all: Rows = try place.edit { database in try rows(database, try columns(database)) }
        for (table, rows) in all { #expect(!rows.isEmpty, "\(table)") }
    }

    @Test("every row of every table is kept, value by value, and the sums agree", arguments: schemas)
    func rowByRow(_ version: Int) throws {
        try make(version)
        // The replies of a model became several in step 5: `rates` has another key since.
        let columns = try place.edit { database in try self.columns(database) }
            .filter { version >= 5 || $0.key != "rates" }
        let before: Rows = try place.edit { database in try rows(database, columns) }
        var steps: [Int] = []
        let outcome = try StoreMigration.run(path: place.file) { number, _ in steps.append(number) }
        #expect(outcome.from == version && outcome.to == StoreSchema.version)
        #expect(outcome.sumFaults == [])
        #expect(steps == Array(version..<StoreSchema.version).map { $0 + 1 })
        let after: Rows = try place.edit { database in try rows(database, columns) }
        let tables = try place.edit { database in try self.columns(database) }
        for table in before.keys.sorted() { #expect(after[table] == before[table], "\(table)") }
        let fresh = TemporaryStore()
        try fresh.open().close()
        let freshTables = try fresh.edit { database in try self.columns(database) }
        #expect(tables == freshTables)
        try place.edit { database in try StoreSchema.checkTables(database, schema: StoreSchema.version) }
        // Once more changes nothing.
        #expect(try StoreMigration.run(path: place.file).from == StoreSchema.version)
    }

    @Test("results are hits, budgets count what was spent, and what was under way counts too", arguments: schemas)
    func opening(_ version: Int) throws {
        try make(version)
        let store = try place.open()
        defer { store.close() }
        let hit = try store.findAndWait(CacheKey(Digest(bytes: [UInt8](repeating: 1, count: 32))!)).get()
        #expect(hit?.body == Array(#"{"credits_used":2}"#.utf8))
        let opening = try store.opening()
        func sum(_ amount: (LedgerOpening.Row) -> MicroCredits) -> Int64 {
            opening.rows.map(amount).reduce(.zero, +).micros
        }
        guard version >= 2 else {
            #expect(opening.rows.isEmpty)
            return
        }
        #expect(sum(\.spent) == 6_000_000)
        // 5 credits were unconfirmed, and 4 were reserved when the process ended.
        #expect(sum(\.unconfirmed) == 9_000_000)
        #expect(opening.recoveredCount == 1)
        #expect(try store.rows("SELECT id, state FROM ledger WHERE state IN (0, 3)") == ["103 3", "105 3"])
        #expect(try store.rows("SELECT DISTINCT model FROM rates") == ["gpt-4o-mini"])
        #expect(
            try store.rows("SELECT spent, unconfirmed FROM usage_accounts ORDER BY day") == [
                "3500000 9000000", "2500000 0",
            ]
        )
        let faults = try store.performAndWait { try StoreSums.faults($0.database, schema: StoreSchema.version) }.get()
        #expect(faults == [])
    }

    @Test("teams, keys, grants and the audit log are as they were", arguments: 4...StoreSchema.version)
    func registry(_ version: Int) throws {
        try make(version)
        let store = try place.open()
        defer { store.close() }
        let rows = try store.registry()
        #expect(rows.teams.map(\.id.rawValue) == ["legal", "sales"])
        let sales = try #require(rows.teams.last)
        #expect(sales.limits.models == ["gpt-4o", "gpt-4o-mini"] && sales.limits.concurrencyMax == 32)
        #expect(try store.auditAndWait().get().map(\.entry.action) == ["team_key.revoke", "team.create"])
        #expect(try store.rows("SELECT id FROM team_keys ORDER BY id") == ["k1", "k2"], "k3 was revoked long ago")
        #expect(try store.rows("SELECT verdict FROM key_rulings ORDER BY id") == ["draining", "revoked"])
    }

    @Test("a program that may not migrate refuses an older store, says what to do, and leaves it", arguments: schemas)
    func refusal(_ version: Int) throws {
        try make(version)
        guard version < StoreSchema.version else {
            return try place.open(migrates: false).close()
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: place.file))
        let fault = #expect(throws: StoreFault.self) {
            try place.open(migrates: false)
        }
        #expect(fault?.code == .olderSchema)
        #expect(
            fault?.detail.contains("schema \(version)") == true && fault?.detail.contains("tollgate migrate") == true
        )
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.file)) == before)
    }
}
