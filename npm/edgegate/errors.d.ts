// The errors of the whole package: "edgegate" and "edgegate/client" export them.

/** The service's own codes: the member `code` of its answers (RFC 9457), or `error` at the OAuth endpoints (RFC 6749). */
export type ServiceErrorCode =
  | "invalid_request"
  | "invalid_field"
  | "weak_password"
  | "invalid_credentials"
  | "invalid_link"
  | "invalid_token"
  | "reauthentication_required"
  | "invalid_grant"
  | "invalid_client"
  | "unsupported_grant_type"
  | "forbidden"
  | "registration_closed"
  | "email_taken"
  | "last_administrator"
  | "not_found"
  | "method_not_allowed"
  | "payload_too_large"
  | "unsupported_media_type"
  | "rate_limited"
  | "unavailable"
  | "misconfigured"
  | "internal";

/** What this package finds by itself. */
export type PackageErrorCode =
  /** The caller's mistake: an argument of the wrong type or out of range. */
  | "invalid_argument"
  /**
   * What was read is not a key set, has no usable key, or has something that must not be published,
   * such as a private key: `reason` says what.
   */
  | "invalid_key_set"
  /** The key set could not be fetched. */
  | "key_set_unavailable"
  /** The wasm could not be loaded: the message says why, and what to do. */
  | "wasm_unavailable"
  /** No answer came, or one that is not the service's. */
  | "network_error"
  /** Nobody is signed in. */
  | "signed_out";

/** The closed list of codes: docs/errors.md of edgegate says what each means and what to do. */
export type ErrorCode = ServiceErrorCode | PackageErrorCode;

/**
 * Every error of this package; only the reason of a caller's own `AbortSignal` comes as it is. Go by
 * `code`; messages are for people and may change. None holds a token, a password or an address.
 */
export class EdgegateError extends Error {
  constructor(code: ErrorCode, message: string, details?: EdgegateErrorDetails);
  readonly name: "EdgegateError";
  readonly code: ErrorCode;
  /** With `invalid_token` and `invalid_key_set`: which rule was broken, as `expired` or `duplicate_kid`. For logs and tests. */
  readonly reason?: string;
  /** The HTTP status, when the service answered. */
  readonly status?: number;
  /** With `rate_limited` and `unavailable`: seconds to wait. */
  readonly retryAfter?: number;
  /** With `invalid_field`: which fields, and why. */
  readonly errors?: readonly { readonly field: string; readonly reason: string }[];
  /** With `weak_password`: `too_short`, `too_long`, `too_common`, `contains_address`, `context_word`, `breached`. */
  readonly reasons?: readonly string[];
  /** With `reauthentication_required`: how old the last proof may be, in seconds. */
  readonly maxAge?: number;
  /** The `X-Request-Id` of the service's answer. */
  readonly requestId?: string;
}

/** What an {@link EdgegateError} may say beside its code. */
export interface EdgegateErrorDetails {
  reason?: string;
  status?: number;
  retryAfter?: number;
  errors?: readonly { readonly field: string; readonly reason: string }[];
  reasons?: readonly string[];
  maxAge?: number;
  requestId?: string;
  cause?: unknown;
}
