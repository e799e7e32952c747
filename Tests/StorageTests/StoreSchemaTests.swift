import Foundation
import GRDB
import Testing
import Vocabulary

@testable import Storage

@Suite("StoreSchema", .filesOnly("it is the schema of files"))
struct StoreSchemaTests {
    private let place = TemporaryStore()

    /// The steps as released: files of them are with users, so neither these nor those of the program may ever change.
    private static let released = [
        """
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
        """,
        """
        CREATE TABLE ledger (
            id INTEGER PRIMARY KEY, -- ascends in time
            day INTEGER NOT NULL,
            team TEXT NOT NULL,
            key TEXT NOT NULL,
            account TEXT NOT NULL,
            upstream_key TEXT NOT NULL,
            document_id TEXT NOT NULL,
            model TEXT NOT NULL, -- at most 128 bytes of it
            cache_key BLOB NOT NULL CHECK (length(cache_key) = 32),
            request_id TEXT NOT NULL,
            state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
            estimate INTEGER NOT NULL CHECK (estimate >= 0),
            credits INTEGER CHECK (credits >= 0),
            created_at INTEGER NOT NULL,
            ended_at INTEGER,
            CHECK ((state = 0) = (ended_at IS NULL)),
            CHECK ((state IN (1, 4)) = (credits IS NOT NULL))
        ) STRICT;
        CREATE INDEX ledger_open ON ledger (state) WHERE state = 0;
        CREATE INDEX ledger_unconfirmed ON ledger (team) WHERE state = 3;
        CREATE TABLE usage (
            day INTEGER NOT NULL,
            team TEXT NOT NULL,
            key TEXT NOT NULL,
            model TEXT NOT NULL, -- at most 128 bytes of it
            upstream_key TEXT NOT NULL, -- empty for what no upstream key had to do with
            spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0),
            unconfirmed INTEGER NOT NULL DEFAULT 0 CHECK (unconfirmed >= 0),
            saved INTEGER NOT NULL DEFAULT 0,
            hits INTEGER NOT NULL DEFAULT 0,
            collapsed INTEGER NOT NULL DEFAULT 0,
            misses INTEGER NOT NULL DEFAULT 0,
            denied INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (day, team, key, model, upstream_key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE documents (
            account TEXT NOT NULL,
            document_id TEXT NOT NULL,
            pages INTEGER NOT NULL,
            PRIMARY KEY (account, document_id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE rates (
            model TEXT PRIMARY KEY,
            credits INTEGER NOT NULL,
            pages INTEGER NOT NULL CHECK (pages >= 1)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE shadow_refusals (
            scope TEXT NOT NULL, -- organization, team, key, upstream_key
            scope_id TEXT NOT NULL, -- empty for the organization
            budget_window TEXT NOT NULL,
            start INTEGER NOT NULL, -- the window's first day; 0 for the window that never starts again
            count INTEGER NOT NULL,
            PRIMARY KEY (scope, scope_id, budget_window, start)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE upstream_key_states (
            id TEXT PRIMARY KEY,
            secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32), -- SHA-256 of the secret that it is about
            state TEXT NOT NULL, -- cooling, quarantined
            until INTEGER, -- of a cooling, microseconds since 1970
            reason TEXT, -- of a quarantine
            CHECK ((state = 'cooling') = (until IS NOT NULL)),
            CHECK ((state = 'quarantined') = (reason IS NOT NULL))
        ) STRICT, WITHOUT ROWID;
        """,
    ]

    /// What a file has that has been through so many steps.
    private static let samples = [
        """
        INSERT INTO results (key, status, body, credits_from, credits_to, credits_micros, stored_at, account, team,
            document_id, model, classification)
        VALUES (zeroblob(32), 200, x'7b32357d', 1, 3, 2500000, 1000000, 'default', 'a', 'd', 'm', 'invoice')
        """,
        """
        INSERT INTO ledger VALUES (7, 20000, 'a', 'k', 'default', 'main', 'd', 'm', zeroblob(32), 'r', 1, 3, 2, 1, 2);
        INSERT INTO usage (day, team, key, model, upstream_key, spent) VALUES (20000, 'a', 'k', 'm', 'main', 2);
        INSERT INTO documents VALUES ('default', 'd', 3);
        INSERT INTO rates VALUES ('m', 2, 1);
        INSERT INTO shadow_refusals VALUES ('team', 'a', 'day', 20000, 4)
        """,
        "INSERT INTO upstream_key_states VALUES ('main', zeroblob(32), 'quarantined', NULL, 'forbidden')",
    ]

