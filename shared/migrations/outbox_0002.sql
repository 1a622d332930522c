-- Which reminders of which deadline an account had: each once.
CREATE TABLE outbox_reminders (
    account TEXT NOT NULL,
    deadline BIGINT NOT NULL,
    days BIGINT NOT NULL,
    PRIMARY KEY (account, deadline, days)
);
