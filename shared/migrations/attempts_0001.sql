-- Failed tries, per login name (known and unknown names alike) and bucket of sources.
CREATE TABLE attempts_buckets (
    login         TEXT NOT NULL,   -- canonical login name
    bucket        TEXT NOT NULL,   -- strangers, net:<network>, local:<user>, console
    failures      BIGINT NOT NULL, -- none of them a whole window after the one before
    failed_at     BIGINT NOT NULL, -- the last of them
    locked_until  BIGINT,          -- the first second in which it is open again
    since_success BIGINT NOT NULL, -- failures since the account's last success from anywhere
    PRIMARY KEY (login, bucket)
);

CREATE INDEX attempts_buckets_failed_at ON attempts_buckets (failed_at);

-- The networks from which an account signed in before.
CREATE TABLE attempts_known (
    login   TEXT NOT NULL,
    network TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (login, network)
);

CREATE INDEX attempts_known_last_at ON attempts_known (last_at);
