/// The tables of a store that several nodes share, on PostgreSQL.
///
/// Tables and columns are those of `StoreSchema`, under the same names: one set of statements serves both engines. What
/// differs:
/// - Numbers are `BIGINT`, flags among them (0 and 1). Texts are compared byte by byte (`COLLATE "C"`), as SQLite does.
/// - No column numbers its rows by itself: statements give the numbers. There are no sequences, triggers, functions or
///   foreign keys, which compatible engines lack or do otherwise.
/// - SQLite's indexes end with the row number; here it is named where a statement asks for an order or a range of it.
/// - `schema_state`, `nodes`, `feed_head`, `feed`, `scopes`, `balances`, `flights`, `claims`, `landings`,
///   `document_changes` and `classifier_changes` have no counterpart; docs/nodes.md says which are locked when.
///
/// Moments are microseconds since 1970. The server fills in `nodes.lease_until` and `started_at`, `feed.at`,
/// `landings.expires_at` and `schema_state.migrating_until` by its own clock. All others are of `SystemClock.wall`,
/// which goes by the database's time of day too. Credits are micro-credits. Days are counted from 1970-01-01 in the
/// budgets' time zone.
///
/// `schema_state.version` counts the steps that were taken; the process that takes one raises it in the same
/// transaction. A step adds and takes nothing away, since nodes of the version before work on meanwhile. Once released
/// it is never altered.
enum PostgreSQLSchema {
    static var version: Int { steps.count }

    /// The least number of steps that a program must know to use a store of this version.
    static let minReader = 2

    /// What precedes the first step: the row that says how many were taken. Several processes may do it at a time.
    static let preparation = """
        CREATE TABLE IF NOT EXISTS schema_state (
            id BIGINT PRIMARY KEY CHECK (id = 0), -- one row
            version BIGINT NOT NULL, -- steps that were taken
            min_reader BIGINT NOT NULL, -- a program that knows fewer steps must not use the store
            migrating_by TEXT COLLATE "C", -- the process that takes steps; NULL for none
            migrating_until BIGINT, -- the end of that lease
            CHECK ((migrating_by IS NULL) = (migrating_until IS NULL))
        );
        INSERT INTO schema_state (id, version, min_reader) VALUES (0, 0, 0) ON CONFLICT DO NOTHING;
        """

    /// Balances of a database that has roll-ups and no balances yet. A text of its own, since a copy of a store makes
    /// them too.
    static let openingBalances = """
        INSERT INTO balances (scope, scope_id, day, node, spent, unconfirmed, reserved)
            SELECT 'organization', '', day, -1, sum(spent), sum(unconfirmed), 0 FROM usage GROUP BY day;
        INSERT INTO balances (scope, scope_id, day, node, spent, unconfirmed, reserved)
            SELECT 'team', team, day, -1, sum(spent), sum(unconfirmed), 0 FROM usage GROUP BY team, day;
        INSERT INTO balances (scope, scope_id, day, node, spent, unconfirmed, reserved)
            SELECT 'key', key, day, -1, sum(spent), sum(unconfirmed), 0 FROM usage GROUP BY key, day;
        INSERT INTO balances (scope, scope_id, day, node, spent, unconfirmed, reserved)
            SELECT 'upstream_key', upstream_key, day, -1, sum(spent), sum(unconfirmed), 0 FROM usage
            WHERE upstream_key <> '' GROUP BY upstream_key, day;
        INSERT INTO balances (scope, scope_id, day, node, spent, unconfirmed, reserved)
            SELECT 'organization', '', day, -1, 0, 0, sum(estimate) FROM ledger WHERE state = 0 GROUP BY day
            ON CONFLICT (scope, scope_id, day, node) DO UPDATE SET reserved = excluded.reserved;
        INSERT INTO balances (scope, scope_id, day, node, spent, unconfirmed, reserved)
            SELECT 'team', team, day, -1, 0, 0, sum(estimate) FROM ledger WHERE state = 0 GROUP BY team, day
            ON CONFLICT (scope, scope_id, day, node) DO UPDATE SET reserved = excluded.reserved;
        INSERT INTO balances (scope, scope_id, day, node, spent, unconfirmed, reserved)
            SELECT 'key', key, day, -1, 0, 0, sum(estimate) FROM ledger WHERE state = 0 GROUP BY key, day
            ON CONFLICT (scope, scope_id, day, node) DO UPDATE SET reserved = excluded.reserved;
        INSERT INTO balances (scope, scope_id, day, node, spent, unconfirmed, reserved)
            SELECT 'upstream_key', upstream_key, day, -1, 0, 0, sum(estimate) FROM ledger WHERE state = 0 GROUP BY upstream_key, day
            ON CONFLICT (scope, scope_id, day, node) DO UPDATE SET reserved = excluded.reserved;
        """

