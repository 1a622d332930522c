-- FIDO credentials: passkeys, security keys and U2F keys, one row each while they are bound.
CREATE TABLE fido (
    device TEXT PRIMARY KEY REFERENCES devices (id),
    account TEXT NOT NULL REFERENCES accounts (id),
    credential_id BYTEA NOT NULL,
    rp_id TEXT NOT NULL,
    app_id TEXT,                     -- the U2F AppID, where the credential is of U2F
    public_key BYTEA NOT NULL,       -- COSE
    sign_count BIGINT NOT NULL,      -- one counter for both doors
    aaguid BYTEA NOT NULL,           -- 16 bytes: the model
    transports TEXT NOT NULL,        -- words with commas between them
    discoverable BIGINT,             -- NULL where the browser did not tell
    user_verified BIGINT NOT NULL,
    backup_eligible BIGINT NOT NULL,
    backed_up BIGINT NOT NULL,
    attested BIGINT NOT NULL,
    replaces TEXT REFERENCES devices (id) -- the old device that goes when this one has signed once
);
CREATE UNIQUE INDEX fido_credential ON fido (credential_id);
CREATE INDEX fido_account ON fido (account);
