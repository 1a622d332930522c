-- Links by which a person says "this was not me", and the accounts whose own changes are held since they did.
CREATE TABLE objections (
    hash BYTEA PRIMARY KEY,       -- of the link's secret
    account TEXT NOT NULL,
    about TEXT NOT NULL,          -- the kind of the letter that carried it
    happened_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX objections_by_end ON objections (expires_at);
CREATE TABLE held_changes (
    account TEXT PRIMARY KEY,
    since BIGINT NOT NULL,
    disputed_from BIGINT NOT NULL -- what was bound from then on lifts no hold
);
