// The errors of the package. There is one class. `code` says which error it is. The list of codes
// is closed, and docs/errors.md explains each of them.
/** @import { EdgegateErrorDetails, ErrorCode } from "./types/errors.d.ts" */
import { STATUS } from "./generated.js";

/** The errors that the package itself finds. */
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
    // Unknown details are left out: a log that prints the error would show them as undefined.
    if (reason !== undefined) this.reason = reason;
    if (status !== undefined) this.status = status;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
    if (errors !== undefined) this.errors = errors;
    if (reasons !== undefined) this.reasons = reasons;
    if (maxAge !== undefined) this.maxAge = maxAge;
    if (requestId !== undefined) this.requestId = requestId;
  }

  // On the prototype, like the names of built-in errors. A log would print an own property too.
  /** @returns {"EdgegateError"} */
  get name() {
    return "EdgegateError";
  }
}

/**
 * `instanceof`, but safe: a thrown value may be a proxy that throws when it is inspected.
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
 * Why a fetch failed in Node, such as ` (ECONNREFUSED)`: the message of Node's error is only "fetch
 * failed". Empty on other platforms.
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
