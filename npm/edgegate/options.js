// Checks the arguments that the caller passes in. If an argument is wrong, the error names it.
/** @import { RemoteVerifierOptions } from "./types/index.d.ts" */
import { invalidArgument, readArgument, readOrigin, rejectUnknown } from "./argument.js";
import { CLOCK_TOLERANCE_MAX_SECONDS, EXPECTED_MAX_BYTES } from "./generated.js";

const EXPECTED = ["issuer", "audience", "clockTolerance", "now", "currentDate"];
const REMOTE = [...EXPECTED, "fetch"];

/**
 * Reads the options of `Verifier.fromJwks`. With `remote`, it reads the options of `fromJwksUrl`.
 * With `remote` and `issuer`, it reads the options of `fromIssuer`, where the issuer is an argument
 * and not an option.
 *
 * @param {unknown} options
 * @param {{remote?: boolean, issuer?: string}} [form]
 */
export function readOptions(options, { remote = false, issuer: ofService } = {}) {
  if (typeof options !== "object" || options === null)
    throw invalidArgument(
      `options must be an object with ${ofService ? "audience" : "issuer and audience"}`,
    );
  const known = (remote ? REMOTE : EXPECTED).filter((name) => !ofService || name !== "issuer");
  // Each member is read only once. At a second read, a getter could return another value, which
  // would then be used without a check.
  const read = readArgument("options", () => {
    rejectUnknown(options, known);
    const given = /** @type {Partial<Record<keyof RemoteVerifierOptions, unknown>>} */ (options);
    const { issuer = ofService, audience, clockTolerance = 0, currentDate, now, fetch } = given;
    return { issuer, audience, clockTolerance, currentDate, now, fetch };
  });
  const { issuer, audience, clockTolerance, currentDate, now, fetch } = read;
  if (fetch !== undefined && typeof fetch !== "function")
    throw invalidArgument("fetch must be a function");
  return {
    issuer: readExpected("issuer", issuer),
    audience: readExpected("audience", audience),
    clockTolerance: readTolerance(clockTolerance),
    now: readClock(now, currentDate),
    fetch: /** @type {RemoteVerifierOptions["fetch"]} */ (fetch),
  };
}

// The wasm checks `issuer`, `audience` and `clockTolerance` too, but it is loaded later. The next
// two functions check them now, so that the caller learns of a mistake at once.

/**
 * @param {string} name
 * @param {unknown} value
 */
function readExpected(name, value) {
  if (typeof value !== "string") throw invalidArgument(`${name} must be a string`);
  if (value === "") throw invalidArgument(`${name} must not be empty`);
  if (value.length > EXPECTED_MAX_BYTES) throw invalidArgument(`${name} is too long`);
  return value;
}

/** @param {unknown} value */
function readTolerance(value) {
  const seconds = /** @type {number} */ (value);
  if (!Number.isInteger(value) || seconds < 0 || seconds > CLOCK_TOLERANCE_MAX_SECONDS)
    throw invalidArgument(
      `clockTolerance must be whole seconds from 0 to ${CLOCK_TOLERANCE_MAX_SECONDS}`,
    );
  return seconds;
}

/**
 * Returns a function that gives the time at which tokens are verified, in Unix seconds.
 *
 * @param {unknown} now
 * @param {unknown} currentDate
 */
function readClock(now, currentDate) {
  if (now !== undefined && currentDate !== undefined)
    throw invalidArgument("now and currentDate exclude each other: pass one of them");
  if (currentDate !== undefined) {
    const seconds = readDate(currentDate);
    return () => seconds;
  }
  if (now === undefined) return () => Math.floor(Date.now() / 1000);
  if (typeof now !== "function") throw invalidArgument("now must be a function");
  return () => {
    const time = readArgument("now", () => now());
    if (typeof time !== "number" || !(time >= 0) || time === Infinity)
      throw invalidArgument("now must return Unix milliseconds, as Date.now does");
    return Math.floor(time / 1000);
  };
}

/** @param {unknown} date */
function readDate(date) {
  // Unlike `instanceof Date`, this also accepts a Date of another realm, such as an iframe's. It
  // throws for anything that is not a Date.
  const time = readArgument("currentDate", () =>
    Date.prototype.getTime.call(/** @type {Date} */ (date)),
  );
  if (!(time >= 0)) throw invalidArgument("currentDate must be a valid Date");
  return Math.floor(time / 1000);
}

/**
 * Reads the address of a key set. It must be https, or http on this machine. A relative address is
 * resolved against the address of the page.
 *
 * @param {unknown} given
 * @param {string} [name] The name of the argument, for error messages.
 */
export function readUrl(given, name = "url") {
  const url = readArgument(name, () => new URL(String(given), globalThis.location?.href));
  const isLoopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) {
    throw invalidArgument(
      `${name} must begin with https: over http, an attacker in between could replace the keys and sign tokens`,
    );
  }
  if (url.username || url.password)
    throw invalidArgument(`${name} must not contain a user name or a password`);
  return url;
}

/**
 * Reads the origin of the service, which is also the `iss` of the service's tokens.
 *
 * @param {unknown} given
 */
export const readIssuer = (given) => readOrigin("issuer", given).origin;

const NO_KEY_SET = "jwks must be a JWK Set: an object with keys, or its JSON";

/**
 * Reads a key set, and returns it as JSON.
 *
 * @param {unknown} jwks
 * @returns {string}
 */
export function readJwks(jwks) {
  if (typeof jwks === "string") return jwks;
  if (typeof jwks !== "object" || jwks === null) throw invalidArgument(NO_KEY_SET);
  const text = readArgument("jwks", () => JSON.stringify(jwks));
  // The result is undefined if the object's `toJSON` returns undefined.
  if (typeof text !== "string") throw invalidArgument(NO_KEY_SET);
  return text;
}
