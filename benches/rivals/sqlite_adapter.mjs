// An adapter of oidc-provider over node:sqlite, as durable as ours: WAL, synchronous FULL, one row per object.
import { DatabaseSync } from 'node:sqlite';

export function openStore(path) {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000');
  db.exec(`CREATE TABLE IF NOT EXISTS objects (
    model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires BIGINT,
    uid TEXT, user_code TEXT, grant_id TEXT, consumed BIGINT, PRIMARY KEY (model, id)) WITHOUT ROWID`);
  db.exec('CREATE INDEX IF NOT EXISTS by_uid ON objects (uid) WHERE uid IS NOT NULL');
  db.exec('CREATE INDEX IF NOT EXISTS by_grant ON objects (grant_id) WHERE grant_id IS NOT NULL');
  db.exec('CREATE TABLE IF NOT EXISTS people (name TEXT PRIMARY KEY, hash TEXT NOT NULL, secret TEXT NOT NULL, step BIGINT NOT NULL) WITHOUT ROWID');
  return db;
}

export function adapterOver(db) {
  const upsert = db.prepare(`INSERT INTO objects (model, id, payload, expires, uid, user_code, grant_id)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload,
    expires = excluded.expires, uid = excluded.uid, user_code = excluded.user_code, grant_id = excluded.grant_id`);
  const byId = db.prepare('SELECT payload, expires, consumed FROM objects WHERE model = ? AND id = ?');
  const byUid = db.prepare('SELECT payload, expires, consumed FROM objects WHERE uid = ? AND model = ?');
  const byUserCode = db.prepare('SELECT payload, expires, consumed FROM objects WHERE user_code = ? AND model = ?');
  const consume = db.prepare('UPDATE objects SET consumed = ? WHERE model = ? AND id = ? AND consumed IS NULL');
  const destroy = db.prepare('DELETE FROM objects WHERE model = ? AND id = ?');
  const revoke = db.prepare('DELETE FROM objects WHERE grant_id = ?');
  const now = () => Math.floor(Date.now() / 1000);
  const found = (row) => {
    if (!row || (row.expires !== null && row.expires < now())) return undefined;
    const payload = JSON.parse(row.payload);
    return row.consumed ? { ...payload, consumed: row.consumed } : payload;
  };

  return class SqliteAdapter {
    constructor(model) { this.model = model; }

    async upsert(id, payload, expiresIn) {
      upsert.run(this.model, id, JSON.stringify(payload), expiresIn ? now() + expiresIn : null,
        payload.uid ?? null, payload.userCode ?? null, payload.grantId ?? null);
    }

    async find(id) { return found(byId.get(this.model, id)); }
    async findByUid(uid) { return found(byUid.get(uid, this.model)); }
    async findByUserCode(code) { return found(byUserCode.get(code, this.model)); }
    async consume(id) { consume.run(now(), this.model, id); }
    async destroy(id) { destroy.run(this.model, id); }
    async revokeByGrantId(grantId) { revoke.run(grantId); }
  };
}
