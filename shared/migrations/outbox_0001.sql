-- Letters that wait to be sent: written with what they tell of, taken by one sender at a time, gone once sent.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,        -- whom it is about
    kind TEXT NOT NULL,
    body BYTEA NOT NULL,          -- sealed: address, words, codes and links
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,       -- not before; while somebody sends it, the end of their claim
    void_at BIGINT NOT NULL,      -- when it is no longer worth sending
    tries BIGINT NOT NULL,
    claim TEXT,                   -- the try that holds it
    trouble TEXT                  -- why the last try came to nothing
);
CREATE INDEX outbox_due ON outbox (due_at, id);
CREATE INDEX outbox_account ON outbox (account, created_at);
-- The language that an account last used, for its letters.
CREATE TABLE outbox_languages (
    account TEXT PRIMARY KEY,
    language TEXT NOT NULL
);
