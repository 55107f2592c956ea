// Makes new values of the secrets of a deployment.
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

/**
 * A private JWK Set with one Ed25519 key, as JSON. Its `kid` is the key's RFC 7638 thumbprint, so
 * two keys never have the same `kid`.
 */
export function signingKeys() {
  const { crv, d, kty, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
  return JSON.stringify({ keys: [{ kty, crv, x, d, kid, alg: "EdDSA", use: "sig" }] });
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
  const { e, kty, n } = jwk;
  const kid = createHash("sha256").update(JSON.stringify({ e, kty, n })).digest("base64url");
  return JSON.stringify({ keys: [{ ...jwk, kid, alg: "RS256", use: "sig" }] });
}
