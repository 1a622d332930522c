-- The security e-mail of an account, the address that an administrator wishes it to have, and codes sent to either.
CREATE TABLE security_emails (
    device TEXT PRIMARY KEY REFERENCES devices (id),
    account TEXT NOT NULL REFERENCES accounts (id),
    address TEXT NOT NULL,
    address_key TEXT NOT NULL     -- what makes two addresses the same one
);
CREATE UNIQUE INDEX security_emails_account ON security_emails (account);
CREATE INDEX security_emails_key ON security_emails (address_key);
CREATE TABLE proposed_emails (
    account TEXT PRIMARY KEY REFERENCES accounts (id),
    hash BYTEA NOT NULL,          -- of the secret in the letter's link
    address TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE email_codes (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    purpose TEXT NOT NULL,        -- bind, sign-in
    binding TEXT NOT NULL,        -- the session or sign-in that asked for it
    address TEXT NOT NULL,
    hash BYTEA NOT NULL,          -- keyed, over all of the above and the code
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries_left BIGINT NOT NULL,
    voided BIGINT NOT NULL,       -- 1 once another took its place
    spent_at BIGINT
);
CREATE INDEX email_codes_account ON email_codes (account, created_at);
CREATE INDEX email_codes_created ON email_codes (created_at);
