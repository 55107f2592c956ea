// The errors of the whole package: both "edgegate" and "edgegate/client" export them.
import type { InvalidKeySetReason, InvalidTokenReason, ServiceErrorCode } from "./generated.js";

export type { InvalidKeySetReason, InvalidTokenReason, ServiceErrorCode };

/** The errors that the package itself finds. */
export type PackageErrorCode =
  /** The caller's mistake: an argument of the wrong type, or out of range. */
  | "invalid_argument"
  /**
   * The text is not a key set, has no usable key, or contains something that must not be published,
   * such as a private key. `reason` says which.
   */
  | "invalid_key_set"
  /** The key set could not be fetched. */
  | "key_set_unavailable"
  /** The wasm could not be loaded. The message says why, and what to do. */
  | "wasm_unavailable"
  /** No answer, or an answer that does not come from the service. */
  | "network_error"
  /** Nobody is signed in. */
  | "signed_out";

/** The closed list of codes. docs/errors.md of edgegate says what each one means and what to do. */
export type ErrorCode = ServiceErrorCode | PackageErrorCode;

/**
 * With `invalid_token` and `invalid_key_set`: the broken rule. With `network_error`:
 * `origin_not_allowed` if the service is up but does not list the page's origin in
 * `ALLOWED_ORIGINS`. The list grows with the rules.
 */
export type ErrorReason = InvalidTokenReason | InvalidKeySetReason | "origin_not_allowed";

/**
 * Every error of this package. The only exception: the reason of the caller's own `AbortSignal` is
 * passed on as it is. Decide by `code`: messages are for people and may change. No error contains a
 * token, a password or an address.
 */
export class EdgegateError extends Error {
  constructor(code: ErrorCode, message: string, details?: EdgegateErrorDetails);
  readonly name: "EdgegateError";
  readonly code: ErrorCode;
  /** More than the code says, such as `expired` or `duplicate_kid`. For logs and tests. */
  readonly reason?: ErrorReason;
  /** The HTTP status, if the service answered. */
  readonly status?: number;
  /** With `rate_limited` and `unavailable`: how many seconds to wait. */
  readonly retryAfter?: number;
  /** With `invalid_field`: which fields, and why. */
  readonly errors?: readonly { readonly field: string; readonly reason: string }[];
  /**
   * With `weak_password`: `too_short`, `too_long`, `too_common`, `contains_address`,
   * `context_word`, `breached`.
   */
  readonly reasons?: readonly string[];
  /** With `reauthentication_required`: how old the last proof may be, in seconds. */
  readonly maxAge?: number;
  /** The `X-Request-Id` of the service's answer. */
  readonly requestId?: string;
}

/** What an {@link EdgegateError} may have in addition to its code. */
export interface EdgegateErrorDetails {
  reason?: ErrorReason | undefined;
  status?: number;
  retryAfter?: number;
  errors?: readonly { readonly field: string; readonly reason: string }[];
  reasons?: readonly string[];
  maxAge?: number;
  requestId?: string;
  cause?: unknown;
}
