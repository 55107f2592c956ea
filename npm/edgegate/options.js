// Checks what the caller passes in. A mistake becomes an error that names the argument.
/** @import { RemoteVerifierOptions } from "./types/index.d.ts" */
import { invalidArgument, readArgument, readList } from "./argument.js";
import { ROLES_ASKED_MAX } from "./generated.js";

/**
 * The wasm checks `issuer`, `audience` and `clockTolerance`.
 *
 * @param {unknown} options
 */
export function readOptions(options) {
  if (typeof options !== "object" || options === null)
    throw invalidArgument("options must be an object with issuer and audience");
  // Each member is read once, so that the value that was checked is the value that is used.
  const { issuer, audience, clockTolerance, currentDate, fetch } = readArgument("options", () => {
    const given = /** @type {Partial<Record<keyof RemoteVerifierOptions, unknown>>} */ (options);
    const { issuer, audience, clockTolerance = 0, currentDate, fetch } = given;
    return { issuer, audience, clockTolerance, currentDate, fetch };
  });
  if (fetch !== undefined && typeof fetch !== "function")
    throw invalidArgument("fetch must be a function");
  return {
    issuer,
    audience,
    clockTolerance,
    now: clock(currentDate),
    fetch: /** @type {RemoteVerifierOptions["fetch"]} */ (fetch),
  };
}

/**
 * A function that returns the time to verify at, in Unix seconds.
 *
 * @param {unknown} currentDate
 */
function clock(currentDate) {
  if (currentDate === undefined) return () => Math.floor(Date.now() / 1000);
  // `instanceof` would reject a Date of another realm, such as an iframe's.
  const time = readArgument("currentDate", () =>
    Date.prototype.getTime.call(/** @type {Date} */ (currentDate)),
  );
  if (!(time >= 0)) throw invalidArgument("currentDate must be a valid Date");
  const seconds = Math.floor(time / 1000);
  return () => seconds;
}

/**
 * The address of a key set: https, or http on this machine. A relative address is relative to the
 * page.
 *
 * @param {unknown} given
 */
export function readUrl(given) {
  const url = readArgument("url", () => new URL(String(given), globalThis.location?.href));
  const isLoopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) {
    throw invalidArgument(
      "url must begin with https: over http, an attacker in between could replace the keys and sign tokens",
    );
  }
  if (url.username || url.password)
    throw invalidArgument("url must not contain a user name or a password");
  return url;
}

const NO_KEY_SET = "jwks must be a JWK Set: an object with keys, or its JSON";

/**
 * A key set as JSON.
 *
 * @param {unknown} jwks
 * @returns {string}
 */
export function readJwks(jwks) {
  if (typeof jwks === "string") return jwks;
  if (typeof jwks !== "object" || jwks === null) throw invalidArgument(NO_KEY_SET);
  const text = readArgument("jwks", () => JSON.stringify(jwks));
  // An object whose `toJSON` returns undefined has no JSON.
  if (typeof text !== "string") throw invalidArgument(NO_KEY_SET);
  return text;
}

/**
 * The entries are checked by the wasm.
 *
 * @param {unknown} roles
 */
export const readRoles = (roles) => readList("roles", roles, ROLES_ASKED_MAX);
