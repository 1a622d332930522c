-- How many steps an app's clock is ahead of ours (behind: negative), as two codes in a row have shown while its person was binding it or an
-- administrator set it right (Q19, W29). Sign-ins never change it (S8).
ALTER TABLE totp ADD COLUMN drift BIGINT NOT NULL DEFAULT 0;
