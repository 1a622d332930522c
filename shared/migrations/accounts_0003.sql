-- What applications may be told about a person beyond name and address: a JSON object, name of the claim to its text.
CREATE TABLE account_attributes (
    account TEXT PRIMARY KEY REFERENCES accounts (id),
    attributes TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
