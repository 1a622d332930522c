-- Sign-ins that were completed: each may be completed once.
CREATE TABLE completed_sign_ins (
    request TEXT PRIMARY KEY,
    completed_at BIGINT NOT NULL
);
CREATE INDEX completed_sign_ins_by_time ON completed_sign_ins (completed_at);