    /// What the tables of each step are asked for the samples, with the answers.
    private static let answers = [
        [("SELECT id, length(body), team FROM results", "1 4 a")],
        [
            ("SELECT id, state, credits FROM ledger", "7 1 2"), ("SELECT spent FROM usage", "2"),
            ("SELECT day, length(document), spent, denied FROM usage_documents", "20000 0 2 0"),
            ("SELECT pages FROM documents", "3"), ("SELECT credits FROM rates", "2"),
            ("SELECT count FROM shadow_refusals", "4"), ("SELECT * FROM usage_accounts", "default 20000 2 0"),
        ],
        [("SELECT id, reason FROM upstream_key_states", "main forbidden")],
    ]

    private func makeFile(schema version: Int) throws {
        try place.edit { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            for step in Self.released[..<version] + Self.samples[..<version] { try database.execute(sql: step) }
            try database.execute(sql: "PRAGMA application_id = 1416588396; PRAGMA user_version = \(version)")
        }
    }

    @Test("a file of an earlier schema is brought up to date and keeps what it has", arguments: 1...3)
    func migration(_ version: Int) throws {
        try makeFile(schema: version)
        for round in 1...2 {
            let store = try place.open()
            for (query, answer) in Self.answers[..<version].joined() { #expect(try store.rows(query) == [answer]) }
            #expect(try store.findAndWait(CacheKey(Digest(0, 0, 0, 0))).get()?.body == Array("{25}".utf8))
            #expect(try store.rows("PRAGMA user_version") == ["\(StoreSchema.version)"])
            #expect(try store.registry().teams.count == round - 1)
            try store.applyAndWait([.saveTeam(team("a"))], audit: nil)
            store.close()
        }
        let names = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
        let migrated = try place.edit { try Row.fetchAll($0, sql: names) }
        let fresh = TemporaryStore()
        try fresh.open().close()
        #expect(migrated == (try fresh.edit { try Row.fetchAll($0, sql: names) }))
    }

    @Test("what the ledger has is added up by account, whatever its states and however much it is")
    func accounts() throws {
        try makeFile(schema: 3)
        try place.edit { database in
            for (id, account, day, state, estimate, credits) in [
                (11, "a", 1, 0, "5", "NULL"), (12, "a", 1, 1, "5", "3"), (13, "a", 1, 2, "5", "NULL"),
                (14, "a", 1, 3, "7", "NULL"), (15, "a", 1, 4, "5", "11"), (16, "a", 2, 1, "5", "1"),
                (17, "b", 1, 1, "5", "9223372036854775807"), (18, "b", 1, 1, "5", "9223372036854775807"),
                (19, "b", 2, 3, "9223372036854775807", "NULL"), (20, "b", 2, 3, "1", "NULL"),
            ] {
                let ended = state == 0 ? "NULL" : "2"
                try database.execute(
                    sql: """
                        INSERT INTO ledger VALUES (\(id), \(day), 't', 'k', '\(account)', 'main', 'd', 'm',
                            zeroblob(32), 'r', \(state), \(estimate), \(credits), 1, \(ended))
                        """
                )
            }
        }
        let store = try place.open()
        defer { store.close() }
        // What is open becomes unconfirmed when the store is opened.
        #expect(
            try store.rows("SELECT * FROM usage_accounts ORDER BY account, day") == [
                "a 1 14 12", "a 2 1 0", "b 1 9223372036854775807 0", "b 2 0 9223372036854775807", "default 20000 2 0",
            ]
        )
    }

    @Test("a file of the first schema keeps a ledger from then on")
    func ledger() throws {
        try makeFile(schema: 1)
        let store = try place.open()
        defer { store.close() }
        #expect(try store.opening().rows.count == 0)
        try store.saveAndWait(result(2)).get()
        #expect(try store.opening().rows.count == 1)
    }

    @Test("steps that cannot all be taken leave the file as it was")
    func migrationFails() throws {
        try makeFile(schema: 1)
        try place.edit { try $0.execute(sql: "CREATE TABLE shadow_refusals (x)") }
        #expect(throws: StoreFault.self) { try place.open() }
        let tables = try place.edit { database in
            try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        }
        #expect(tables == ["results", "shadow_refusals"])
    }

