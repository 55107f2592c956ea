// What a caller hands in may be anything: a getter that throws, a revoked proxy, a list without an
// end.
import { EdgegateError, isEdgegateError } from "./errors.js";

export const wrong = (message, cause) => new EdgegateError("invalid_argument", message, { cause });

/** What `read` makes of the argument `name`. Whatever that throws is the caller's mistake. */
export function guarded(name, read) {
  try {
    return read();
  } catch (cause) {
    throw isEdgegateError(cause) ? cause : wrong(`${name} can't be read`, cause);
  }
}

/** The entries of a list, `most` at most. A string is a list of its letters, and never meant so. */
export function listOf(name, value, most) {
  return guarded(name, () => {
    if (typeof value === "string" || typeof value?.[Symbol.iterator] !== "function")
      throw wrong(`${name} must be a list`);
    const list = [];
    for (const entry of value) {
      if (list.length >= most) throw wrong(`${name} are too many`);
      list.push(entry);
    }
    return list;
  });
}
