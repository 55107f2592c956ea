// Errors: one class, told apart by `code`. The list is closed; docs/errors.md says what each means.

/** What the service answers, in the order of docs/errors.md. */
const SERVICE_CODES = [
  "invalid_request",
  "invalid_field",
  "weak_password",
  "invalid_credentials",
  "invalid_link",
  "invalid_token",
  "reauthentication_required",
  "invalid_grant",
  "invalid_client",
  "unsupported_grant_type",
  "forbidden",
  "registration_closed",
  "email_taken",
  "last_administrator",
  "not_found",
  "method_not_allowed",
  "payload_too_large",
  "unsupported_media_type",
  "rate_limited",
  "unavailable",
  "misconfigured",
  "internal",
];

/** What this package finds by itself. */
const PACKAGE_CODES = [
  "invalid_argument",
  "invalid_key_set",
  "key_set_unavailable",
  "wasm_unavailable",
  "network_error",
  "signed_out",
];

/** All of them. */
export const ERROR_CODES = /* @__PURE__ */ Object.freeze([...SERVICE_CODES, ...PACKAGE_CODES]);

const DETAILS = ["reason", "status", "retryAfter", "errors", "reasons", "maxAge", "requestId"];

export class EdgegateError extends Error {
  /** `details`: those of DETAILS that are known, and `cause`. */
  constructor(code, message, details) {
    super(message, details?.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    for (const name of DETAILS) if (details?.[name] !== undefined) this[name] = details[name];
  }

  // On the prototype, as the names of built-in errors are: an own property would be listed with the details.
  get name() {
    return "EdgegateError";
  }
}

/** Whether it is one. What was thrown may be a proxy that throws when it is looked at. */
export function isEdgegateError(thrown) {
  try {
    return thrown instanceof EdgegateError;
  } catch {
    return false;
  }
}
