-- A session knows where it was signed in: the browser in its own words, and the source (R40, ASVS 7.5.2).
ALTER TABLE web_sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE web_sessions ADD COLUMN source TEXT NOT NULL DEFAULT '';
CREATE INDEX access_tokens_by_account ON access_tokens (account);
CREATE INDEX authorization_codes_by_account ON authorization_codes (account);
