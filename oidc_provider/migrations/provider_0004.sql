-- A session idles no longer than the rules of its sign-in allow; NULL: as long as the policy allows everybody.
ALTER TABLE web_sessions ADD COLUMN idle BIGINT;
