// For each JavaScript library, a function that verifies a token in the way that the library's
// documentation shows. Libraries that accept a JWKS get the service's public keys. The function
// rejects if the library rejects the token.
import { createPublicKey, createSecretKey } from "node:crypto";
import { createRequire } from "node:module";

const from = createRequire(import.meta.url);

/**
 * @typedef {object} Signed a token of the service, and the keys and values for its verification
 * @property {"EdDSA" | "ES256" | "HS256"} alg
 * @property {string} token
 * @property {string} issuer
 * @property {string} jwksUrl
 * @property {{ keys: import("jose").JWK[] }} jwks
 * @property {string} secret the HS256 key in base64url; empty with other algorithms
 */

const AUDIENCE = "edgegate";

/** @param {Pick<Signed, "jwks" | "secret">} signed */
const keyOf = ({ jwks, secret }) =>
  secret
    ? createSecretKey(Buffer.from(secret, "base64url"))
    : createPublicKey({ key: { ...jwks.keys[0] }, format: "jwk" });

/** @type {Record<string, (signed: Signed) => Promise<object>>} */
export const LIBRARIES = {
  async jose(signed) {
    const { createLocalJWKSet, jwtVerify } = await import("jose");
    const key = signed.secret ? keyOf(signed) : createLocalJWKSet(signed.jwks);
    const { issuer, alg } = signed;
    const options = { issuer, audience: AUDIENCE, typ: "at+jwt", algorithms: [alg] };
    return (await jwtVerify(signed.token, key, options)).payload;
  },
  async jsonwebtoken({ alg, token, issuer, ...rest }) {
    const options = { issuer, audience: AUDIENCE, algorithms: [alg] };
    return from("jsonwebtoken").verify(token, keyOf(rest), options);
  },
  async "jwks-rsa with jsonwebtoken"({ alg, token, issuer, jwksUrl }) {
    const { JwksClient } = from("jwks-rsa");
    const client = new JwksClient({ jwksUri: jwksUrl });
    const { header } = from("jsonwebtoken").decode(token, { complete: true });
    const key = (await client.getSigningKey(header.kid)).getPublicKey();
    return from("jsonwebtoken").verify(token, key, {
      issuer,
      audience: AUDIENCE,
      algorithms: [alg],
    });
  },
  async "fast-jwt"({ alg, token, issuer, ...rest }) {
    const { createVerifier } = await import(from.resolve("fast-jwt"));
    const key = rest.secret
      ? Buffer.from(rest.secret, "base64url")
      : keyOf(rest).export({ type: "spki", format: "pem" });
    return createVerifier({ key, algorithms: [alg], allowedIss: issuer, allowedAud: AUDIENCE })(
      token,
    );
  },
  async "hono/jwt"({ alg, token, issuer, ...rest }) {
    const { verify } = await import("hono/jwt");
    // The library accepts any key object of the platform. Therefore it also accepts Node's
    // KeyObject.
    const key = rest.secret ? keyOf(rest) : rest.jwks.keys[0];
    return verify(token, /** @type {CryptoKey} */ (/** @type {unknown} */ (key)), {
      alg,
      iss: issuer,
      aud: AUDIENCE,
    });
  },
  async "hono/jwk"({ alg, token, jwksUrl }) {
    const { Hono } = await import("hono");
    const { jwk } = await import("hono/jwk");
    const app = new Hono();
    app.use(jwk({ jwks_uri: jwksUrl, alg: [/** @type {"EdDSA" | "ES256"} */ (alg)] }));
    app.get("/", (c) => c.json(c.get("jwtPayload")));
    const answer = await app.request("/", { headers: { Authorization: `Bearer ${token}` } });
    if (answer.status !== 200) throw new Error(answer.headers.get("www-authenticate") ?? "401");
    return answer.json();
  },
  async "@tsndr/cloudflare-worker-jwt"({ alg, token, ...rest }) {
    const { verify } = await import(from.resolve("@tsndr/cloudflare-worker-jwt"));
    const key = rest.secret ? { kty: "oct", k: rest.secret } : rest.jwks.keys[0];
    return (await verify(token, key, { algorithm: alg, throwError: true })).payload;
  },
};
