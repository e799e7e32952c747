import Foundation
import GRDB
import Testing
import Vocabulary

@testable import Storage

@Suite("StoreSchema")
struct StoreSchemaTests {
    private let folder = TemporaryFolder()

    /// As released: files of it are with users, so neither this nor the step of the program may ever change.
    private static let stepOne = """
        CREATE TABLE results (
            id INTEGER PRIMARY KEY,
            key BLOB NOT NULL UNIQUE CHECK (length(key) = 32),
            status INTEGER NOT NULL,
            body BLOB NOT NULL,
            credits_from INTEGER,
            credits_to INTEGER,
            credits_micros INTEGER NOT NULL,
            stored_at INTEGER NOT NULL, -- microseconds since 1970
            account TEXT NOT NULL,
            team TEXT NOT NULL,
            document_id TEXT NOT NULL,
            model TEXT NOT NULL,
            page_range TEXT,
            classification TEXT NOT NULL
        ) STRICT;
        CREATE INDEX results_by_document ON results (document_id);
        CREATE INDEX results_by_age ON results (stored_at);
        """

    private func makeStepOne() throws {
        try folder.edit { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; \(Self.stepOne)")
            try database.execute(sql: "PRAGMA application_id = 1416588396; PRAGMA user_version = 1")
            try database.execute(
                sql: """
                    INSERT INTO results (key, status, body, credits_from, credits_to, credits_micros, stored_at, account,
                        team, document_id, model, classification)
                    VALUES (?, 200, ?, 1, 3, 2500000, 1000000, 'default', 'a', 'd', 'm', 'invoice')
                    """,
                arguments: [Data(key(1).bytes), Data("{25}".utf8)]
            )
        }
    }

    @Test("a file of the first schema is brought up to date with its results, and keeps a ledger from then on")
    func migration() throws {
        try makeStepOne()
        for round in 1...2 {
            let store = try folder.open()
            #expect(try store.findAndWait(key(1)).get()?.body == Array("{25}".utf8))
            #expect(try store.rows("PRAGMA user_version") == ["\(StoreSchema.version)"])
            #expect(try store.opening().rows.count == round - 1)
            try store.saveAndWait(result(UInt64(round) + 1)).get()
            store.close()
        }
        let names = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
        let migrated = try folder.edit { try Row.fetchAll($0, sql: names) }
        let fresh = TemporaryFolder()
        try fresh.open().close()
        #expect(migrated == (try fresh.edit { try Row.fetchAll($0, sql: names) }))
    }

    @Test("steps that cannot all be taken leave the file as it was")
    func migrationFails() throws {
        try makeStepOne()
        try folder.edit { try $0.execute(sql: "CREATE TABLE shadow_refusals (x)") }
        #expect(throws: StoreFault.self) { try folder.open() }
        let tables = try folder.edit { database in
            try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        }
        #expect(tables == ["results", "shadow_refusals"])
    }

    @Test(
        "damage at an end of any table or index is found when the store is opened",
        arguments: [
            "results", "results_by_document", "results_by_age", "ledger", "ledger_open", "ledger_unconfirmed", "usage",
            "documents", "rates", "shadow_refusals",
        ]
    )
    func probe(_ name: String) throws {
        try folder.open().close()
        let (page, size) = try folder.edit { database in
            let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
            let page = try Int.fetchOne(database, sql: sql, arguments: [name])
            return (try #require(page), try Int.fetchOne(database, sql: "PRAGMA page_size")!)
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file))
        bytes.replaceSubrange((page - 1) * size..<page * size, with: Data(repeating: 0xA5, count: size))
        try bytes.write(to: URL(fileURLWithPath: folder.file))
        let fault = #expect(throws: StoreFault.self) { try folder.open() }
        #expect(fault?.code == .corrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file)) == bytes)
    }

    @Test(
        "the ledger takes no row whose parts contradict each other",
        arguments: [
            "state = 1, credits = 5", "state = 1, ended_at = 1", "state = 0, ended_at = 1", "state = 5, ended_at = 1",
            "state = 2, ended_at = 1, credits = 5", "state = 3, ended_at = 1, credits = 5", "state = 4, ended_at = 1",
            "state = 1, ended_at = 1, credits = -1", "estimate = -1", "cache_key = x'00'", "day = 'today'",
        ]
    )
    func contradictions(_ change: String) throws {
        let store = try folder.open()
        defer { store.close() }
        try store.reserveAndWait(reservation()).get()
        #expect(throws: StoreFault.self) {
            try store.performAndWait { try $0.execute(sql: "UPDATE ledger SET \(change)") }.get()
        }
        let valid = "UPDATE ledger SET state = 4, ended_at = 1, credits = 5"
        try store.performAndWait { try $0.execute(sql: valid) }.get()
    }

    @Test("neither start nor operators look through the whole ledger for what is open or unconfirmed")
    func partialIndexes() throws {
        let store = try folder.open()
        defer { store.close() }
        for (sql, index) in [
            ("UPDATE ledger SET state = 3, ended_at = 1 WHERE state = 0", "ledger_open"),
            ("SELECT estimate FROM ledger WHERE state = 0", "ledger_open"),
            ("SELECT estimate FROM ledger WHERE state = 3 AND team = 'a'", "ledger_unconfirmed"),
            ("SELECT estimate FROM ledger WHERE state = 3", "ledger_unconfirmed"),
            ("UPDATE ledger SET state = 1 WHERE id = 1 AND state = 0", "INTEGER PRIMARY KEY"),
        ] {
            let plan = try store.rows("EXPLAIN QUERY PLAN \(sql)")
            #expect(plan.count == 1)
            #expect(plan.allSatisfy { $0.contains(index) }, "\(sql): \(plan)")
        }
    }
}
