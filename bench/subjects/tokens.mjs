// Makes access tokens like those that edgegate issues. In the benchmark, edgegate and jose check
// the same tokens. Hono checks tokens with the same claims, but with another `typ`.
import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { TEST_SECRETS } from "../../tests/e2e/harness.mjs";

/** A private key for each algorithm, as a JWK that SIGNING_KEYS accepts. */
export function makeKeys() {
  const [eddsa] = JSON.parse(TEST_SECRETS.SIGNING_KEYS).keys;
  const es256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
    format: "jwk",
  });
  return {
    EdDSA: eddsa,
    ES256: { ...es256, kid: "bench-es256", alg: "ES256", use: "sig" },
    HS256: {
      kty: "oct",
      k: randomBytes(32).toString("base64url"),
      kid: "bench-hs256",
      alg: "HS256",
      use: "sig",
    },
  };
}

/**
 * The key that verifies signatures: the public part of a private key, or the shared secret itself.
 */
export function verifyingKey({ d: _d, ...key }) {
  return key;
}

/**
 * Signs `count` tokens with these claims. Each token has its own id (`jti`). A token that is
 * shorter than `bytes` bytes is padded to about this length.
 */
export function signTokens(jwk, claims, { count, typ = "at+jwt", bytes = 0 }) {
  const encode = (object) => Buffer.from(JSON.stringify(object)).toString("base64url");
  const header = encode({ typ, alg: jwk.alg, kid: jwk.kid });
  const signature = signer(jwk);
  const token = (claims) => {
    const signed = `${header}.${encode({ ...claims, jti: randomBytes(16).toString("base64url") })}`;
    return `${signed}.${signature(signed).toString("base64url")}`;
  };
  const filling = Math.floor((bytes - token(claims).length) / (4 / 3)) - ',"filling":""'.length;
  return Array.from({ length: count }, () =>
    token(filling > 0 ? { ...claims, filling: "x".repeat(filling) } : claims),
  );
}

function signer(jwk) {
  if (jwk.kty === "oct") {
    const secret = Buffer.from(jwk.k, "base64url");
    return (text) => createHmac("sha256", secret).update(text).digest();
  }
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  return jwk.kty === "OKP"
    ? (text) => sign(null, Buffer.from(text), key)
    : (text) => sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
}
