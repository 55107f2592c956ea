// Reads the payload of the client's own access token: for display, and for when to renew. It verifies nothing; the
// resource server does (`Verifier` of this package).

const LARGEST_TOKEN = 4096;
// The service issues none that lives longer; a forged time must not stop renewals.
const LONGEST_LIFE_SECONDS = 86_400;

/** The claims of `token` that the client uses, or undefined when it is no access token of an edgegate service. */
export function readToken(token) {
  if (typeof token !== "string" || token.length > LARGEST_TOKEN) return undefined;
  const parts = token.split(".");
  if (parts.length !== 3 || !parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part))) return undefined;
  const claims = parse(parts[1]);
  if (claims === null || typeof claims !== "object" || Array.isArray(claims)) return undefined;
  const { iss, sub, sid, iat, exp, auth_time, email, email_verified, roles } = claims;
  if (![iss, sub, sid].every((text) => typeof text === "string" && text !== "")) return undefined;
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp) || iat < 0) return undefined;
  if (exp <= iat || exp - iat > LONGEST_LIFE_SECONDS) return undefined;
  return {
    iss,
    sub,
    sid,
    iat,
    exp,
    auth_time: Number.isSafeInteger(auth_time) ? auth_time : 0,
    email: typeof email === "string" ? email : undefined,
    email_verified: email_verified === true,
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [],
  };
}

function parse(part) {
  try {
    const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
