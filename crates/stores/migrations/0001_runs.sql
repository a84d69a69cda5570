-- Runs as lists show them. The journal is the truth; this row is derived from it in the same commit.
CREATE TABLE runs (
    run_id BLOB PRIMARY KEY,          -- sixteen bytes, sorting by time of submission
    tenant TEXT NOT NULL,
    created_at INTEGER NOT NULL,      -- microseconds since the epoch
    status TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    task TEXT NOT NULL,
    cost INTEGER NOT NULL,            -- micro-dollars
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_by_tenant ON runs (tenant, run_id);
CREATE INDEX runs_open ON runs (run_id) WHERE is_open = 1;

-- Journals. A table with row ids: rows are appended at its end, whatever run they belong to, so a group commit writes few pages.
CREATE TABLE events (
    run_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    bytes BLOB NOT NULL,              -- exact
    chain BLOB NOT NULL               -- SHA-256 of the link before and these bytes
);
CREATE UNIQUE INDEX events_by_run ON events (run_id, seq);

CREATE TABLE ledger (
    account TEXT PRIMARY KEY,
    spent INTEGER NOT NULL,
    held INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE blobs (
    hash TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
);
CREATE TABLE blob_refs (
    run_id BLOB NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (run_id, hash)
) WITHOUT ROWID;
CREATE INDEX blob_refs_by_hash ON blob_refs (hash);

CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    run_id BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) WITHOUT ROWID;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
