// Keys and tokens for the tests of the package. They are made with Node's own cryptography.
import { generateKeyPairSync, sign } from "node:crypto";

export const ISSUER = "https://auth.example.com";
export const AUDIENCE = "https://api.example.com";
export const OPTIONS = { issuer: ISSUER, audience: AUDIENCE };
export const USER = "0198c2f4-7b1e-7c3a-9d55-1f0a6f2f8b11";

const KINDS = {
  EdDSA: { make: () => generateKeyPairSync("ed25519"), members: ["kty", "crv", "x"], hash: null },
  ES256: {
    make: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    members: ["kty", "crv", "x", "y"],
    hash: "sha256",
  },
};

const part = (value) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export const nowSeconds = () => Math.floor(Date.now() / 1000);

/**
 * Makes a new key. Returns `jwk` (the public key), `privateJwk`, and the function
 * `token(claims, header)`, which signs a token. The token is valid for ten minutes from now unless
 * the claims say otherwise.
 */
export function newKey(kid, alg = "EdDSA") {
  const kind = KINDS[alg];
  const { publicKey, privateKey } = kind.make();
  const exported = publicKey.export({ format: "jwk" });
  const jwk = {
    ...Object.fromEntries(kind.members.map((name) => [name, exported[name]])),
    kid,
    alg,
    use: "sig",
  };
  const token = (claims = {}, header = {}) => {
    const input = `${part({ alg, kid, typ: "at+jwt", ...header })}.${part(typeof claims === "string" ? claims : { ...goodClaims(), ...claims })}`;
    const signature = sign(kind.hash, Buffer.from(input), {
      key: privateKey,
      dsaEncoding: "ieee-p1363",
    });
    return `${input}.${signature.toString("base64url")}`;
  };
  return {
    kid,
    jwk,
    privateJwk: { ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" },
    token,
  };
}

export const goodClaims = (now = nowSeconds()) => ({
  iss: ISSUER,
  sub: USER,
  aud: AUDIENCE,
  client_id: "edgegate",
  exp: now + 600,
  iat: now,
  auth_time: now,
  jti: "1",
  sid: "2",
  ver: 3,
  roles: ["user", "editor"],
  email: "ada@example.com",
  email_verified: true,
});

export const setOf = (...keys) => ({ keys: keys.map(({ jwk }) => jwk) });
