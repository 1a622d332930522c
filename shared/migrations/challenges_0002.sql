-- When a challenge was given out: under a clock that was set back it comes from the future, and is void.
ALTER TABLE challenges ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX challenges_created ON challenges (created_at);
