// oidc-provider with what it leaves to its user: a durable store, and pages for user name, password (Argon2id) and
// code (TOTP, each step once), at the same cost and with the same durability as the provider it is compared with.
// usage: node provider.mjs PORT STORE PEOPLE       PEOPLE accounts bench00000, bench00001, ...
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { hashSync, verify } from '@node-rs/argon2';
import { Provider } from 'oidc-provider';
import { adapterOver, openStore } from './sqlite_adapter.mjs';

const [port, path, people] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4])];
const issuer = `http://127.0.0.1:${port}`;
const db = openStore(path);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const secretOf = (name) => createHash('sha1').update(`samekey bench ${name}`).digest();
const code = (key, step) => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const tag = createHmac('sha1', key).update(counter).digest();
  const offset = tag[tag.length - 1] & 15;
  return String((tag.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
};

// All have one password, hashed once: what is measured is checking it.
const hash = hashSync('correct horse battery staple', { algorithm: 2, memoryCost: 19456, timeCost: 2, parallelism: 1 });
const add = db.prepare('INSERT OR IGNORE INTO people (name, hash, secret, step) VALUES (?, ?, ?, 0)');
db.exec('BEGIN');
for (let i = 0; i < people; i += 1) {
  const name = `bench${String(i).padStart(5, '0')}`;
  add.run(name, hash, secretOf(name).toString('hex'));
}
db.exec('COMMIT');
const person = db.prepare('SELECT hash, secret FROM people WHERE name = ?');
const spend = db.prepare('UPDATE people SET step = ? WHERE name = ? AND step < ?');

const provider = new Provider(issuer, {
  adapter: adapterOver(db),
  clients: [{
    client_id: 'bench', client_secret: 'bench-secret-bench-secret-bench-secret', redirect_uris: ['http://127.0.0.1:1/callback'],
    response_types: ['code'], grant_types: ['authorization_code'], id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'bench' }] },
  cookies: { keys: ['bench cookie key'] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Session: 3600, Grant: 3600, Interaction: 600 },
  // Consent is given beforehand, as for a first-party app.
  async loadExistingGrant(ctx) {
    const known = ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
    if (known) return ctx.oidc.provider.Grant.find(known);
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
});

const page = (form) => `<!doctype html><title>Sign in</title><form method="post" action="${form.action}">${form.fields}<button>Next</button></form>`;
const passed = new Map();

async function body(req) {
  let text = '';
  for await (const piece of req) text += piece;
  return new URLSearchParams(text);
}

provider.use(async (ctx, next) => {
  const uid = ctx.path.startsWith('/sign-in/') && ctx.path.slice('/sign-in/'.length);
  if (!uid) return next();
  const html = (fields) => { ctx.type = 'html'; ctx.body = page({ action: `/sign-in/${uid}`, fields }); };
  await provider.interactionDetails(ctx.req, ctx.res);
  if (ctx.method === 'GET') return html('<input type="text" name="username">');
  const form = await body(ctx.req);
  if (form.has('username')) {
    passed.set(uid, { name: form.get('username') });
    return html('<input type="password" name="password">');
  }
  const state = passed.get(uid);
  const row = state && person.get(state.name);
  if (!row) return ctx.throw(400);
  if (form.has('password')) {
    if (!(await verify(row.hash, form.get('password')))) return ctx.throw(403);
    state.password = true;
    return html('<input type="text" name="code">');
  }
  const now = Math.floor(Date.now() / 30_000);
  const step = [now - 1, now, now + 1].find((s) => code(Buffer.from(row.secret, 'hex'), s) === form.get('code'));
  if (!state.password || step === undefined || spend.run(step, state.name, step).changes !== 1) return ctx.throw(403);
  passed.delete(uid);
  const result = { login: { accountId: state.name, amr: ['pwd', 'otp', 'mfa'], acr: 'urn:samekey:acr:mfa' } };
  ctx.respond = false;
  return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
});

provider.listen(port, '127.0.0.1');
