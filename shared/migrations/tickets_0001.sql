-- Enrolment tickets: an administrator's word, or a terminal's, that this account may bind a device, good once.
CREATE TABLE tickets (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    secret_hash BYTEA NOT NULL,    -- of what the link carries
    code_tag BYTEA NOT NULL,       -- keyed, of the short code; good for this account only
    issued_by TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,           -- open, used, revoked, expired
    ended_at BIGINT,
    device TEXT                    -- what was bound with it
);
CREATE UNIQUE INDEX tickets_secret ON tickets (secret_hash);
CREATE INDEX tickets_account ON tickets (account, issued_at);
CREATE INDEX tickets_open ON tickets (id) WHERE state = 'open';
CREATE INDEX tickets_ended ON tickets (ended_at);
