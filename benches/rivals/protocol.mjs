// oidc-provider with the endpoints that applications and APIs call: its own grants, introspection, rotation, pushed requests
// and DPoP, on the same durable store. Whoever comes to sign in is signed in: no password is part of these figures.
// usage: node protocol.mjs PORT STORE
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { adapterOver, openStore } from './sqlite_adapter.mjs';

const [port, path] = [Number(process.argv[2]), process.argv[3]];
const issuer = `http://127.0.0.1:${port}`;
const secret = 'bench-secret-bench-secret-bench-secret';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const provider = new Provider(issuer, {
  adapter: adapterOver(openStore(path)),
  clients: [
    {
      client_id: 'bench', client_secret: secret, redirect_uris: ['http://127.0.0.1:1/callback'], response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'], id_token_signed_response_alg: 'ES256',
    },
    {
      client_id: 'robot', client_secret: secret, redirect_uris: [], response_types: [], grant_types: ['client_credentials'],
      scope: 'orders.read', id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: ['openid', 'offline_access', 'orders.read'],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'bench' }] },
  cookies: { keys: ['bench cookie key'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: 'orders.read', accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  ttl: {
    AccessToken: 600, AuthorizationCode: 60, ClientCredentials: 600, IdToken: 600, Session: 3600, Grant: 3600,
    Interaction: 600, RefreshToken: 3600,
  },
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

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/sign-in/')) return next();
  const result = { login: { accountId: 'bench00000', amr: ['pwd', 'otp', 'mfa'], acr: 'urn:samekey:acr:mfa' } };
  ctx.respond = false;
  return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
});

provider.listen(port, '127.0.0.1');
