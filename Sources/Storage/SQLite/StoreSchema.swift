import GRDB
import Vocabulary

/// The tables of the store and how an older file is brought up to them.
///
/// A file of ours bears `application_id`; `user_version` counts the steps it has been through. A file with a greater
/// number is refused, since its meaning is not known here; a file of anyone else is refused too; neither is changed.
/// All missing steps are one transaction. A step that has been released is never altered.
///
/// `results` has a row number of its own and a unique index on the key, rather than the key as its primary key without
/// row numbers. Keys are digests, so the latter would put every body into a random page: each save dirties a page of
/// bodies, a page holds few of them, and a body above a quarter of a page overflows. With row numbers, bodies are
/// appended, a group commit writes its bodies to the same few pages, and only the index is random: 42 bytes a row,
/// 42 MB for a million. The other indexes then hold 8 bytes of row number instead of 32 of key.
///
/// `ledger` has a row for each reservation and no index but over those that are unconfirmed or resolved, which are few:
/// its identifiers ascend in time, so that rows are appended, a range of time is a range of rows, and what is reserved
/// is among the newest (`LedgerFloorTable`). What reports and balances need of it is in `usage` and `usage_accounts`,
/// or follows from the few rows of `unbooked`.
///
/// What a team or a key has several of (budgets, models, secrets that retire) has tables of its own, rather than a
/// column of JSON: each value has its type and its check, SQL can ask for it, and this room need not know JSON. No row
/// refers to that of a team by a foreign key, since the store also keeps keys and uses for teams of the file.
enum StoreSchema {
    /// "Toll" in ASCII.
    static let applicationID: Int32 = 0x546F_6C6C
    static var version: Int { steps.count }

