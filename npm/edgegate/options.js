// What the caller hands in, checked: a mistake is one clear error that names the argument.
import { guarded, listOf, wrong } from "./argument.js";

/** Longest list of roles: ROLES_ASKED_MAX of src/domain/policy.rs. */
const MOST_ROLES = 256;

/** `issuer`, `audience` and `clockTolerance` are checked by the wasm. */
export function readOptions(options) {
  if (typeof options !== "object" || options === null)
    throw wrong("options must be an object with issuer and audience");
  // Each is read once: what was checked is what is used.
  const {
    issuer,
    audience,
    clockTolerance = 0,
    currentDate,
    fetch,
  } = guarded("options", () => ({ ...pick(options) }));
  if (fetch !== undefined && typeof fetch !== "function") throw wrong("fetch must be a function");
  return { issuer, audience, clockTolerance, now: clock(currentDate), fetch };
}

const pick = ({ issuer, audience, clockTolerance, currentDate, fetch }) => ({
  issuer,
  audience,
  clockTolerance,
  currentDate,
  fetch,
});

/** Unix seconds. */
function clock(currentDate) {
  if (currentDate === undefined) return () => Math.floor(Date.now() / 1000);
  // Not by `instanceof`: a Date of another realm is one too.
  const time = guarded("currentDate", () => Date.prototype.getTime.call(currentDate));
  if (!(time >= 0)) throw wrong("currentDate must be a valid Date");
  const seconds = Math.floor(time / 1000);
  return () => seconds;
}

/** The address of a key set: https, or http on this very machine. Relative ones are the page's. */
export function readUrl(given) {
  const url = guarded("url", () => new URL(String(given), globalThis.location?.href));
  const loopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback)) {
    throw wrong(
      "url must begin with https: whoever can change the key set on its way can make tokens",
    );
  }
  if (url.username || url.password) throw wrong("url must not hold a password");
  return url;
}

/** A key set as text. */
export function readJwks(jwks) {
  if (typeof jwks === "string") return jwks;
  if (typeof jwks !== "object" || jwks === null)
    throw wrong("jwks must be a JWK Set: an object with keys, or its JSON");
  const text = guarded("jwks", () => JSON.stringify(jwks));
  if (typeof text !== "string")
    throw wrong("jwks must be a JWK Set: an object with keys, or its JSON");
  return text;
}

/** An array of whatever is in there. */
export const readRoles = (roles) => listOf("roles", roles, MOST_ROLES);
