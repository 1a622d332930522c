-- DPoP proofs that were accepted, until they would be too old anyway (RFC 9449 section 11.1).
CREATE TABLE dpop_proofs (
  id BYTEA PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX dpop_proofs_by_end ON dpop_proofs (expires_at);
-- Devices that wait until somebody signs them in (RFC 8628), found by the hash of either code.
CREATE TABLE device_grants (
  id TEXT PRIMARY KEY,
  device_hash BYTEA NOT NULL UNIQUE,
  user_hash BYTEA NOT NULL UNIQUE,
  client TEXT NOT NULL,
  scope TEXT NOT NULL,
  resources TEXT NOT NULL,
  source TEXT NOT NULL,
  agent TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  pause BIGINT NOT NULL,
  polled_at BIGINT,
  grant_id TEXT,
  account TEXT,
  session TEXT,
  details TEXT
);
CREATE INDEX device_grants_by_client ON device_grants (client, expires_at);
CREATE INDEX device_grants_by_end ON device_grants (expires_at);
