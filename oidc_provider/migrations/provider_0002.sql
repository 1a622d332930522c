-- A session knows what came first: a password, or a passkey that needs none.
ALTER TABLE web_sessions ADD COLUMN first_factor TEXT NOT NULL DEFAULT 'password';
