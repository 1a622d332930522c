-- Pushed authorization requests (RFC 9126): what was checked, for whom, and whether a code has answered it.
CREATE TABLE pushed_requests (
  handle_hash BYTEA PRIMARY KEY,
  client TEXT NOT NULL,
  params TEXT NOT NULL,
  signed BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX pushed_requests_by_end ON pushed_requests (expires_at);
