-- Challenges given out for keys to sign: each is good once, for what it was given out for.
CREATE TABLE challenges (
    id TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    binding TEXT NOT NULL,  -- the sign-in, session or request that it belongs to
    account TEXT REFERENCES accounts (id), -- NULL where nobody has said yet who they are
    bytes BYTEA NOT NULL,
    state TEXT,             -- what the ceremony keeps on the server between its two halves
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);
CREATE INDEX challenges_expires ON challenges (expires_at);
