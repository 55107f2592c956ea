// Turns what the wasm throws into an EdgegateError.
/** @import { ErrorReason } from "./types/errors.d.ts" */
import { EdgegateError, isEdgegateError } from "./errors.js";

/**
 * The object that the wasm throws: a `Refusal` of crates/browser/src/refusal.rs.
 *
 * @typedef {object} Refusal
 * @property {"invalid_argument" | "invalid_token" | "invalid_key_set"} code
 * @property {string} [argument] The name of the argument. Only with `invalid_argument`.
 * @property {string} [problem] What is wrong with the argument. Only with `invalid_argument`.
 * @property {ErrorReason} reason
 * @property {number} [position] The index of the invalid key. Only with `invalid_key_set`.
 */

/**
 * Turns a `Refusal` into an EdgegateError with the same code. Returns an EdgegateError unchanged.
 * Anything else comes from a bug, and becomes an error with the code `internal`.
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
 * The error for something that must never happen, such as a trap of the wasm.
 *
 * @param {unknown} cause
 */
export const bug = (cause) =>
  new EdgegateError("internal", "this is a bug in edgegate: please report it", { cause });

/**
 * Whether `thrown` is a plain object with a code. `thrown` can be anything, even a Proxy that
 * throws when it is inspected.
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
