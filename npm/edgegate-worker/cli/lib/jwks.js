// The public keys of a deployed service.
import { Advice } from "./advice.js";
import { thumbprint } from "./secrets.js";

const ANSWER_MS = 10_000;
const PRIVATE = ["d", "k", "p", "q", "dp", "dq", "qi"];

/**
 * Requests the service's `/.well-known/jwks.json`.
 *
 * @param {string} origin
 * @returns {Promise<{ keys: { kid: string, kty: string }[], leaked: string[], date: string | null }>}
 *   `leaked`: ids of published keys that contain a private member
 */
export async function fetchKeys(origin) {
  const url = `${origin}/.well-known/jwks.json`;
  const response = await fetch(url, {
    redirect: "error",
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch(({ message, cause }) => {
    const reason = cause instanceof Error ? cause.message : message;
    throw new Advice(`${url} did not answer: ${reason}`);
  });
  if (!response.ok) throw new Advice(`${url} answered ${response.status}`);
  const { keys } = /** @type {{ keys: { kid: string, kty: string }[] }} */ (await response.json());
  const leaked = keys
    .filter((key) => PRIVATE.some((member) => member in key))
    .map(({ kid }) => kid);
  return { keys, leaked, date: response.headers.get("date") };
}

/**
 * The ids of the published keys that belong to SIGNING_KEYS. The service also publishes the RSA keys
 * of ID_TOKEN_KEYS.
 *
 * @param {{ kid: string, kty: string }[]} published
 */
export const signingIds = (published) =>
  published.filter(({ kty }) => kty !== "RSA").map(({ kid }) => kid);

/**
 * The ids of the keys in the secret SIGNING_KEYS, in the same order. The service signs with the
 * first key, and publishes all keys except symmetric ones.
 *
 * @param {string} secret
 * @returns {{ kid: string, isPublished: boolean }[]}
 */
export const idsIn = (secret) =>
  JSON.parse(secret).keys.map((/** @type {import("node:crypto").JsonWebKey} */ key) => ({
    kid: idOf(key),
    isPublished: key.kty !== "oct",
  }));

/**
 * The id of a key. As in the service, a key without `kid` has its RFC 7638 thumbprint as its id.
 *
 * @param {import("node:crypto").JsonWebKey} key
 * @returns {string}
 */
export const idOf = (key) => (typeof key.kid === "string" ? key.kid : thumbprint(key));
