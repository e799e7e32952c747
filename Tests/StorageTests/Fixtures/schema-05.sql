-- A store of schema 5, as the version that introduced it made one, with rows in every table.
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
CREATE TABLE documents (
    account TEXT NOT NULL,
    document_id TEXT NOT NULL,
    pages INTEGER NOT NULL,
    PRIMARY KEY (account, document_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "documents" VALUES('default','0b13c9f2-5148-4ffb-bb7b-000000000001',3);
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
INSERT INTO "results" VALUES(1,X'0101010101010101010101010101010101010101010101010101010101010101',200,X'7B22637265646974735F75736564223A327D',16,17,2000000,1728000000000000,'default','sales','0b13c9f2-5148-4ffb-bb7b-000000000001','gpt-4o-mini',NULL,'invoice');
INSERT INTO "results" VALUES(2,X'0606060606060606060606060606060606060606060606060606060606060606',200,X'7B22637265646974735F75736564223A322E357D',16,19,2500000,1728000000000001,'default','legal','0b13c9f2-5148-4ffb-bb7b-000000000002','gpt-4o','1-3','contract');
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
CREATE TABLE shadow_refusals (
    scope TEXT NOT NULL, -- organization, team, key, upstream_key
    scope_id TEXT NOT NULL, -- empty for the organization
    budget_window TEXT NOT NULL,
    start INTEGER NOT NULL, -- the window's first day; 0 for the window that never starts again
    count INTEGER NOT NULL,
    PRIMARY KEY (scope, scope_id, budget_window, start)
) STRICT, WITHOUT ROWID;
INSERT INTO "shadow_refusals" VALUES('team','sales','day',20000,4);
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
INSERT INTO "usage" VALUES(20001,'legal','k2','gpt-4o','main',2500000,0,0,0,0,1,0);
CREATE INDEX results_by_document ON results (document_id);
CREATE INDEX results_by_age ON results (stored_at);
CREATE INDEX ledger_open ON ledger (state) WHERE state = 0;
CREATE INDEX ledger_unconfirmed ON ledger (team) WHERE state = 3;
CREATE INDEX team_keys_by_team ON team_keys (team);
CREATE INDEX team_keys_revoked ON team_keys (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX rotation_receipts_by_end ON rotation_receipts (until);
PRAGMA application_id = 1416588396;
PRAGMA user_version = 5;
