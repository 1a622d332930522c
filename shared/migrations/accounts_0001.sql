-- Accounts and the groups that the store itself gives them.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    display_name TEXT,
    email TEXT,
    state TEXT NOT NULL,
    flags TEXT NOT NULL,
    administrator BIGINT NOT NULL,
    password TEXT,
    created_at BIGINT NOT NULL,
    first_sign_in_at BIGINT,
    removed_at BIGINT
);
CREATE UNIQUE INDEX accounts_name ON accounts (name) WHERE removed_at IS NULL;
CREATE TABLE account_groups (
    account TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    PRIMARY KEY (account, name)
);
CREATE INDEX account_groups_name ON account_groups (name, account);