    static let steps = [
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
        // States: 0 reserved, 1 settled, 2 released, 3 unconfirmed, 4 resolved. Amounts are micro-credits, days are
        // counted from 1970-01-01 in the budgets' time zone, moments are microseconds since 1970.
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
        // A row for each key at the vendor that is not simply active.
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
        // Teams and keys, and who changed them. Credits are micro-credits, moments are microseconds since 1970, digests
        // are SHA-256.
        """
        CREATE TABLE teams (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            account TEXT NOT NULL,
            requests_per_second INTEGER CHECK (requests_per_second >= 1), -- in millionths
            concurrency_max INTEGER CHECK (concurrency_max >= 1),
            limits_models INTEGER NOT NULL CHECK (limits_models IN (0, 1)), -- to those of team_models, be there none
            cache_scope TEXT -- organization, team
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE team_models (
            team TEXT NOT NULL,
            model TEXT NOT NULL,
            PRIMARY KEY (team, model)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE registry_budgets (
            scope TEXT NOT NULL, -- team, key
            scope_id TEXT NOT NULL,
            position INTEGER NOT NULL, -- from 0, in the order in which they were given
            budget_window TEXT NOT NULL, -- day, week, month, total
            credits INTEGER NOT NULL CHECK (credits >= 0),
            is_enforced INTEGER NOT NULL CHECK (is_enforced IN (0, 1)),
            alert_at TEXT NOT NULL, -- millionths of credits with commas between; empty for none
            PRIMARY KEY (scope, scope_id, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE team_keys (
            id TEXT PRIMARY KEY,
            team TEXT NOT NULL,
            public_id TEXT,
            name TEXT NOT NULL,
            secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32),
            not_after INTEGER,
            created_at INTEGER,
            rotated_at INTEGER,
            revoked_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX team_keys_by_team ON team_keys (team);
        CREATE INDEX team_keys_revoked ON team_keys (revoked_at) WHERE revoked_at IS NOT NULL;
        CREATE TABLE retiring_secrets (
            key TEXT NOT NULL,
            position INTEGER NOT NULL, -- from 0, newest first
            secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32),
            until INTEGER NOT NULL,
            PRIMARY KEY (key, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE upstream_keys (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL,
            weight INTEGER NOT NULL CHECK (weight >= 1),
            not_before INTEGER,
            not_after INTEGER,
            monthly_credits INTEGER CHECK (monthly_credits >= 0),
            sealed_secret BLOB NOT NULL,
            secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32),
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE key_rulings (
            subject TEXT NOT NULL, -- team_key, upstream_key
            id TEXT NOT NULL,
            secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32), -- of the secret that it is about
            verdict TEXT NOT NULL, -- revoked, draining, disabled
            at INTEGER NOT NULL,
            PRIMARY KEY (subject, id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE rotation_receipts (
            key TEXT NOT NULL,
            request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
            sealed_secret BLOB NOT NULL,
            until INTEGER NOT NULL,
            PRIMARY KEY (key, request_digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX rotation_receipts_by_end ON rotation_receipts (until);
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY, -- ascends in time, without a gap
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            role TEXT NOT NULL,
            action TEXT NOT NULL,
            target TEXT NOT NULL,
            address TEXT NOT NULL,
            before TEXT, -- JSON; NULL for what was not there
            after TEXT -- JSON; NULL for what is not there any more
        ) STRICT;
        CREATE TABLE team_key_uses (
            key TEXT PRIMARY KEY,
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
        // In place of the last reply of each model, the last ones. What is known already is older than any other.
        """
        ALTER TABLE rates RENAME TO last_rates;
        CREATE TABLE rates (
            model TEXT NOT NULL,
            reservation INTEGER NOT NULL, -- of the request that was replied to
            credits INTEGER NOT NULL,
            pages INTEGER NOT NULL CHECK (pages >= 1),
            PRIMARY KEY (model, reservation)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO rates SELECT model, 0, credits, pages FROM last_rates;
        DROP TABLE last_rates;
        """,
        // The models that `usage` has rows of, which are bounded for each day and team.
        """
        CREATE TABLE usage_models (
            day INTEGER NOT NULL,
            team TEXT NOT NULL,
            model TEXT NOT NULL,
            PRIMARY KEY (day, team, model)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO usage_models SELECT DISTINCT day, team, model FROM usage;
        """,
        // One-off extra room in teams' budgets. Moments are microseconds since 1970.
        """
        CREATE TABLE grants (
            id INTEGER PRIMARY KEY, -- ascends in time
            team TEXT NOT NULL,
            budget_window TEXT NOT NULL, -- day, week, month, total
            start INTEGER NOT NULL, -- the first day of the period; 0 for the window that never starts again
            credits INTEGER NOT NULL CHECK (credits > 0),
            expires_at INTEGER, -- as it was given
            ends_at INTEGER, -- NULL for never
            reason TEXT NOT NULL,
            actor TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX grants_by_team ON grants (team, id);
        """,
        // What was paid for, document by document, and which payments repeated others. What was paid before is known by
        // its key alone. Digests are 64 bits of a SHA-256.
        """
        CREATE TABLE payments (
            account TEXT NOT NULL,
            document_id TEXT NOT NULL,
            id INTEGER NOT NULL, -- of the reservation
            team TEXT NOT NULL,
            model TEXT NOT NULL, -- at most 128 bytes of it
            cache_key BLOB NOT NULL CHECK (length(cache_key) = 32),
            ended_at INTEGER NOT NULL,
            is_kept INTEGER CHECK (is_kept IN (0, 1)), -- whether its result was stored; NULL for not known
            labels INTEGER, -- digest; NULL when the parts of the question are not known
            schema_digest INTEGER,
            others INTEGER, -- digest; NULL without other members
            pages TEXT, -- NULL for all
            is_no_store INTEGER CHECK (is_no_store IN (0, 1)),
            is_team_scoped INTEGER CHECK (is_team_scoped IN (0, 1)),
            CHECK ((labels IS NULL) = (schema_digest IS NULL)),
            PRIMARY KEY (account, document_id, id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO payments (account, document_id, id, team, model, cache_key, ended_at)
            SELECT account, document_id, id, team, model, cache_key, ended_at FROM ledger
            WHERE state = 3 OR (state IN (1, 4) AND credits > 0) ORDER BY account, document_id, id;
        CREATE TABLE repeats (
            id INTEGER PRIMARY KEY, -- of the reservation that paid again
            first INTEGER NOT NULL, -- of the closest one that had paid before
            reason TEXT NOT NULL,
            first_team TEXT NOT NULL,
            team TEXT NOT NULL,
            credits INTEGER CHECK (credits >= 0) -- NULL while only the ledger knows
        ) STRICT;
        CREATE INDEX repeats_by_reason ON repeats (reason, first_team, team, id);
        CREATE TABLE schemas (
            id INTEGER PRIMARY KEY, -- ascends with use
            digest INTEGER NOT NULL UNIQUE,
            text BLOB NOT NULL -- canonical JSON
        ) STRICT;
        """,
        // The same sums as in `usage`, by document. What was counted before this step is counted for no document.
        """
        CREATE TABLE usage_documents (
            day INTEGER NOT NULL,
            document BLOB NOT NULL CHECK (length(document) IN (0, 16)), -- a UUID; empty for what is counted for none
            spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0),
            unconfirmed INTEGER NOT NULL DEFAULT 0 CHECK (unconfirmed >= 0),
            saved INTEGER NOT NULL DEFAULT 0,
            hits INTEGER NOT NULL DEFAULT 0,
            collapsed INTEGER NOT NULL DEFAULT 0,
            misses INTEGER NOT NULL DEFAULT 0,
            denied INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (day, document)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE usage_document_days (
            day INTEGER PRIMARY KEY,
            documents INTEGER NOT NULL CHECK (documents >= 0) -- rows of the day in usage_documents that name one
        ) STRICT;
        INSERT INTO usage_documents (day, document, spent, unconfirmed, saved, hits, collapsed, misses, denied)
        SELECT day, x'', spent, unconfirmed, saved, hits, collapsed, misses, denied FROM usage WHERE true
        ON CONFLICT (day, document) DO UPDATE SET
            spent = min(spent + excluded.spent, 9223372036854775807),
            unconfirmed = min(unconfirmed + excluded.unconfirmed, 9223372036854775807),
            saved = min(saved + excluded.saved, 9223372036854775807),
            hits = min(hits + excluded.hits, 9223372036854775807),
            collapsed = min(collapsed + excluded.collapsed, 9223372036854775807),
            misses = min(misses + excluded.misses, 9223372036854775807),
            denied = min(denied + excluded.denied, 9223372036854775807);
        """,
        // What was purged: results with a row number up to the boundary, about one document, of one team or of one key,
        // or all when none of the three is set. Moments are microseconds since 1970.
        """
        CREATE TABLE purges (
            id INTEGER PRIMARY KEY, -- ascends in time
            document_id TEXT,
            team TEXT,
            cache_key BLOB CHECK (length(cache_key) = 32),
            boundary INTEGER NOT NULL,
            removed INTEGER NOT NULL CHECK (removed >= 0), -- so far, or in all when it has ended
            at INTEGER NOT NULL,
            audit_id INTEGER NOT NULL, -- of the entry that says who purged
            ended_at INTEGER -- NULL while rows are left
        ) STRICT;
        CREATE INDEX purges_open ON purges (id) WHERE ended_at IS NULL;
        CREATE INDEX results_by_team ON results (team);
        """,
        // What the ledger has booked to each account at the vendor, and what the vendor billed. Sums over the ledger
        // are made of whole credits and rest, which cannot overflow alone.
        """
        CREATE TABLE usage_accounts (
            account TEXT NOT NULL,
            day INTEGER NOT NULL,
            spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0),
            unconfirmed INTEGER NOT NULL DEFAULT 0 CHECK (unconfirmed >= 0),
            PRIMARY KEY (account, day)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO usage_accounts SELECT account, day,
            min(coalesce(sum(credits / 1000000) * 1000000 + sum(credits % 1000000), 0), 9223372036854775807),
            min(coalesce(sum(CASE state WHEN 3 THEN estimate / 1000000 END) * 1000000
                + sum(CASE state WHEN 3 THEN estimate % 1000000 END), 0), 9223372036854775807)
            FROM ledger WHERE state IN (1, 3, 4) GROUP BY account, day;
        CREATE TABLE statements (
            id INTEGER PRIMARY KEY, -- ascends in time
            account TEXT NOT NULL,
            first_day INTEGER NOT NULL,
            end_day INTEGER NOT NULL CHECK (end_day > first_day), -- the day behind the last
            from_text TEXT NOT NULL, -- the ends as they were given
            to_text TEXT NOT NULL,
            credits INTEGER NOT NULL CHECK (credits >= 0),
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX statements_by_account ON statements (account, first_day);
        DROP INDEX ledger_unconfirmed; -- by team
        CREATE INDEX ledger_unconfirmed ON ledger (state) WHERE state = 3;
        CREATE INDEX ledger_resolved ON ledger (state) WHERE state = 4;
        """,
        // Alerts. `facts` is JSON; a condition is open until it may be raised anew: at its end, if one is known.
        """
        CREATE TABLE alerts (
            id INTEGER PRIMARY KEY, -- ascends in time
            name TEXT NOT NULL, -- of the condition
            is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
            is_lasting INTEGER NOT NULL CHECK (is_lasting IN (0, 1)),
            until INTEGER, -- of one that is not lasting; NULL for always
            facts TEXT NOT NULL,
            at INTEGER NOT NULL,
            state TEXT NOT NULL, -- pending, delivered, given_up
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            tried_at INTEGER, -- NULL before the first attempt
            detail TEXT, -- of the last attempt
            CHECK (is_lasting = 0 OR until IS NULL)
        ) STRICT;
        CREATE UNIQUE INDEX alerts_open ON alerts (name) WHERE is_open = 1;
        CREATE INDEX alerts_pending ON alerts (id) WHERE state = 'pending';
        """,
        // Results of saved classifiers, which have a lifetime of their own, and what is known of the classifiers'
        // changes. Identifiers are folded to lower case.
        """
        ALTER TABLE results ADD COLUMN classifier TEXT; -- NULL for a request with a schema of its own
        DROP INDEX results_by_age;
        CREATE INDEX results_by_age ON results (stored_at) WHERE classifier IS NULL;
        CREATE INDEX results_of_classifiers_by_age ON results (stored_at) WHERE classifier IS NOT NULL;
        CREATE INDEX results_by_classifier ON results (classifier, account) WHERE classifier IS NOT NULL;
        ALTER TABLE purges ADD COLUMN classifier TEXT;
        ALTER TABLE purges ADD COLUMN account TEXT; -- of the classifier
        CREATE TABLE classifier_epochs (
            account TEXT NOT NULL,
            classifier TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            is_changing INTEGER NOT NULL CHECK (is_changing IN (0, 1)), -- by a call that had not ended
            PRIMARY KEY (account, classifier)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE classifier_floor (
            id INTEGER PRIMARY KEY CHECK (id = 0), -- one row
            epoch INTEGER NOT NULL -- of all classifiers without a row
        ) STRICT;
        INSERT INTO classifier_floor (id, epoch) VALUES (0, 0);
        """,
        // When upstream keys were last used, and the counts of the last 24 hours by quarters of an hour since 1970; the
        // first row tells since when they are kept.
        """
        CREATE TABLE upstream_key_uses (
            id TEXT PRIMARY KEY,
            at INTEGER NOT NULL -- microseconds since 1970
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE usage_quarters (
            quarter INTEGER PRIMARY KEY,
            saved INTEGER NOT NULL DEFAULT 0,
            hits INTEGER NOT NULL DEFAULT 0,
            collapsed INTEGER NOT NULL DEFAULT 0,
            misses INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        INSERT INTO usage_quarters (quarter) VALUES (CAST(strftime('%s', 'now') AS INTEGER) / 900);
        """,
        // The rows of the ledger that ended and are not in the sums yet. The next transaction that is not of endings
        // alone books them, the next start those of a process that was killed. From `is_kept` on it is about a payment
        // that is kept in `payments`; NULL for others.
        """
        CREATE TABLE unbooked (
            id INTEGER PRIMARY KEY, -- of the row of the ledger
            rate_pages INTEGER CHECK (rate_pages >= 1), -- of a reply that taught a rate
            is_kept INTEGER CHECK (is_kept IN (0, 1)),
            is_result_there INTEGER CHECK (is_result_there IN (0, 1)), -- of the same question, before
            labels INTEGER,
            schema_digest INTEGER,
            others INTEGER,
            pages TEXT,
            is_no_store INTEGER CHECK (is_no_store IN (0, 1)),
            is_team_scoped INTEGER CHECK (is_team_scoped IN (0, 1)),
            is_no_cache INTEGER CHECK (is_no_cache IN (0, 1)),
            max_age INTEGER, -- seconds, as the request accepted
            lifetime INTEGER, -- microseconds that a result was fresh then
            CHECK ((is_kept IS NULL) = (lifetime IS NULL))
        ) STRICT;
        """,
        // In place of an index of the reserved rows of the ledger: where the first of them may be.
        """
        CREATE TABLE ledger_floor (
            id INTEGER PRIMARY KEY CHECK (id = 0), -- one row
            open_from INTEGER NOT NULL -- no row of the ledger with a lower identifier is reserved
        ) STRICT;
        INSERT INTO ledger_floor (id, open_from) SELECT 0,
            coalesce((SELECT min(id) FROM ledger WHERE state = 0), (SELECT max(id) FROM ledger), 0);
        DROP INDEX ledger_open;
        """,
    ]

    /// Refuses a file that is not ours or is too new; reads three numbers and changes nothing.
    static func check(_ database: Database) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let mark = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let isEmpty = try !Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_schema)")!
        if mark == 0, version == 0, isEmpty { return }
        guard mark == applicationID else {
            throw StoreFault(code: .corrupt, detail: "the file is an SQLite database of another program")
        }
        guard version >= 0 else { throw StoreFault(code: .corrupt, detail: "the file has schema \(version)") }
        if version > Self.version {
            let detail =
                "the file has schema \(version), this program knows up to \(Self.version): use the program that wrote it or a "
                + "newer one, or restore a backup of schema \(Self.version) or older with this one"
            throw StoreFault(code: .newerSchema, detail: detail)
        }
    }

    /// Takes the missing steps, all or none.
    ///
    /// - Parameter onStep: called before each step with its number.
    static func migrate(_ database: Database, onStep: (Int) -> Void = { _ in }) throws {
        try database.inTransaction(.immediate) {
            let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            if version < Self.version {
                for (index, step) in steps.enumerated().dropFirst(version) {
                    onStep(index + 1)
                    try database.execute(sql: step)
                }
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                try database.execute(sql: "PRAGMA user_version = \(Self.version)")
            }
            return .commit
        }
    }

    /// Writes the number of the schema over itself: a change of one page that changes nothing.
    static func rewriteVersion(_ database: Database) throws {
        try database.execute(sql: "PRAGMA user_version = \(Self.version)")
    }

    /// Reads both ends of each tree, so that a file cut short is found out now; takes the same time for any number
    /// of rows. What else may be damaged is found when it is read.
    static func probe(_ database: Database) throws {
        let queries = [
            "SELECT id, stored_at, length(body) FROM results ORDER BY id",
            "SELECT id, stored_at, length(body) FROM results ORDER BY key",
            "SELECT id, stored_at, length(body) FROM results ORDER BY document_id",
            "SELECT id, stored_at, length(body) FROM results WHERE classifier IS NULL ORDER BY stored_at",
            "SELECT id, stored_at, length(body) FROM results WHERE classifier IS NOT NULL ORDER BY stored_at",
            "SELECT id, stored_at, length(body) FROM results WHERE classifier IS NOT NULL ORDER BY classifier",
            "SELECT epoch FROM classifier_epochs ORDER BY account",
            "SELECT epoch FROM classifier_floor ORDER BY id",
            "SELECT id, stored_at, length(body) FROM results ORDER BY team",
            "SELECT removed FROM purges ORDER BY id",
            "SELECT removed FROM purges WHERE ended_at IS NULL ORDER BY id",
            "SELECT id, created_at FROM ledger ORDER BY id",
            "SELECT open_from FROM ledger_floor ORDER BY id",
            "SELECT denied FROM usage ORDER BY day",
            "SELECT model FROM usage_models ORDER BY day",
            "SELECT denied FROM usage_documents ORDER BY day",
            "SELECT documents FROM usage_document_days ORDER BY day",
            "SELECT pages FROM documents ORDER BY account",
            "SELECT pages FROM rates ORDER BY model",
            "SELECT count FROM shadow_refusals ORDER BY scope",
            "SELECT credits FROM grants ORDER BY id",
            "SELECT credits FROM grants ORDER BY team",
            "SELECT team FROM payments ORDER BY account",
            "SELECT reason FROM repeats ORDER BY id",
            "SELECT reason FROM repeats ORDER BY reason",
            "SELECT length(text) FROM schemas ORDER BY id",
            "SELECT length(text) FROM schemas ORDER BY digest",
            "SELECT spent FROM usage_accounts ORDER BY account",
            "SELECT credits FROM statements ORDER BY id",
            "SELECT credits FROM statements ORDER BY account",
            "SELECT attempts FROM alerts ORDER BY id",
            "SELECT attempts FROM alerts WHERE is_open = 1 ORDER BY name",
            "SELECT id, created_at FROM ledger WHERE state = 3 ORDER BY state",
            "SELECT id, created_at FROM ledger WHERE state = 4 ORDER BY state",
            "SELECT state FROM upstream_key_states ORDER BY id",
            "SELECT account FROM teams ORDER BY id",
            "SELECT model FROM team_models ORDER BY team",
            "SELECT credits FROM registry_budgets ORDER BY scope",
            "SELECT secret_digest FROM team_keys ORDER BY id",
            "SELECT secret_digest FROM team_keys ORDER BY team",
            "SELECT secret_digest FROM team_keys WHERE revoked_at IS NOT NULL ORDER BY revoked_at",
            "SELECT until FROM retiring_secrets ORDER BY key",
            "SELECT secret_digest FROM upstream_keys ORDER BY id",
            "SELECT verdict FROM key_rulings ORDER BY subject",
            "SELECT sealed_secret FROM rotation_receipts ORDER BY key",
            "SELECT sealed_secret FROM rotation_receipts ORDER BY until",
            "SELECT at, actor FROM audit ORDER BY id",
            "SELECT at FROM team_key_uses ORDER BY key",
            "SELECT at FROM upstream_key_uses ORDER BY id",
            "SELECT misses FROM usage_quarters ORDER BY quarter",
            "SELECT lifetime FROM unbooked ORDER BY id",
        ]
        for query in queries {
            for order in ["ASC", "DESC"] { _ = try Row.fetchOne(database, sql: "\(query) \(order) LIMIT 1") }
        }
    }
}
