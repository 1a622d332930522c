// A relying party on npm's openid-client: what an app of that library writes, and no more.
import * as client from "openid-client";
import readline from "node:readline/promises";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SIGNED_OUT } = process.env;
const loopback = { execute: [client.allowInsecureRequests] };
const provider = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, loopback);

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
const address = client.buildAuthorizationUrl(provider, {
  redirect_uri: REDIRECT_URI,
  scope: "openid profile offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
});
console.log(address.href);

const input = readline.createInterface({ input: process.stdin });
const back = new URL((await input[Symbol.asyncIterator]().next()).value);
input.close();
const tokens = await client.authorizationCodeGrant(provider, back, {
  pkceCodeVerifier,
  expectedState,
  expectedNonce,
  idTokenExpected: true,
});
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(provider, tokens.access_token, claims.sub);
const fresh = await client.refreshTokenGrant(provider, tokens.refresh_token);
const refreshed = await client.fetchUserInfo(provider, fresh.access_token, claims.sub);
const logout = client.buildEndSessionUrl(provider, {
  id_token_hint: tokens.id_token,
  post_logout_redirect_uri: SIGNED_OUT,
});
console.log(JSON.stringify({ claims, userinfo, refreshed, logout: logout.href }));