    static let steps = [
        """
        -- The nodes, and how they hear of one another.
        CREATE TABLE nodes (
            number BIGINT PRIMARY KEY CHECK (number BETWEEN 0 AND 1023), -- the ten bits that reservations have for it
            incarnation BIGINT NOT NULL, -- drawn at random by each process that takes the number
            beat BIGINT NOT NULL CHECK (beat >= 0), -- transactions of the incarnation
            state TEXT COLLATE "C" NOT NULL CHECK (state IN ('live', 'leaving', 'dead')),
            name TEXT COLLATE "C" NOT NULL,
            address TEXT COLLATE "C" NOT NULL,
            version TEXT COLLATE "C" NOT NULL, -- of the program
            config_digest BYTEA NOT NULL CHECK (length(config_digest) = 32), -- SHA-256
            lease_until BIGINT NOT NULL,
            started_at BIGINT NOT NULL
        );
        CREATE TABLE feed_head (
            id BIGINT PRIMARY KEY CHECK (id = 0), -- one row
            seq BIGINT NOT NULL -- the greatest number that was given
        );
        INSERT INTO feed_head (id, seq) VALUES (0, 0);
        CREATE TABLE feed (
            seq BIGINT PRIMARY KEY, -- without a gap
            kind TEXT COLLATE "C" NOT NULL,
            subject TEXT COLLATE "C" NOT NULL,
            at BIGINT NOT NULL
        );
        -- Results of the vendor, and what hides or removes them.
        CREATE TABLE results (
            id BIGINT PRIMARY KEY,
            key BYTEA NOT NULL UNIQUE CHECK (length(key) = 32),
            status BIGINT NOT NULL,
            body BYTEA NOT NULL,
            credits_from BIGINT,
            credits_to BIGINT,
            credits_micros BIGINT NOT NULL,
            stored_at BIGINT NOT NULL,
            account TEXT COLLATE "C" NOT NULL,
            team TEXT COLLATE "C" NOT NULL,
            document_id TEXT COLLATE "C" NOT NULL,
            model TEXT COLLATE "C" NOT NULL,
            page_range TEXT COLLATE "C",
            classification TEXT COLLATE "C" NOT NULL,
            classifier TEXT COLLATE "C" -- folded to lower case; NULL for a request with a schema of its own
        );
        CREATE INDEX results_by_document ON results (document_id, id);
        CREATE INDEX results_by_team ON results (team, id);
        CREATE INDEX results_by_age ON results (stored_at) WHERE classifier IS NULL;
        CREATE INDEX results_of_classifiers_by_age ON results (stored_at) WHERE classifier IS NOT NULL;
        CREATE INDEX results_by_classifier ON results (classifier, account, id) WHERE classifier IS NOT NULL;
        CREATE TABLE purges (
            id BIGINT PRIMARY KEY, -- ascends in time
            document_id TEXT COLLATE "C",
            team TEXT COLLATE "C",
            cache_key BYTEA CHECK (length(cache_key) = 32),
            boundary BIGINT NOT NULL,
            removed BIGINT NOT NULL CHECK (removed >= 0), -- so far, or in all when it has ended
            at BIGINT NOT NULL,
            audit_id BIGINT NOT NULL, -- of the entry that says who purged
            ended_at BIGINT, -- NULL while rows are left
            classifier TEXT COLLATE "C",
            account TEXT COLLATE "C" -- of the classifier
        );
        CREATE INDEX purges_open ON purges (id) WHERE ended_at IS NULL;
        CREATE TABLE classifier_epochs (
            account TEXT COLLATE "C" NOT NULL,
            classifier TEXT COLLATE "C" NOT NULL,
            epoch BIGINT NOT NULL,
            is_changing BIGINT NOT NULL CHECK (is_changing IN (0, 1)), -- by a call that had not ended
            PRIMARY KEY (account, classifier)
        );
        CREATE TABLE classifier_floor (
            id BIGINT PRIMARY KEY CHECK (id = 0), -- one row
            epoch BIGINT NOT NULL -- of all classifiers without a row
        );
        INSERT INTO classifier_floor (id, epoch) VALUES (0, 0);
        -- Reservations, and the sums of them that budgets and reports are made of. States: 0 reserved, 1 settled,
        -- 2 released, 3 unconfirmed, 4 resolved.
        CREATE TABLE ledger (
            id BIGINT PRIMARY KEY, -- ascends in time
            day BIGINT NOT NULL,
            team TEXT COLLATE "C" NOT NULL,
            key TEXT COLLATE "C" NOT NULL,
            account TEXT COLLATE "C" NOT NULL,
            upstream_key TEXT COLLATE "C" NOT NULL,
            document_id TEXT COLLATE "C" NOT NULL,
            model TEXT COLLATE "C" NOT NULL, -- at most 128 bytes of it
            cache_key BYTEA NOT NULL CHECK (length(cache_key) = 32),
            request_id TEXT COLLATE "C" NOT NULL,
            state BIGINT NOT NULL CHECK (state BETWEEN 0 AND 4),
            estimate BIGINT NOT NULL CHECK (estimate >= 0),
            credits BIGINT CHECK (credits >= 0),
            created_at BIGINT NOT NULL,
            ended_at BIGINT,
            CHECK ((state = 0) = (ended_at IS NULL)),
            CHECK ((state IN (1, 4)) = (credits IS NOT NULL))
        );
        CREATE INDEX ledger_open ON ledger (id) WHERE state = 0;
        CREATE INDEX ledger_unconfirmed ON ledger (id) WHERE state = 3;
        CREATE INDEX ledger_resolved ON ledger (id) WHERE state = 4;
        CREATE TABLE usage (
            day BIGINT NOT NULL,
            team TEXT COLLATE "C" NOT NULL,
            key TEXT COLLATE "C" NOT NULL,
            model TEXT COLLATE "C" NOT NULL, -- at most 128 bytes of it
            upstream_key TEXT COLLATE "C" NOT NULL, -- empty for what no upstream key had to do with
            spent BIGINT NOT NULL DEFAULT 0 CHECK (spent >= 0),
            unconfirmed BIGINT NOT NULL DEFAULT 0 CHECK (unconfirmed >= 0),
            saved BIGINT NOT NULL DEFAULT 0,
            hits BIGINT NOT NULL DEFAULT 0,
            collapsed BIGINT NOT NULL DEFAULT 0,
            misses BIGINT NOT NULL DEFAULT 0,
            denied BIGINT NOT NULL DEFAULT 0,
            PRIMARY KEY (day, team, key, model, upstream_key)
        );
        CREATE TABLE usage_models (
            day BIGINT NOT NULL,
            team TEXT COLLATE "C" NOT NULL,
            model TEXT COLLATE "C" NOT NULL,
            PRIMARY KEY (day, team, model)
        );
        CREATE TABLE usage_documents (
            day BIGINT NOT NULL,
            document BYTEA NOT NULL CHECK (length(document) IN (0, 16)), -- a UUID; empty for what is counted for none
            spent BIGINT NOT NULL DEFAULT 0 CHECK (spent >= 0),
            unconfirmed BIGINT NOT NULL DEFAULT 0 CHECK (unconfirmed >= 0),
            saved BIGINT NOT NULL DEFAULT 0,
            hits BIGINT NOT NULL DEFAULT 0,
            collapsed BIGINT NOT NULL DEFAULT 0,
            misses BIGINT NOT NULL DEFAULT 0,
            denied BIGINT NOT NULL DEFAULT 0,
            PRIMARY KEY (day, document)
        );
        CREATE TABLE usage_document_days (
            day BIGINT PRIMARY KEY,
            documents BIGINT NOT NULL CHECK (documents >= 0) -- rows of the day in usage_documents that name one
        );
        CREATE TABLE usage_accounts (
            account TEXT COLLATE "C" NOT NULL,
            day BIGINT NOT NULL,
            spent BIGINT NOT NULL DEFAULT 0 CHECK (spent >= 0),
            unconfirmed BIGINT NOT NULL DEFAULT 0 CHECK (unconfirmed >= 0),
            PRIMARY KEY (account, day)
        );
        CREATE TABLE usage_quarters (
            quarter BIGINT PRIMARY KEY,
            saved BIGINT NOT NULL DEFAULT 0,
            hits BIGINT NOT NULL DEFAULT 0,
            collapsed BIGINT NOT NULL DEFAULT 0,
            misses BIGINT NOT NULL DEFAULT 0
        );
        -- The first row tells since when there are counts.
        INSERT INTO usage_quarters (quarter) SELECT CAST(floor(extract(EPOCH FROM now()) / 900) AS BIGINT);
        CREATE TABLE shadow_refusals (
            scope TEXT COLLATE "C" NOT NULL, -- organization, team, key, upstream_key
            scope_id TEXT COLLATE "C" NOT NULL, -- empty for the organization
            budget_window TEXT COLLATE "C" NOT NULL,
            start BIGINT NOT NULL, -- the window's first day; 0 for the window that never starts again
            count BIGINT NOT NULL,
            PRIMARY KEY (scope, scope_id, budget_window, start)
        );
        -- What replies taught, and what was paid for more than once.
        CREATE TABLE documents (
            account TEXT COLLATE "C" NOT NULL,
            document_id TEXT COLLATE "C" NOT NULL,
            pages BIGINT NOT NULL,
            PRIMARY KEY (account, document_id)
        );
        CREATE TABLE rates (
            model TEXT COLLATE "C" NOT NULL,
            reservation BIGINT NOT NULL, -- of the request that was replied to
            credits BIGINT NOT NULL,
            pages BIGINT NOT NULL CHECK (pages >= 1),
            PRIMARY KEY (model, reservation)
        );
        CREATE TABLE payments (
            account TEXT COLLATE "C" NOT NULL,
            document_id TEXT COLLATE "C" NOT NULL,
            id BIGINT NOT NULL, -- of the reservation
            team TEXT COLLATE "C" NOT NULL,
            model TEXT COLLATE "C" NOT NULL, -- at most 128 bytes of it
            cache_key BYTEA NOT NULL CHECK (length(cache_key) = 32),
            ended_at BIGINT NOT NULL,
            is_kept BIGINT CHECK (is_kept IN (0, 1)), -- whether its result was stored; NULL for not known
            labels BIGINT, -- digest; NULL when the parts of the question are not known
            schema_digest BIGINT,
            others BIGINT, -- digest; NULL without other members
            pages TEXT COLLATE "C", -- NULL for all
            is_no_store BIGINT CHECK (is_no_store IN (0, 1)),
            is_team_scoped BIGINT CHECK (is_team_scoped IN (0, 1)),
            CHECK ((labels IS NULL) = (schema_digest IS NULL)),
            PRIMARY KEY (account, document_id, id)
        );
        CREATE TABLE repeats (
            id BIGINT PRIMARY KEY, -- of the reservation that paid again
            first BIGINT NOT NULL, -- of the closest one that had paid before
            reason TEXT COLLATE "C" NOT NULL,
            first_team TEXT COLLATE "C" NOT NULL,
            team TEXT COLLATE "C" NOT NULL,
            credits BIGINT CHECK (credits >= 0) -- NULL while only the ledger knows
        );
        CREATE INDEX repeats_by_reason ON repeats (reason, first_team, team, id);
        CREATE TABLE schemas (
            id BIGINT PRIMARY KEY, -- ascends with use
            digest BIGINT NOT NULL UNIQUE,
            text BYTEA NOT NULL -- canonical JSON
        );
        -- Teams, keys, and what operators entered.
        CREATE TABLE teams (
            id TEXT COLLATE "C" PRIMARY KEY,
            name TEXT COLLATE "C" NOT NULL,
            account TEXT COLLATE "C" NOT NULL,
            requests_per_second BIGINT CHECK (requests_per_second >= 1), -- in millionths
            concurrency_max BIGINT CHECK (concurrency_max >= 1),
            limits_models BIGINT NOT NULL CHECK (limits_models IN (0, 1)), -- to those of team_models, be there none
            cache_scope TEXT COLLATE "C" -- organization, team
        );
        CREATE TABLE team_models (
            team TEXT COLLATE "C" NOT NULL,
            model TEXT COLLATE "C" NOT NULL,
            PRIMARY KEY (team, model)
        );
        CREATE TABLE registry_budgets (
            scope TEXT COLLATE "C" NOT NULL, -- team, key
            scope_id TEXT COLLATE "C" NOT NULL,
            position BIGINT NOT NULL, -- from 0, in the order in which they were given
            budget_window TEXT COLLATE "C" NOT NULL, -- day, week, month, total
            credits BIGINT NOT NULL CHECK (credits >= 0),
            is_enforced BIGINT NOT NULL CHECK (is_enforced IN (0, 1)),
            alert_at TEXT COLLATE "C" NOT NULL, -- millionths of credits with commas between; empty for none
            PRIMARY KEY (scope, scope_id, position)
        );
        CREATE TABLE team_keys (
            id TEXT COLLATE "C" PRIMARY KEY,
            team TEXT COLLATE "C" NOT NULL,
            public_id TEXT COLLATE "C",
            name TEXT COLLATE "C" NOT NULL,
            secret_digest BYTEA NOT NULL CHECK (length(secret_digest) = 32),
            not_after BIGINT,
            created_at BIGINT,
            rotated_at BIGINT,
            revoked_at BIGINT
        );
        CREATE INDEX team_keys_by_team ON team_keys (team);
        CREATE INDEX team_keys_revoked ON team_keys (revoked_at) WHERE revoked_at IS NOT NULL;
        CREATE TABLE retiring_secrets (
            key TEXT COLLATE "C" NOT NULL,
            position BIGINT NOT NULL, -- from 0, newest first
            secret_digest BYTEA NOT NULL CHECK (length(secret_digest) = 32),
            until BIGINT NOT NULL,
            PRIMARY KEY (key, position)
        );
        CREATE TABLE team_key_uses (
            key TEXT COLLATE "C" PRIMARY KEY,
            at BIGINT NOT NULL
        );
        CREATE TABLE rotation_receipts (
            key TEXT COLLATE "C" NOT NULL,
            request_digest BYTEA NOT NULL CHECK (length(request_digest) = 32),
            sealed_secret BYTEA NOT NULL,
            until BIGINT NOT NULL,
            PRIMARY KEY (key, request_digest)
        );
        CREATE INDEX rotation_receipts_by_end ON rotation_receipts (until);
        CREATE TABLE upstream_keys (
            id TEXT COLLATE "C" PRIMARY KEY,
            account TEXT COLLATE "C" NOT NULL,
            weight BIGINT NOT NULL CHECK (weight >= 1),
            not_before BIGINT,
            not_after BIGINT,
            monthly_credits BIGINT CHECK (monthly_credits >= 0),
            sealed_secret BYTEA NOT NULL,
            secret_digest BYTEA NOT NULL CHECK (length(secret_digest) = 32),
            created_at BIGINT NOT NULL
        );
        CREATE TABLE upstream_key_states (
            id TEXT COLLATE "C" PRIMARY KEY,
            secret_digest BYTEA NOT NULL CHECK (length(secret_digest) = 32), -- SHA-256 of the secret that it is about
            state TEXT COLLATE "C" NOT NULL, -- cooling, quarantined
            until BIGINT, -- of a cooling
            reason TEXT COLLATE "C", -- of a quarantine
            CHECK ((state = 'cooling') = (until IS NOT NULL)),
            CHECK ((state = 'quarantined') = (reason IS NOT NULL))
        );
        CREATE TABLE upstream_key_uses (
            id TEXT COLLATE "C" PRIMARY KEY,
            at BIGINT NOT NULL
        );
        CREATE TABLE key_rulings (
            subject TEXT COLLATE "C" NOT NULL, -- team_key, upstream_key
            id TEXT COLLATE "C" NOT NULL,
            secret_digest BYTEA NOT NULL CHECK (length(secret_digest) = 32), -- of the secret that it is about
            verdict TEXT COLLATE "C" NOT NULL, -- revoked, draining, disabled
            at BIGINT NOT NULL,
            PRIMARY KEY (subject, id)
        );
        CREATE TABLE grants (
            id BIGINT PRIMARY KEY, -- ascends in time
            team TEXT COLLATE "C" NOT NULL,
            budget_window TEXT COLLATE "C" NOT NULL, -- day, week, month, total
            start BIGINT NOT NULL, -- the first day of the period; 0 for the window that never starts again
            credits BIGINT NOT NULL CHECK (credits > 0),
            expires_at BIGINT, -- as it was given
            ends_at BIGINT, -- NULL for never
            reason TEXT COLLATE "C" NOT NULL,
            actor TEXT COLLATE "C" NOT NULL,
            created_at BIGINT NOT NULL
        );
        CREATE INDEX grants_by_team ON grants (team, id);
        CREATE TABLE statements (
            id BIGINT PRIMARY KEY, -- ascends in time
            account TEXT COLLATE "C" NOT NULL,
            first_day BIGINT NOT NULL,
            end_day BIGINT NOT NULL CHECK (end_day > first_day), -- the day behind the last
            from_text TEXT COLLATE "C" NOT NULL, -- the ends as they were given
            to_text TEXT COLLATE "C" NOT NULL,
            credits BIGINT NOT NULL CHECK (credits >= 0),
            created_at BIGINT NOT NULL
        );
        CREATE UNIQUE INDEX statements_by_account ON statements (account, first_day);
        -- What was done, and what operators are told.
        CREATE TABLE audit (
            id BIGINT PRIMARY KEY, -- ascends in time, without a gap
            at BIGINT NOT NULL,
            actor TEXT COLLATE "C" NOT NULL,
            role TEXT COLLATE "C" NOT NULL,
            action TEXT COLLATE "C" NOT NULL,
            target TEXT COLLATE "C" NOT NULL,
            address TEXT COLLATE "C" NOT NULL,
            before TEXT COLLATE "C", -- JSON; NULL for what was not there
            after TEXT COLLATE "C" -- JSON; NULL for what is not there any more
        );
        CREATE TABLE alerts (
            id BIGINT PRIMARY KEY, -- ascends in time
            name TEXT COLLATE "C" NOT NULL, -- of the condition
            is_open BIGINT NOT NULL CHECK (is_open IN (0, 1)),
            is_lasting BIGINT NOT NULL CHECK (is_lasting IN (0, 1)),
            until BIGINT, -- of one that is not lasting; NULL for always
            facts TEXT COLLATE "C" NOT NULL,
            at BIGINT NOT NULL,
            state TEXT COLLATE "C" NOT NULL, -- pending, delivered, given_up
            attempts BIGINT NOT NULL CHECK (attempts >= 0),
            tried_at BIGINT, -- NULL before the first attempt
            detail TEXT COLLATE "C", -- of the last attempt
            CHECK (is_lasting = 0 OR until IS NULL)
        );
        CREATE UNIQUE INDEX alerts_open ON alerts (name) WHERE is_open = 1;
        CREATE INDEX alerts_pending ON alerts (id) WHERE state = 'pending';
        """,
        """
        -- Budgets over nodes: what admissions lock, and what each node has booked. A row may be negative: an operator may
        -- resolve at one node what another one reserved. Only the sum over the nodes means something.
        CREATE TABLE scopes (
            scope TEXT COLLATE "C" NOT NULL, -- organization, team, key, upstream_key
            scope_id TEXT COLLATE "C" NOT NULL, -- empty for the organization
            version BIGINT NOT NULL, -- admissions
            PRIMARY KEY (scope, scope_id)
        );
        CREATE TABLE balances (
            scope TEXT COLLATE "C" NOT NULL,
            scope_id TEXT COLLATE "C" NOT NULL,
            day BIGINT NOT NULL,
            node BIGINT NOT NULL, -- -1 for what was booked before there were balances
            spent NUMERIC(38, 0) NOT NULL,
            unconfirmed NUMERIC(38, 0) NOT NULL,
            reserved NUMERIC(38, 0) NOT NULL,
            PRIMARY KEY (scope, scope_id, day, node)
        );
        CREATE INDEX balances_by_day ON balances (day);
        \(openingBalances)
        -- Questions that are under way at the vendor. A claim leads to the flight that further requests may join.
        CREATE TABLE flights (
            id BIGINT PRIMARY KEY, -- of its reservation
            key BYTEA NOT NULL CHECK (length(key) = 32),
            node BIGINT NOT NULL,
            account TEXT COLLATE "C" NOT NULL,
            document_id TEXT COLLATE "C" NOT NULL,
            team TEXT COLLATE "C" NOT NULL,
            classifier TEXT COLLATE "C",
            is_storable BIGINT NOT NULL CHECK (is_storable IN (0, 1)), -- until a purge concerns it
            is_awaited BIGINT NOT NULL CHECK (is_awaited IN (0, 1)) -- on another node
        );
        CREATE INDEX flights_by_document ON flights (document_id);
        CREATE INDEX flights_by_node ON flights (node);
        CREATE TABLE claims (
            key BYTEA PRIMARY KEY CHECK (length(key) = 32),
            flight BIGINT NOT NULL
        );
        CREATE TABLE landings (
            flight BIGINT PRIMARY KEY,
            outcome TEXT COLLATE "C" NOT NULL, -- JSON
            body BYTEA NOT NULL,
            expires_at BIGINT NOT NULL
        );
        CREATE INDEX landings_by_end ON landings (expires_at);
        -- Changes of documents that are under way: nothing is stored about these.
        CREATE TABLE document_changes (
            document_id TEXT COLLATE "C" NOT NULL,
            id BIGINT NOT NULL,
            node BIGINT NOT NULL,
            PRIMARY KEY (document_id, id)
        );
        CREATE INDEX document_changes_by_node ON document_changes (node);
        -- Changes of saved classifiers that are under way, with the latest epoch that each node gave for its own.
        CREATE TABLE classifier_changes (
            account TEXT COLLATE "C" NOT NULL,
            classifier TEXT COLLATE "C" NOT NULL,
            node BIGINT NOT NULL,
            epoch BIGINT NOT NULL,
            PRIMARY KEY (account, classifier, node)
        );
        CREATE INDEX flights_by_team ON flights (team);
        CREATE INDEX feed_by_time ON feed (at);
        ALTER TABLE feed ADD COLUMN node BIGINT NOT NULL DEFAULT -1; -- whose act it was
        """,
    ]

    /// The statements of a step, without comments: PostgreSQL takes one at a time. No text in them has a semicolon.
    static func statements(_ step: String) -> [String] {
        var text = ""
        for line in step.split(separator: "\n") {
            let comment = line.firstRange(of: "--")
            text += line[..<(comment?.lowerBound ?? line.endIndex)] + "\n"
        }
        let statements = text.split(separator: ";").map { String($0.drop(while: \.isWhitespace)) }
        return statements.filter { !$0.isEmpty }
    }
}
