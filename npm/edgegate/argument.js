// Reads the arguments that callers pass in. A caller may pass anything: an object with a getter
// that throws, a revoked proxy, an endless iterable.
import { EdgegateError, isEdgegateError } from "./errors.js";

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
export const invalidArgument = (message, cause) =>
  new EdgegateError("invalid_argument", message, { cause });

/**
 * Returns the result of `read`, which reads the argument called `name`. If `read` throws, the
 * caller passed in something that can't be read, so the error is `invalid_argument`.
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

/**
 * Rejects unknown options. If they were ignored, a misspelt option would have its default value,
 * and nobody would notice.
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
 * it as a URL.
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
 * Returns null if `text` is not a URL. Safari 16 and Chrome 109 have no `URL.canParse`.
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
