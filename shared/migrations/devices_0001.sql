-- Second factors: every device that was ever bound, and what each kind needs to check an answer.
CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    last_used_door TEXT,
    last_used_source TEXT,
    unbound_at BIGINT,
    unbound_by TEXT,
    unbound_why TEXT
);
CREATE INDEX devices_account ON devices (account, created_at);
CREATE UNIQUE INDEX devices_name ON devices (account, name_key) WHERE unbound_at IS NULL;
CREATE TABLE totp (
    device TEXT PRIMARY KEY REFERENCES devices (id),
    account TEXT NOT NULL REFERENCES accounts (id),
    algorithm TEXT NOT NULL,
    digits BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    secret BYTEA NOT NULL
);
CREATE INDEX totp_account ON totp (account);
CREATE TABLE recovery_codes (
    device TEXT NOT NULL REFERENCES devices (id),
    tag BIGINT NOT NULL,
    account TEXT NOT NULL REFERENCES accounts (id),
    hash TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (device, tag)
);
CREATE INDEX recovery_codes_account ON recovery_codes (account, tag);
