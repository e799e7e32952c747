-- A store of schema 16, as the version that introduced it made one, with rows in every table.
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
INSERT INTO "alerts" VALUES(1,'budget/team/sales/month/800000',1,0,3456000000000000,'{"type":"budget_threshold"}',1728000000000000,'delivered',1,1728000000000001,'204');
INSERT INTO "alerts" VALUES(2,'circuit',1,1,NULL,'{"type":"circuit_open"}',1728000000000000,'pending',0,NULL,NULL);
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
INSERT INTO "audit" VALUES(1,1728000000000000,'ops','admin','team.create','team/sales','127.0.0.1',NULL,'{"id":"sales"}');
INSERT INTO "audit" VALUES(2,1728000000000001,'ops','admin','team_key.revoke','team/legal/key/k3','127.0.0.1','{"state":"active"}','{"state":"revoked"}');
CREATE TABLE classifier_epochs (
    account TEXT NOT NULL,
    classifier TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    is_changing INTEGER NOT NULL CHECK (is_changing IN (0, 1)), -- by a call that had not ended
    PRIMARY KEY (account, classifier)
) STRICT, WITHOUT ROWID;
INSERT INTO "classifier_epochs" VALUES('default','c-1',2,0);
CREATE TABLE classifier_floor (
    id INTEGER PRIMARY KEY CHECK (id = 0), -- one row
    epoch INTEGER NOT NULL -- of all classifiers without a row
) STRICT;
INSERT INTO "classifier_floor" VALUES(0,1);
CREATE TABLE documents (
    account TEXT NOT NULL,
    document_id TEXT NOT NULL,
    pages INTEGER NOT NULL,
    PRIMARY KEY (account, document_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "documents" VALUES('default','0b13c9f2-5148-4ffb-bb7b-000000000001',3);
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
INSERT INTO "grants" VALUES(7,'sales','month',19997,3000000,NULL,3456000000000000,'quarter end','ops',1728000000000000);
INSERT INTO "grants" VALUES(8,'sales','day',20000,1000000,1728000000000009,1728000000000009,'once','ops',1728000000000000);
CREATE TABLE key_rulings (
    subject TEXT NOT NULL, -- team_key, upstream_key
    id TEXT NOT NULL,
    secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32), -- of the secret that it is about
    verdict TEXT NOT NULL, -- revoked, draining, disabled
    at INTEGER NOT NULL,
    PRIMARY KEY (subject, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "key_rulings" VALUES('team_key','filed',X'1616161616161616161616161616161616161616161616161616161616161616','revoked',1728000000000003);
INSERT INTO "key_rulings" VALUES('upstream_key','extra',X'1515151515151515151515151515151515151515151515151515151515151515','draining',1728000000000004);
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
INSERT INTO "ledger" VALUES(101,20000,'sales','k1','default','main','0b13c9f2-5148-4ffb-bb7b-000000000001','gpt-4o-mini',X'0101010101010101010101010101010101010101010101010101010101010101','r101',1,3000000,2000000,1728000000000101,1728000000001001);
INSERT INTO "ledger" VALUES(102,20000,'sales','k1','default','main','0b13c9f2-5148-4ffb-bb7b-000000000001','gpt-4o-mini',X'0202020202020202020202020202020202020202020202020202020202020202','r102',2,3000000,NULL,1728000000000102,1728000000001002);
INSERT INTO "ledger" VALUES(103,20000,'sales','k1','default','main','0b13c9f2-5148-4ffb-bb7b-000000000001','gpt-4o-mini',X'0303030303030303030303030303030303030303030303030303030303030303','r103',3,5000000,NULL,1728000000000103,1728000000001003);
INSERT INTO "ledger" VALUES(104,20000,'sales','k1','default','main','0b13c9f2-5148-4ffb-bb7b-000000000001','gpt-4o-mini',X'0404040404040404040404040404040404040404040404040404040404040404','r104',4,5000000,1500000,1728000000000104,1728000000001004);
INSERT INTO "ledger" VALUES(105,20000,'sales','k1','default','main','0b13c9f2-5148-4ffb-bb7b-000000000001','gpt-4o-mini',X'0505050505050505050505050505050505050505050505050505050505050505','r105',0,4000000,NULL,1728000000000105,NULL);
INSERT INTO "ledger" VALUES(106,20001,'legal','k2','default','main','0b13c9f2-5148-4ffb-bb7b-000000000002','gpt-4o',X'0606060606060606060606060606060606060606060606060606060606060606','r106',1,2500000,2500000,1728000000000106,1728000000001006);
CREATE TABLE ledger_floor (
    id INTEGER PRIMARY KEY CHECK (id = 0), -- one row
    open_from INTEGER NOT NULL -- no row of the ledger with a lower identifier is reserved
) STRICT;
INSERT INTO "ledger_floor" VALUES(0,105);
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
INSERT INTO "payments" VALUES('default','0b13c9f2-5148-4ffb-bb7b-000000000001',101,'sales','gpt-4o-mini',X'0101010101010101010101010101010101010101010101010101010101010101',1728000000001001,1,77,78,NULL,NULL,0,0);
INSERT INTO "payments" VALUES('default','0b13c9f2-5148-4ffb-bb7b-000000000001',103,'sales','gpt-4o-mini',X'0303030303030303030303030303030303030303030303030303030303030303',1728000000001003,1,77,78,NULL,NULL,0,0);
INSERT INTO "payments" VALUES('default','0b13c9f2-5148-4ffb-bb7b-000000000001',104,'sales','gpt-4o-mini',X'0404040404040404040404040404040404040404040404040404040404040404',1728000000001004,1,77,78,NULL,NULL,0,0);
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
, classifier TEXT, account TEXT) STRICT;
INSERT INTO "purges" VALUES(1,'0b13c9f2-5148-4ffb-bb7b-000000000001',NULL,NULL,0,3,1728000000000000,1,1728000000000002,NULL,NULL);
INSERT INTO "purges" VALUES(2,NULL,'legal',NULL,0,1,1728000000000001,2,1728000000000003,NULL,NULL);
CREATE TABLE rates (
    model TEXT NOT NULL,
    reservation INTEGER NOT NULL, -- of the request that was replied to
    credits INTEGER NOT NULL,
    pages INTEGER NOT NULL CHECK (pages >= 1),
    PRIMARY KEY (model, reservation)
) STRICT, WITHOUT ROWID;
INSERT INTO "rates" VALUES('gpt-4o-mini',101,2000000,3);
INSERT INTO "rates" VALUES('gpt-4o-mini',104,1500000,2);
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
INSERT INTO "registry_budgets" VALUES('key','k1',0,'total',50000000,1,'');
INSERT INTO "registry_budgets" VALUES('team','sales',0,'month',100000000,1,'800000,1000000');
INSERT INTO "registry_budgets" VALUES('team','sales',1,'day',5000000,0,'');
CREATE TABLE repeats (
    id INTEGER PRIMARY KEY, -- of the reservation that paid again
    first INTEGER NOT NULL, -- of the closest one that had paid before
    reason TEXT NOT NULL,
    first_team TEXT NOT NULL,
    team TEXT NOT NULL,
    credits INTEGER CHECK (credits >= 0) -- NULL while only the ledger knows
) STRICT;
INSERT INTO "repeats" VALUES(103,101,'model','sales','sales',NULL);
INSERT INTO "repeats" VALUES(104,101,'schema_text','sales','sales',1500000);
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
, classifier TEXT) STRICT;
INSERT INTO "results" VALUES(1,X'0101010101010101010101010101010101010101010101010101010101010101',200,X'7B22637265646974735F75736564223A327D',16,17,2000000,1728000000000000,'default','sales','0b13c9f2-5148-4ffb-bb7b-000000000001','gpt-4o-mini',NULL,'invoice',NULL);
INSERT INTO "results" VALUES(2,X'0606060606060606060606060606060606060606060606060606060606060606',200,X'7B22637265646974735F75736564223A322E357D',16,19,2500000,1728000000000001,'default','legal','0b13c9f2-5148-4ffb-bb7b-000000000002','gpt-4o','1-3','contract',NULL);
INSERT INTO "results" VALUES(3,X'1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E1E',200,X'7B22637265646974735F75736564223A317D',16,17,1000000,1728000000000000,'default','sales','0b13c9f2-5148-4ffb-bb7b-000000000002','gpt-4o-mini',NULL,'invoice','c-1');
CREATE TABLE retiring_secrets (
    key TEXT NOT NULL,
    position INTEGER NOT NULL, -- from 0, newest first
    secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32),
    until INTEGER NOT NULL,
    PRIMARY KEY (key, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "retiring_secrets" VALUES('k1',0,X'1414141414141414141414141414141414141414141414141414141414141414',1728000000000009);
CREATE TABLE rotation_receipts (
    key TEXT NOT NULL,
    request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
    sealed_secret BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (key, request_digest)
) STRICT, WITHOUT ROWID;
INSERT INTO "rotation_receipts" VALUES('k1',X'1717171717171717171717171717171717171717171717171717171717171717',X'0A0B',1728000000000008);
CREATE TABLE schemas (
    id INTEGER PRIMARY KEY, -- ascends with use
    digest INTEGER NOT NULL UNIQUE,
    text BLOB NOT NULL -- canonical JSON
) STRICT;
INSERT INTO "schemas" VALUES(1,78,X'5B7B226C6162656C223A22696E766F696365227D5D');
CREATE TABLE shadow_refusals (
    scope TEXT NOT NULL, -- organization, team, key, upstream_key
    scope_id TEXT NOT NULL, -- empty for the organization
    budget_window TEXT NOT NULL,
    start INTEGER NOT NULL, -- the window's first day; 0 for the window that never starts again
    count INTEGER NOT NULL,
    PRIMARY KEY (scope, scope_id, budget_window, start)
) STRICT, WITHOUT ROWID;
INSERT INTO "shadow_refusals" VALUES('team','sales','day',20000,4);
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
INSERT INTO "statements" VALUES(5,'default',20000,20002,'2024-10-04','2024-10-05',6250000,1728000000000000);
CREATE TABLE team_key_uses (
    key TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "team_key_uses" VALUES('k1',1728000000000006);
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
INSERT INTO "team_keys" VALUES('k1','sales','abcdefgh','batch',X'1111111111111111111111111111111111111111111111111111111111111111',NULL,1728000000000000,1728000000000001,NULL);
INSERT INTO "team_keys" VALUES('k2','legal','ijklmnop','',X'1212121212121212121212121212121212121212121212121212121212121212',3456000000000000,1728000000000000,NULL,NULL);
INSERT INTO "team_keys" VALUES('k3','legal','qrstuvwx','gone',X'1313131313131313131313131313131313131313131313131313131313131313',NULL,1728000000000000,NULL,1728000000000007);
CREATE TABLE team_models (
    team TEXT NOT NULL,
    model TEXT NOT NULL,
    PRIMARY KEY (team, model)
) STRICT, WITHOUT ROWID;
INSERT INTO "team_models" VALUES('sales','gpt-4o');
INSERT INTO "team_models" VALUES('sales','gpt-4o-mini');
CREATE TABLE teams (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    requests_per_second INTEGER CHECK (requests_per_second >= 1), -- in millionths
    concurrency_max INTEGER CHECK (concurrency_max >= 1),
    limits_models INTEGER NOT NULL CHECK (limits_models IN (0, 1)), -- to those of team_models, be there none
    cache_scope TEXT -- organization, team
) STRICT, WITHOUT ROWID;
INSERT INTO "teams" VALUES('legal','Legal','default',NULL,NULL,0,NULL);
INSERT INTO "teams" VALUES('sales','Sales','default',50000000,32,1,'team');
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
INSERT INTO "unbooked" VALUES(106,NULL,1,0,77,78,NULL,NULL,0,0,0,NULL,2592000000000);
CREATE TABLE upstream_key_states (
    id TEXT PRIMARY KEY,
    secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32), -- SHA-256 of the secret that it is about
    state TEXT NOT NULL, -- cooling, quarantined
    until INTEGER, -- of a cooling, microseconds since 1970
    reason TEXT, -- of a quarantine
    CHECK ((state = 'cooling') = (until IS NOT NULL)),
    CHECK ((state = 'quarantined') = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO "upstream_key_states" VALUES('main',X'0909090909090909090909090909090909090909090909090909090909090909','quarantined',NULL,'forbidden');
INSERT INTO "upstream_key_states" VALUES('spare',X'0808080808080808080808080808080808080808080808080808080808080808','cooling',1728000000000005,NULL);
CREATE TABLE upstream_key_uses (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL -- microseconds since 1970
) STRICT, WITHOUT ROWID;
INSERT INTO "upstream_key_uses" VALUES('primary',1728000000000000);
INSERT INTO "upstream_key_uses" VALUES('second',1728000000000001);
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
INSERT INTO "upstream_keys" VALUES('extra','default',2,NULL,3456000000000000,50000000,X'0102030405',X'1515151515151515151515151515151515151515151515151515151515151515',1728000000000000);
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
INSERT INTO "usage" VALUES(20000,'sales','k1','gpt-4o-mini','',0,0,2000000,3,1,0,2);
INSERT INTO "usage" VALUES(20000,'sales','k1','gpt-4o-mini','main',3500000,5000000,0,0,0,4,0);
INSERT INTO "usage" VALUES(20001,'legal','k2','gpt-4o','main',0,0,0,0,0,1,0);
CREATE TABLE usage_accounts (
    account TEXT NOT NULL,
    day INTEGER NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0),
    unconfirmed INTEGER NOT NULL DEFAULT 0 CHECK (unconfirmed >= 0),
    PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;
INSERT INTO "usage_accounts" VALUES('default',20000,3500000,5000000);
CREATE TABLE usage_document_days (
    day INTEGER PRIMARY KEY,
    documents INTEGER NOT NULL CHECK (documents >= 0) -- rows of the day in usage_documents that name one
) STRICT;
INSERT INTO "usage_document_days" VALUES(20000,1);
INSERT INTO "usage_document_days" VALUES(20001,1);
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
INSERT INTO "usage_documents" VALUES(20000,X'',0,0,500000,1,0,0,2);
INSERT INTO "usage_documents" VALUES(20000,X'0B13C9F251484FFBBB7B000000000001',3500000,5000000,1500000,2,1,4,0);
INSERT INTO "usage_documents" VALUES(20001,X'0B13C9F251484FFBBB7B000000000002',0,0,0,0,0,1,0);
CREATE TABLE usage_models (
    day INTEGER NOT NULL,
    team TEXT NOT NULL,
    model TEXT NOT NULL,
    PRIMARY KEY (day, team, model)
) STRICT, WITHOUT ROWID;
INSERT INTO "usage_models" VALUES(20000,'sales','gpt-4o-mini');
INSERT INTO "usage_models" VALUES(20001,'legal','gpt-4o');
CREATE TABLE usage_quarters (
    quarter INTEGER PRIMARY KEY,
    saved INTEGER NOT NULL DEFAULT 0,
    hits INTEGER NOT NULL DEFAULT 0,
    collapsed INTEGER NOT NULL DEFAULT 0,
    misses INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO "usage_quarters" VALUES(1920000,0,0,0,0);
INSERT INTO "usage_quarters" VALUES(1920001,3500000,2,1,4);
CREATE INDEX results_by_document ON results (document_id);
CREATE INDEX team_keys_by_team ON team_keys (team);
CREATE INDEX team_keys_revoked ON team_keys (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX rotation_receipts_by_end ON rotation_receipts (until);
CREATE INDEX grants_by_team ON grants (team, id);
CREATE INDEX repeats_by_reason ON repeats (reason, first_team, team, id);
CREATE INDEX purges_open ON purges (id) WHERE ended_at IS NULL;
CREATE INDEX results_by_team ON results (team);
CREATE UNIQUE INDEX statements_by_account ON statements (account, first_day);
CREATE INDEX ledger_unconfirmed ON ledger (state) WHERE state = 3;
CREATE INDEX ledger_resolved ON ledger (state) WHERE state = 4;
CREATE UNIQUE INDEX alerts_open ON alerts (name) WHERE is_open = 1;
CREATE INDEX alerts_pending ON alerts (id) WHERE state = 'pending';
CREATE INDEX results_by_age ON results (stored_at) WHERE classifier IS NULL;
CREATE INDEX results_of_classifiers_by_age ON results (stored_at) WHERE classifier IS NOT NULL;
CREATE INDEX results_by_classifier ON results (classifier, account) WHERE classifier IS NOT NULL;
PRAGMA application_id = 1416588396;
PRAGMA user_version = 16;
