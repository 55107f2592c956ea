// Turns what the wasm throws into an EdgegateError.
/** @import { ErrorReason } from "./types/errors.d.ts" */
import { EdgegateError, isEdgegateError } from "./errors.js";

/**
 * What the wasm throws: a `Refusal` of crates/browser/src/refusal.rs.
 *
 * @typedef {object} Refusal
 * @property {"invalid_argument" | "invalid_token" | "invalid_key_set"} code
 * @property {string} [argument] of `invalid_argument`
 * @property {string} [problem] of `invalid_argument`
 * @property {ErrorReason} reason
 * @property {number} [position] the index of the key, of `invalid_key_set`
 */

/**
 * A `Refusal` as an EdgegateError; anything else as `bug`.
 *
 * @param {unknown} thrown
 */
export function asError(thrown) {
  if (isEdgegateError(thrown)) return thrown;
  if (!isRefusal(thrown)) return bug(thrown);
  const { code, argument, problem, reason, position } = thrown;
  if (code === "invalid_argument") return new EdgegateError(code, `${argument} ${problem}`);
  if (code === "invalid_token") return invalidToken(reason);
  const which = position === undefined ? "" : `, key ${position} (counted from 0)`;
  return new EdgegateError(code, `the key set is not valid: ${reason}${which}`, { reason });
}

/** @param {ErrorReason} reason the first rule that the token breaks */
export const invalidToken = (reason) =>
  new EdgegateError("invalid_token", `the token is not valid: ${reason}`, { reason });

/**
 * For what must not happen, such as a trap.
 *
 * @param {unknown} cause
 */
export const bug = (cause) =>
  new EdgegateError("internal", "this is a bug in edgegate: please report it", { cause });

/**
 * Whether it is a plain object with a code. Anything may have been thrown, even a Proxy that throws.
 *
 * @param {unknown} thrown
 * @returns {thrown is Refusal}
 */
function isRefusal(thrown) {
  try {
    return (
      Object.getPrototypeOf(thrown) === Object.prototype && Object.hasOwn(Object(thrown), "code")
    );
  } catch {
    return false;
  }
}
