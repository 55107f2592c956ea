// Reads the arguments that callers pass in. A caller can pass anything, for example an object with
// a getter that throws, a revoked Proxy or an endless iterable.
import { EdgegateError, isEdgegateError } from "./errors.js";

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
export const invalidArgument = (message, cause) =>
  new EdgegateError("invalid_argument", message, { cause });

/**
 * Returns the result of `read`, which reads the argument called `name`. If `read` throws, the
 * caller has passed in something that can't be read, so this function throws `invalid_argument`.
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
 * Returns the entries of an iterable as an array. Throws if there are more than `max` entries. Also
 * throws if `value` is a string: a string is iterable, but its entries are its characters, and no
 * caller wants those.
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

/**
 * Throws if `options` has a member that is not in `known`. If this function did not throw, nobody
 * would notice a misspelt option: it would be ignored, and the option that the caller meant would
 * silently have its default value.
 *
 * @param {object} options
 * @param {readonly string[]} known
 */
export function rejectUnknown(options, known) {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw invalidArgument(`unknown option ${unknown}. The options are ${known.join(", ")}`);
}

/**
 * Reads an origin, such as `https://auth.example.com`, with or without a slash at its end. Returns
 * the origin as a URL.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function readOrigin(name, value) {
  const text = readArgument(name, () => String(value));
  const url = parseUrl(text);
  if (!url || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href)
    throw invalidArgument(`${name} must be an origin, such as https://auth.example.com`);
  return url;
}

/**
 * Returns null if `text` is not a URL. This function does not use `URL.canParse`, because Safari 16
 * and Chrome 109 don't have it.
 *
 * @param {string} text
 */
function parseUrl(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
