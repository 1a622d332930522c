-- Sign-ins per day, added up from the audit trail behind everybody's back, so that no sign-in pays for a picture.
CREATE TABLE sign_in_days (
  day BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  number BIGINT NOT NULL,
  PRIMARY KEY (day, outcome)
);
CREATE TABLE sign_in_days_head (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  seq BIGINT NOT NULL
);
INSERT INTO sign_in_days_head (id, seq) VALUES (1, 0);
