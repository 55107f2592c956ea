// Turns what the wasm throws into an EdgegateError.
import { EdgegateError, isEdgegateError } from "./errors.js";

/**
 * The wasm throws `[code, reason, more]`: crates/browser/src/refusal.rs.
 *
 * @param {unknown} thrown
 */
export function asError(thrown) {
  if (isEdgegateError(thrown)) return thrown;
  if (!isArray(thrown)) return bug(thrown);
  const [code, reason, more] = thrown;
  if (code === "invalid_argument") return new EdgegateError(code, `${reason} ${more}`);
  if (code === "invalid_token")
    return new EdgegateError(code, `the token is not valid: ${reason}`, { reason });
  return new EdgegateError(
    code,
    `the key set is not valid: ${reason}${more === undefined ? "" : `, key ${more} (counted from 0)`}`,
    { reason },
  );
}

/**
 * For what must not happen, such as a trap.
 *
 * @param {unknown} cause
 */
export const bug = (cause) =>
  new EdgegateError("internal", "this is a bug in edgegate: please report it", { cause });

/**
 * @param {unknown} thrown
 * @returns {thrown is [code: "invalid_argument" | "invalid_token" | "invalid_key_set", reason:
 *   string, more?: string | number]}
 */
function isArray(thrown) {
  try {
    return Array.isArray(thrown);
  } catch {
    return false;
  }
}