    @Test(
        "damage at an end of any table or index is found when the store is opened",
        arguments: [
            "results", "results_by_document", "results_by_age", "results_by_team", "purges", "purges_open", "ledger",
            "ledger_floor", "ledger_unconfirmed", "ledger_resolved", "usage", "usage_models", "usage_accounts",
            "statements", "statements_by_account",
            "documents", "rates", "grants", "grants_by_team", "shadow_refusals", "upstream_key_states", "teams",
            "team_models", "registry_budgets",
            "team_keys", "team_keys_by_team", "team_keys_revoked", "retiring_secrets", "upstream_keys", "key_rulings",
            "rotation_receipts", "rotation_receipts_by_end", "audit", "team_key_uses", "payments", "repeats",
            "repeats_by_reason", "schemas",
            "upstream_key_uses", "usage_quarters",
        ]
    )
    func probe(_ name: String) throws {
        try place.open().close()
        let (page, size) = try place.edit { database in
            let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
            let page = try Int.fetchOne(database, sql: sql, arguments: [name])
            return (try #require(page), try Int.fetchOne(database, sql: "PRAGMA page_size")!)
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: place.file))
        bytes.replaceSubrange((page - 1) * size..<page * size, with: Data(repeating: 0xA5, count: size))
        try bytes.write(to: URL(fileURLWithPath: place.file))
        let fault = #expect(throws: StoreFault.self) { try place.open() }
        #expect(fault?.code == .corrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.file)) == bytes)
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
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation()).get()
        #expect(throws: StoreFault.self) {
            try store.execute("UPDATE ledger SET \(change)")
        }
        let valid = "UPDATE ledger SET state = 4, ended_at = 1, credits = 5"
        try store.execute(valid)
    }

    @Test("neither start nor operators look through the whole ledger for what is open or unconfirmed")
    func partialIndexes() throws {
        let store = try place.open()
        defer { store.close() }
        for (sql, index) in [
            (
                "UPDATE ledger SET state = 3, ended_at = 1 WHERE state = 0 AND id >= 1 AND id <= 9",
                "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
            ),
            (
                "SELECT id FROM ledger WHERE id >= 1 AND state = 0 ORDER BY id LIMIT 1",
                "INTEGER PRIMARY KEY (rowid>?)"
            ),
            ("SELECT estimate FROM ledger WHERE state = 3", "ledger_unconfirmed"),
            (
                "SELECT team FROM ledger WHERE state = 0 AND id >= 1 AND id < 9 ORDER BY id DESC",
                "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
            ),
            (
                "SELECT team FROM ledger WHERE state = 3 AND id >= 1 AND id < 9 ORDER BY id DESC",
                "ledger_unconfirmed (state=? AND rowid>? AND rowid<?)"
            ),
            (
                "SELECT team FROM ledger WHERE state = 4 AND id >= 1 AND id < 9 ORDER BY id DESC",
                "ledger_resolved (state=? AND rowid>? AND rowid<?)"
            ),
            (
                "SELECT team FROM ledger WHERE id >= 1 AND id < 9 ORDER BY id DESC",
                "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
            ),
            (
                "DELETE FROM ledger WHERE id > 1 AND id < 9 AND state IN (1, 2, 4) AND ended_at < 3",
                "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
            ),
            ("UPDATE ledger SET state = 4 WHERE id = 1 AND state = 3", "INTEGER PRIMARY KEY"),
            (
                "SELECT spent FROM usage_accounts WHERE account = 'a' AND day >= 1 AND day < 9",
                "PRIMARY KEY (account=? AND day>? AND day<?)"
            ),
            (
                "SELECT credits FROM statements WHERE account = 'a' AND first_day < 9 ORDER BY first_day DESC LIMIT 1",
                "statements_by_account (account=? AND first_day<?)"
            ),
            ("UPDATE ledger SET state = 1 WHERE id = 1 AND state = 0", "INTEGER PRIMARY KEY"),
        ] {
            let plan = try store.rows("EXPLAIN QUERY PLAN \(sql)")
            #expect(plan.count == 1)
            #expect(plan.allSatisfy { $0.contains(index) }, "\(sql): \(plan)")
        }
    }

    @Test("a change of teams and keys looks through no table of them")
    func registryPlans() throws {
        let store = try place.open()
        defer { store.close() }
        for (sql, index) in [
            ("SELECT id FROM team_keys WHERE team = 'a'", "team_keys_by_team"),
            ("SELECT id FROM team_keys WHERE revoked_at < 1", "team_keys_revoked"),
            ("DELETE FROM rotation_receipts WHERE until <= 1", "rotation_receipts_by_end"),
            ("DELETE FROM rotation_receipts WHERE key = 'k'", "PRIMARY KEY"),
            ("DELETE FROM retiring_secrets WHERE key = 'k'", "PRIMARY KEY"),
            ("DELETE FROM registry_budgets WHERE scope = 'key' AND scope_id = 'k'", "PRIMARY KEY"),
            ("SELECT id FROM grants WHERE team = 'a' AND id < 5 ORDER BY id DESC", "grants_by_team"),
            ("DELETE FROM team_models WHERE team = 'a'", "PRIMARY KEY"),
            ("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - 5", "PRIMARY KEY (rowid<?)"),
        ] {
            let plan = try store.rows("EXPLAIN QUERY PLAN \(sql)")
            #expect(plan[0].contains("SEARCH") && plan[0].contains(index), "\(sql): \(plan)")
        }
    }
}
