-- The policies that were applied; at most one of them is active, none of them is ever changed.
CREATE TABLE policies (
    version BIGINT PRIMARY KEY,
    hash TEXT NOT NULL,
    document TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    applied_by TEXT NOT NULL,
    active BIGINT NOT NULL
);
CREATE UNIQUE INDEX policies_active ON policies (active) WHERE active = 1;
