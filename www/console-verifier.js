// Verifies tokens with the package and the keys of this service.
import { Verifier } from "/edgegate/web.js";

/** @typedef {{issuer: string, audience: string}} Expected */

/** @type {Map<string, Promise<Verifier>>} */
const made = new Map();

/**
 * The verifier for an issuer and an audience. Each such verifier is made only once. If making it
 * fails, the next call tries again.
 *
 * @param {Expected} expected
 */
export function verifierFor({ issuer, audience }) {
  const key = JSON.stringify([issuer, audience]);
  const known = made.get(key);
  if (known) return known;
  const url = new URL("/.well-known/jwks.json", location.origin);
  const verifier = ready(Verifier.fromJwksUrl(url, { issuer, audience }));
  verifier.catch(() => made.delete(key));
  made.set(key, verifier);
  return verifier;
}

/**
 * Waits until the verifier has loaded the keys. If loading them fails, this function rejects with
 * the reason. The verifier's methods `isAuthorized…` would only return false, without the reason.
 *
 * @param {Verifier} verifier
 */
async function ready(verifier) {
  await verifier.ready();
  return verifier;
}

/**
 * The issuer: the URL by which the service identifies itself in tokens. It can differ from the
 * origin of this page, for example if the page was opened at localhost while the issuer has the
 * host 127.0.0.1.
 *
 * @returns {Promise<string>}
 */
export async function issuerOfService() {
  try {
    const response = await fetch("/.well-known/oauth-authorization-server", {
      signal: AbortSignal.timeout(10_000),
    });
    const { issuer } = await response.json();
    return typeof issuer === "string" ? issuer : location.origin;
  } catch {
    return location.origin;
  }
}
