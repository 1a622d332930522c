-- What was granted stands once, for a person or a client alone, with or without a session; its tokens point to it.
CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  client TEXT NOT NULL,
  account TEXT,
  session TEXT,
  offline BIGINT NOT NULL,
  scope TEXT NOT NULL,
  details TEXT,
  given_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL
);
CREATE INDEX grants_by_account ON grants (account);
CREATE INDEX grants_by_session ON grants (session);
CREATE INDEX grants_by_client ON grants (client);
CREATE INDEX grants_by_end ON grants (ends_at);
-- Access tokens of before lived for minutes and knew too little: applications fetch new ones.
DROP TABLE access_tokens;
CREATE TABLE access_tokens (
  token_hash BYTEA PRIMARY KEY,
  form TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  client TEXT NOT NULL,
  scope TEXT NOT NULL,
  audience TEXT NOT NULL,
  binding TEXT NOT NULL,
  act TEXT,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX access_tokens_by_grant ON access_tokens (grant_id);
CREATE INDEX access_tokens_by_client ON access_tokens (client);
CREATE INDEX access_tokens_by_end ON access_tokens (expires_at);
-- The family of a refresh token is its grant.
CREATE TABLE refresh_tokens (
  token_hash BYTEA PRIMARY KEY,
  grant_id TEXT NOT NULL,
  binding TEXT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);
-- Signed tokens that no row stands for, taken back before their end.
CREATE TABLE revoked_tokens (
  jti_hash BYTEA PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_end ON revoked_tokens (expires_at);
