-- Roles take the place of the one right to administer: whoever had it may go on doing everything.
ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'user';
UPDATE accounts SET role = 'owner' WHERE administrator = 1;
ALTER TABLE accounts DROP COLUMN administrator;
CREATE INDEX accounts_role ON accounts (role, name) WHERE removed_at IS NULL AND role <> 'user';
CREATE INDEX accounts_state ON accounts (state, name) WHERE removed_at IS NULL AND state <> 'active';
