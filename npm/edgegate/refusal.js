// What the wasm throws, as an EdgegateError.
import { EdgegateError, isEdgegateError } from "./errors.js";

/** Makes an EdgegateError of what the wasm throws: `[code, reason, more]`. */
export function asError(thrown) {
  if (isEdgegateError(thrown)) return thrown;
  if (!isArray(thrown)) return bug(thrown);
  const [code, reason, more] = thrown;
  if (code === "invalid_argument") return new EdgegateError(code, `${reason} ${more}`);
  if (code === "invalid_token")
    return new EdgegateError(code, `the token is not valid: ${reason}`, { reason });
  return new EdgegateError(
    code,
    `the key set is not valid: ${reason}${more === undefined ? "" : `, key ${more} (from 0)`}`,
    { reason },
  );
}

/** Something that must not happen, such as a trap. */
export const bug = (cause) =>
  new EdgegateError("internal", "edgegate: a bug, please report it", { cause });

function isArray(thrown) {
  try {
    return Array.isArray(thrown);
  } catch {
    return false;
  }
}
