-- The audit trail: every event once, in order, each hashed together with the one before it.
CREATE TABLE audit_events (
    seq     BIGINT PRIMARY KEY, -- 1, 2, 3, ... without gaps
    at      BIGINT NOT NULL,    -- seconds since 1970
    kind    TEXT NOT NULL,
    subject TEXT,               -- the login name it is about
    request TEXT,               -- joins the events of one sign-in
    event   TEXT NOT NULL,      -- the canonical JSON that was hashed
    hash    TEXT NOT NULL       -- SHA-256 over the hash before and the JSON, in hex
);

CREATE INDEX audit_events_subject ON audit_events (subject, seq);

CREATE INDEX audit_events_request ON audit_events (request);

-- One row: where the chain ends. Its update makes appenders queue, on one machine and on many.
CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO audit_head (id, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
