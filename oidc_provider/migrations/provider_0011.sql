-- The network that a public client's pushed request came from: nobody proves anything there, so each network has a share.
ALTER TABLE pushed_requests ADD COLUMN source TEXT;
CREATE INDEX pushed_requests_by_source ON pushed_requests (client, source) WHERE source IS NOT NULL;
