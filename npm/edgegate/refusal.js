// Makes an EdgegateError of what a call of the wasm throws.
import { EdgegateError, isEdgegateError } from "./errors.js";

/** Makes an EdgegateError of a `Refusal` of crates/browser/src/refusal.rs; of anything else, `bug`. */
export function asError(thrown) {
  if (isEdgegateError(thrown)) return thrown;
  if (!isRefusal(thrown)) return bug(thrown);
  const { code, argument, problem, reason, position } = thrown;
  if (code === "invalid_argument") return new EdgegateError(code, `${argument} ${problem}`);
  if (code === "invalid_token")
    return new EdgegateError(code, `the token is not valid: ${reason}`, { reason });
  return new EdgegateError(
    code,
    `the key set is not valid: ${reason}${position === undefined ? "" : `, key ${position} (from 0)`}`,
    { reason },
  );
}

/** For what must never happen, such as a trap. */
export const bug = (cause) =>
  new EdgegateError("internal", "edgegate: a bug, please report it", { cause });

/** Whether it is a plain object with a code. Anything may have been thrown, even a proxy that throws. */
function isRefusal(thrown) {
  try {
    return Object.getPrototypeOf(thrown) === Object.prototype && Object.hasOwn(thrown, "code");
  } catch {
    return false;
  }
}
