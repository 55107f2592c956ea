// Reads the payload of the client's own access token, to show who is signed in and to know when to
// renew. Nothing is verified here: the server that receives the token verifies it (see `Verifier`).
import { ACCESS_TOKEN_MAX_BYTES, ACCESS_TOKEN_MAX_LIFE_SECONDS } from "../generated.js";
import { decodeText } from "../text.js";

/**
 * The claims that the client uses.
 *
 * @typedef {object} Claims
 * @property {string} iss
 * @property {string} sub
 * @property {string} sid
 * @property {number} iat
 * @property {number} exp
 * @property {number} auth_time 0 if the token has none.
 * @property {string | undefined} email
 * @property {boolean} email_verified
 * @property {string[]} roles
 */

/**
 * The claims of an access token; undefined if `token` does not have the form of an access token of
 * an edgegate service.
 *
 * @param {unknown} token
 * @returns {Claims | undefined}
 */
export function readToken(token) {
  if (typeof token !== "string" || token.length > ACCESS_TOKEN_MAX_BYTES) return undefined;
  const parts = token.split(".");
  if (parts.length !== 3 || !parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part))) return undefined;
  const claims = parse(parts[1]);
  if (claims === null || typeof claims !== "object" || Array.isArray(claims)) return undefined;
  const { iss, sub, sid, iat, exp, auth_time, email, email_verified, roles } = claims;
  if (!isName(iss) || !isName(sub) || !isName(sid)) return undefined;
  if (!isInteger(iat) || !isInteger(exp) || iat < 0) return undefined;
  // A forged `exp`, for example in ten years, must not stop the renewals.
  if (exp <= iat || exp - iat > ACCESS_TOKEN_MAX_LIFE_SECONDS) return undefined;
  return {
    iss,
    sub,
    sid,
    iat,
    exp,
    auth_time: isInteger(auth_time) ? auth_time : 0,
    email: typeof email === "string" ? email : undefined,
    email_verified: email_verified === true,
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [],
  };
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
const isName = (value) => typeof value === "string" && value !== "";

/**
 * @param {unknown} value
 * @returns {value is number}
 */
const isInteger = (value) => Number.isSafeInteger(value);

/**
 * @param {string} part
 * @returns {Partial<Record<keyof Claims, unknown>> | null}
 */
function parse(part) {
  try {
    const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return JSON.parse(decodeText(bytes));
  } catch {
    return null;
  }
}
