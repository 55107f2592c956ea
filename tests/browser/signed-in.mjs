// Tokens and answers in the form in which the Worker makes them. They are for tests of pages with a
// signed-in user.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { fake, problem } from "./browser.mjs";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const { x } = publicKey.export({ format: "jwk" });
const kid = createHash("sha256").update(String(x)).digest("base64url").slice(0, 16);

export const ISSUER = "http://127.0.0.1:8787";
export const JWKS = { keys: [{ kty: "OKP", crv: "Ed25519", kid, use: "sig", alg: "EdDSA", x }] };

export const ADA = {
  id: "019ab7a1-2c00-7101-8101-010101010101",
  email: "ada@example.com",
  email_verified: true,
  first_name: "Ada",
  last_name: "Lovelace",
  roles: ["editor", "user"],
};

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

/**
 * Returns an access token of `user`, signed with the key in JWKS. `claims` and `header` override
 * the usual values.
 */
export function accessToken(user = ADA, claims = {}, header = {}) {
  const iat = now();
  const signed = `${encode({ typ: "at+jwt", alg: "EdDSA", kid, ...header })}.${encode({
    iss: ISSUER,
    sub: user.id,
    aud: "edgegate",
    client_id: "edgegate",
    exp: iat + 600,
    iat,
    auth_time: iat,
    jti: "019ab7a1-2c00-7303-8303-030303030303",
    sid: SESSIONS[0].id,
    ver: 1,
    roles: user.roles,
    email: user.email,
    email_verified: user.email_verified,
    ...claims,
  })}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString("base64url")}`;
}

/** Returns the answer of POST /auth/login in cookie mode. */
export const signedIn = (user = ADA, status = 200) => ({
  status,
  json: {
    access_token: accessToken(user),
    token_type: "Bearer",
    expires_in: 600,
    refresh_token_expires_in: 7_776_000,
    user,
  },
});
/** Returns the answer of POST /auth/token in cookie mode. This answer has no member `user`. */
export const renewed = (user = ADA) => {
  const { user: _, ...pair } = signedIn(user).json;
  return { json: pair };
};
export const NOBODY = {
  status: 400,
  json: { error: "invalid_grant", error_description: "The refresh token is not valid" },
};

const session = (n, more) => ({
  id: `019ab7a1-5f40-7202-8202-02020202020${n}`,
  current: n === 0,
  begun_at: now() - 90_000 * n,
  last_used_at: now() - 4000 * n,
  device: { browser: "Firefox", os: "Linux", type: "desktop" },
  place: { country: "DE", city: "Leipzig" },
  network: "203.0.113.0",
  user_agent: "Mozilla/5.0",
  ...more,
});
export const SESSIONS = [
  session(0),
  session(1, {
    device: { browser: "Mobile Safari", os: "iOS", type: "mobile" },
    place: { country: "FR", city: null },
  }),
  session(2, {
    device: { browser: null, os: null, type: null },
    place: { country: "T1", city: null },
    network: "unknown",
  }),
];

export const GRANTS = [
  {
    id: "019ab7a1-6e50-7202-8202-020202020201",
    client_id: "mBc0kYbqR7eVgSbmrKJhGg",
    name: "Notes",
    scopes: ["openid", "email"],
    resource: null,
    given_at: now() - 90_000,
  },
  {
    id: "019ab7a1-6e50-7202-8202-020202020202",
    client_id: "https://tools.example/client.json",
    name: "Command line",
    scopes: ["books:read", "offline_access"],
    resource: "https://api.example.com",
    given_at: now() - 9_000_000,
  },
];

/**
 * Fakes the answers from which a page learns who is signed in: `user`, or nobody if `user` is null.
 *
 * @param {import("playwright-core").Page} page
 * @param {typeof ADA | null} user
 */
export async function fakeSession(page, user) {
  await fake(page, "/auth/token", user ? () => renewed(user) : NOBODY);
  await fake(page, "/auth/me", user ? { json: user } : problem(401, "invalid_token"));
  await fake(page, "/auth/sessions", { json: { sessions: SESSIONS } });
  await fake(page, "/auth/grants", { json: { grants: [] } });
  await fake(page, "/auth/revoke", { status: 200 });
}

/**
 * Fakes the service's keys and metadata, which the page /console reads to check a token.
 *
 * @param {import("playwright-core").Page} page
 * @param {{ jwks?: unknown }} [answers]
 */
export async function fakeDiscovery(page, { jwks = { json: JWKS } } = {}) {
  await fake(page, "/.well-known/jwks.json", jwks);
  await fake(page, "/.well-known/oauth-authorization-server", { json: { issuer: ISSUER } });
}
