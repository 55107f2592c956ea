// Makes new values of the secrets of a deployment.
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

/** A private JWK Set with one Ed25519 key, as JSON. */
export const signingKeys = () => JSON.stringify({ keys: [pair("OKP")] });

/**
 * A new key of the same type as `key`, which is one of SIGNING_KEYS. With another type, tokens
 * would get another algorithm, which the programs that verify them might not support. A set with a
 * symmetric key must not contain keys of another type.
 *
 * @param {{ kty?: string }} key
 * @returns {Jwk}
 */
export function signingKeyLike({ kty }) {
  if (kty !== "oct") return pair(kty === "EC" ? "EC" : "OKP");
  // A thumbprint of a symmetric key would reveal a hash of the secret, so the `kid` is random.
  const kid = randomBytes(16).toString("base64url");
  return { kty, k: ticketSecret(), kid, alg: "HS256", use: "sig" };
}

/** @typedef {{ kty: string, kid: string, [member: string]: unknown }} Jwk */

/**
 * A new pair of keys as a private JWK. Its `kid` is the RFC 7638 thumbprint, so two keys never have
 * the same `kid`.
 *
 * @param {"EC" | "OKP"} type
 * @returns {Jwk}
 */
function pair(type) {
  const [{ privateKey }, alg] =
    type === "EC"
      ? [generateKeyPairSync("ec", { namedCurve: "P-256" }), "ES256"]
      : [generateKeyPairSync("ed25519"), "EdDSA"];
  const jwk = privateKey.export({ format: "jwk" });
  return { ...jwk, kty: type, kid: thumbprint(jwk), alg, use: "sig" };
}

/**
 * The RFC 7638 thumbprint of a key: the SHA-256 of its required members, in the order of their
 * names.
 *
 * @param {import("node:crypto").JsonWebKey} jwk
 */
export function thumbprint({ crv, e, k, kty, n, x, y }) {
  // Each type of key has only the members that it requires.
  const members = JSON.stringify({ crv, e, k: kty === "oct" ? k : undefined, kty, n, x, y });
  return createHash("sha256").update(members).digest("base64url");
}

/**
 * 32 random bytes in base64url. They are used as TICKET_SECRET, from which the service derives the
 * keys for its tickets (tokens such as refresh tokens and mailed links), or as a pepper.
 */
export const ticketSecret = () => randomBytes(32).toString("base64url");

/**
 * A private JWK Set with one RSA key, as JSON, for id_tokens with RS256.
 */
export function idTokenKeys() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = privateKey.export({ format: "jwk" });
  return JSON.stringify({ keys: [{ ...jwk, kid: thumbprint(jwk), alg: "RS256", use: "sig" }] });
}
