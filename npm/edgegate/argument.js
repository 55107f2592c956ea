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

/**
 * Rejects unknown members. Otherwise a misspelt option would be ignored, and its default used.
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
 * An origin, such as `https://auth.example.com`, with or without a slash at its end.
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
 * Safari 16 and Chrome 109 have no `URL.canParse`.
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
