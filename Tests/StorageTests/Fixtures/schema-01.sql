-- A store of schema 1, as the version that introduced it made one, with rows in every table.
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
CREATE INDEX results_by_document ON results (document_id);
CREATE INDEX results_by_age ON results (stored_at);
PRAGMA application_id = 1416588396;
PRAGMA user_version = 1;
