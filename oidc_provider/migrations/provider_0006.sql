-- Clients: a former secret in overlap, what registered itself, spent assertions, initial access tokens.
ALTER TABLE clients ADD COLUMN former_secret_hash BYTEA;
ALTER TABLE clients ADD COLUMN former_secret_until BIGINT;
ALTER TABLE clients ADD COLUMN registration_hash BYTEA;
ALTER TABLE clients ADD COLUMN registered_by TEXT;
CREATE TABLE client_assertions (
  client TEXT NOT NULL,
  id_hash BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (client, id_hash)
);
CREATE INDEX client_assertions_by_end ON client_assertions (expires_at);
CREATE TABLE initial_access_tokens (
  id TEXT PRIMARY KEY,
  token_hash BYTEA NOT NULL UNIQUE,
  note TEXT NOT NULL,
  terms TEXT NOT NULL,
  issued_by TEXT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  uses_left BIGINT NOT NULL,
  uses BIGINT NOT NULL DEFAULT 0,
  revoked_at BIGINT
);
CREATE INDEX initial_access_tokens_by_end ON initial_access_tokens (expires_at);
