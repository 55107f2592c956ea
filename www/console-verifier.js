// The verifier of the package, with this service's keys.
import { Verifier } from "/edgegate/web.js";

const made = new Map();

/** The verifier for what is expected: made once. One that could not be made is tried again the next time. */
export function verifierFor({ issuer, audience }) {
  const key = JSON.stringify([issuer, audience]);
  if (!made.has(key)) {
    const verifier = Verifier.fromJwksUrl(new URL("/.well-known/jwks.json", location.origin), {
      issuer,
      audience,
    });
    verifier.catch(() => made.delete(key));
    made.set(key, verifier);
  }
  return made.get(key);
}

/** What the service calls itself, which is not always how this page was reached (localhost, 127.0.0.1). */
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
