-- A store of schema 2, as the version that introduced it made one, with rows in every table.
CREATE TABLE documents (
    account TEXT NOT NULL,
    document_id TEXT NOT NULL,
    pages INTEGER NOT NULL,
    PRIMARY KEY (account, document_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "documents" VALUES('default','0b13c9f2-5148-4ffb-bb7b-000000000001',3);
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
    model TEXT PRIMARY KEY,
    credits INTEGER NOT NULL,
    pages INTEGER NOT NULL CHECK (pages >= 1)
) STRICT, WITHOUT ROWID;
INSERT INTO "rates" VALUES('gpt-4o-mini',2000000,3);
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
CREATE TABLE shadow_refusals (
    scope TEXT NOT NULL, -- organization, team, key, upstream_key
    scope_id TEXT NOT NULL, -- empty for the organization
    budget_window TEXT NOT NULL,
    start INTEGER NOT NULL, -- the window's first day; 0 for the window that never starts again
    count INTEGER NOT NULL,
    PRIMARY KEY (scope, scope_id, budget_window, start)
) STRICT, WITHOUT ROWID;
INSERT INTO "shadow_refusals" VALUES('team','sales','day',20000,4);
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
PRAGMA application_id = 1416588396;
PRAGMA user_version = 2;
