// The errors of the package. All of them have the same class, and `code` says which error it is.
// `ERROR_CODES` lists all codes that exist. docs/errors.md explains each code.
/** @import { EdgegateErrorDetails, ErrorCode } from "./types/errors.d.ts" */
import { STATUS } from "./generated.js";

/** The codes that only this package uses. The other codes are those of the service. */
const PACKAGE_CODES = /** @type {const} */ ([
  "invalid_argument",
  "invalid_key_set",
  "key_set_unavailable",
  "wasm_unavailable",
  "network_error",
  "signed_out",
  "redirect_failed",
  "sign_in_refused",
  "invalid_id_token",
  "not_for_apps",
]);

/** The codes of the service, then those of the package, in the order of docs/errors.md. */
export const ERROR_CODES = /* @__PURE__ */ allCodes();

function allCodes() {
  const ofService = /** @type {(keyof typeof STATUS)[]} */ (Object.keys(STATUS));
  return Object.freeze([...ofService, ...PACKAGE_CODES]);
}

export class EdgegateError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {EdgegateErrorDetails | null} [details]
   */
  constructor(code, message, details) {
    const { reason, status, retryAfter, errors, reasons, maxAge, requestId, cause } = details ?? {};
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    // A detail without a value is left out. Otherwise a log that prints the error would show the
    // detail as undefined.
    if (reason !== undefined) this.reason = reason;
    if (status !== undefined) this.status = status;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
    if (errors !== undefined) this.errors = errors;
    if (reasons !== undefined) this.reasons = reasons;
    if (maxAge !== undefined) this.maxAge = maxAge;
    if (requestId !== undefined) this.requestId = requestId;
  }

  // `name` is on the prototype, as in built-in errors. If it were an own property, a log that
  // prints the error's properties would print the name too.
  /** @returns {"EdgegateError"} */
  get name() {
    return "EdgegateError";
  }
}

/**
 * The same as `thrown instanceof EdgegateError`, but this function never throws. `instanceof`
 * throws if the value is a Proxy that throws when somebody inspects it.
 *
 * @param {unknown} thrown
 * @returns {thrown is EdgegateError}
 */
export function isEdgegateError(thrown) {
  try {
    return thrown instanceof EdgegateError;
  } catch {
    return false;
  }
}

/**
 * The code of an EdgegateError; undefined for any other value.
 *
 * @param {unknown} thrown
 */
export const codeOf = (thrown) => (isEdgegateError(thrown) ? thrown.code : undefined);

/**
 * Returns the reason why a fetch failed in Node, such as ` (ECONNREFUSED)`. Callers add it to an
 * error message, because the message of Node's own error is only "fetch failed". If the error has
 * no such code, as on most other platforms, the result is an empty string.
 *
 * @param {unknown} error
 */
export function becauseOf(error) {
  try {
    const { code } = /** @type {{ cause: { code: unknown } }} */ (error).cause;
    return typeof code === "string" && /^[A-Z_]{1,40}$/.test(code) ? ` (${code})` : "";
  } catch {
    return "";
  }
}
