-- Looked up by account before a letter that could come too often.
CREATE INDEX objections_by_account ON objections (account, about, happened_at);
