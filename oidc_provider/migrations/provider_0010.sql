-- Who was given an ID token under a session (its id is their `sid`), and whom to tell that it ended (Back-Channel Logout 1.0).
CREATE TABLE session_clients (
  session TEXT NOT NULL,
  client TEXT NOT NULL,
  PRIMARY KEY (session, client)
);
CREATE INDEX session_clients_by_client ON session_clients (client);
CREATE TABLE logout_notices (
  session TEXT NOT NULL,
  client TEXT NOT NULL,
  account TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  claim TEXT,
  trouble TEXT,
  PRIMARY KEY (session, client)
);
CREATE INDEX logout_notices_by_due ON logout_notices (due_at);
