-- Logins that wait for their owner's word from a browser elsewhere, and what became of them.
CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    request TEXT NOT NULL,         -- the sign-in that waits
    code TEXT NOT NULL,            -- what its owner types to find it
    number BIGINT NOT NULL,        -- what its owner copies from the prompt to the page, 10 to 99
    host TEXT,
    service TEXT NOT NULL,
    source TEXT NOT NULL,
    stranger BIGINT NOT NULL,      -- 1 if the account never signed in from that network before
    key_fingerprint TEXT,
    command TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    evidence TEXT,                 -- what approved it, until the login collects it
    decided_at BIGINT,
    decided_from TEXT
);
CREATE UNIQUE INDEX approvals_one_at_a_time ON approvals (account, source) WHERE state = 'pending';
CREATE INDEX approvals_account ON approvals (account, created_at);
CREATE INDEX approvals_request ON approvals (request);
CREATE INDEX approvals_created_at ON approvals (created_at);
