// Reads arguments. A caller may pass anything: a getter that throws, a revoked proxy, an endless
// iterable.
import { EdgegateError, isEdgegateError } from "./errors.js";

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
export const invalidArgument = (message, cause) =>
  new EdgegateError("invalid_argument", message, { cause });

/**
 * Calls `read`, which reads the argument `name`. If it throws, the caller has made a mistake.
 *
 * @template T
 * @param {string} name
 * @param {() => T} read
 * @returns {T}
 */
export function readArgument(name, read) {
  try {
    return read();
  } catch (cause) {
    throw isEdgegateError(cause) ? cause : invalidArgument(`${name} can't be read`, cause);
  }
}

/**
 * The entries of an iterable. Rejects more than `max` entries, and strings: iterating over a string
 * would give its characters, and no caller wants that.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {number} max
 */
export function readList(name, value, max) {
  return readArgument(name, () => {
    const iterable = /** @type {Iterable<unknown>} */ (value);
    if (typeof value === "string" || typeof iterable?.[Symbol.iterator] !== "function")
      throw invalidArgument(`${name} must be a list`);
    const list = [];
    for (const entry of iterable) {
      if (list.length >= max) throw invalidArgument(`${name} must have at most ${max} entries`);
      list.push(entry);
    }
    return list;
  });
}
