-- What the provider alone keeps: signing keys, relying parties, sessions, codes, tokens, consents.
CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  alg TEXT NOT NULL,
  state TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE TABLE clients (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  secret_hash BYTEA,
  settings TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE TABLE web_sessions (
  id TEXT PRIMARY KEY,
  secret_hash BYTEA NOT NULL UNIQUE,
  account TEXT NOT NULL,
  first_at BIGINT NOT NULL,
  evidence TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX web_sessions_by_account ON web_sessions (account);
CREATE INDEX web_sessions_by_end ON web_sessions (expires_at);
CREATE TABLE spent_flows (
  id TEXT PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX spent_flows_by_end ON spent_flows (expires_at);
CREATE TABLE consents (
  account TEXT NOT NULL,
  client TEXT NOT NULL,
  scope TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  PRIMARY KEY (account, client)
);
CREATE TABLE authorization_codes (
  code_hash BYTEA PRIMARY KEY,
  grant_id TEXT NOT NULL,
  client TEXT NOT NULL,
  account TEXT NOT NULL,
  session TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  challenge TEXT,
  details TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_at);
CREATE TABLE access_tokens (
  token_hash BYTEA PRIMARY KEY,
  grant_id TEXT NOT NULL,
  client TEXT NOT NULL,
  account TEXT NOT NULL,
  session TEXT NOT NULL,
  scope TEXT NOT NULL,
  claims TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX access_tokens_by_grant ON access_tokens (grant_id);
CREATE INDEX access_tokens_by_session ON access_tokens (session);
CREATE INDEX access_tokens_by_end ON access_tokens (expires_at);
