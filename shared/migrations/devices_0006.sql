-- SSH keys that sshd is served, one row each while they are bound; a key belongs to one account.
CREATE TABLE ssh_keys (
    device TEXT PRIMARY KEY REFERENCES devices (id),
    account TEXT NOT NULL REFERENCES accounts (id),
    key_type TEXT NOT NULL,          -- sk-ssh-ed25519@openssh.com
    key_text TEXT NOT NULL,          -- the key in base64, as authorized_keys has it
    fingerprint TEXT NOT NULL,       -- SHA256:...
    verification BIGINT NOT NULL     -- 1: sshd must see that its person was verified
);
CREATE UNIQUE INDEX ssh_keys_fingerprint ON ssh_keys (fingerprint);
CREATE INDEX ssh_keys_account ON ssh_keys (account);
