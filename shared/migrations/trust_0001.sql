-- What spares a person the next question: browsers and shells where a second factor was proven, and what an account is used to.
CREATE TABLE remembered_browsers (
    id           TEXT PRIMARY KEY,
    secret_hash  BYTEA NOT NULL,
    account      TEXT NOT NULL REFERENCES accounts (id),
    browser      TEXT NOT NULL,   -- in words, for its owner
    source       TEXT NOT NULL,   -- where it was when it was remembered
    verified_at  BIGINT NOT NULL, -- when the second factor was proven
    expires_at   BIGINT NOT NULL, -- never moved
    last_used_at BIGINT
);
CREATE INDEX remembered_browsers_account ON remembered_browsers (account, verified_at);
CREATE INDEX remembered_browsers_end ON remembered_browsers (expires_at);
CREATE TABLE rechecks (
    account      TEXT NOT NULL REFERENCES accounts (id),
    binding      BYTEA NOT NULL,  -- SHA-256 of host, service, address, public key and policy
    verified_at  BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (account, binding)
);
CREATE INDEX rechecks_end ON rechecks (expires_at);
CREATE TABLE known_browsers (
    account TEXT NOT NULL REFERENCES accounts (id),
    mark    BYTEA NOT NULL,       -- SHA-256 of the browser's own cookie
    last_at BIGINT NOT NULL,
    PRIMARY KEY (account, mark)
);
CREATE INDEX known_browsers_last_at ON known_browsers (last_at);
