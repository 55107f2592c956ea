// The errors of the whole package. "edgegate", "edgegate/client" and "edgegate/redirect" export
// these types.
import type { InvalidKeySetReason, InvalidTokenReason, ServiceErrorCode } from "./generated.js";

export type { InvalidKeySetReason, InvalidTokenReason, ServiceErrorCode };

/** The codes that only this package uses. The other codes are those of the service. */
export type PackageErrorCode =
  /** The caller's mistake: an argument of the wrong type, or out of range. */
  | "invalid_argument"
  /**
   * The text is not a key set, has no usable key, or contains something that must not be published,
   * such as a private key. `reason` says which of these is the case.
   */
  | "invalid_key_set"
  /** The key set could not be fetched. */
  | "key_set_unavailable"
  /** The wasm could not be loaded. The message says why, and what to do. */
  | "wasm_unavailable"
  /** No answer, or an answer that does not come from the service. */
  | "network_error"
  /** Nobody is signed in. */
  | "signed_out"
  /** A sign-in by redirect can't begin, or its answer can't be used. `reason` says why. */
  | "redirect_failed"
  /** The service has sent the person back without a sign-in. `reason` is the service's error. */
  | "sign_in_refused"
  /** The service's id_token is not valid. `reason` says which rule it breaks. */
  | "invalid_id_token"
  /**
   * The method needs the person's own session at the service. The token of an app gives no access
   * to that session.
   */
  | "not_for_apps";

/** Why a sign-in by redirect fails: the `reason` of `redirect_failed`. */
export type RedirectReason =
  /**
   * This tab did not send the request that the answer belongs to, or the answer was used before.
   */
  | "state_unknown"
  | "state_missing"
  | "code_missing"
  /** The answer does not name the service that has sent it (RFC 9207). */
  | "iss_missing"
  /** The answer names another service as its sender. */
  | "iss_wrong"
  | "repeated_parameter"
  | "not_the_redirect_uri"
  | "in_frame"
  | "no_storage"
  | "no_web_crypto"
  /** The page loads itself again after each answer. */
  | "redirect_loop";

/** The errors of OAuth 2.0 and OpenID Connect: the `reason` of `sign_in_refused`. */
export type RefusalReason =
  | "access_denied"
  | "account_selection_required"
  | "consent_required"
  | "interaction_required"
  | "invalid_request"
  | "invalid_scope"
  | "invalid_target"
  | "login_required"
  | "server_error"
  | "temporarily_unavailable"
  | "unauthorized_client"
  | "unknown_error";

/** Which rule an id_token breaks: the `reason` of `invalid_id_token`. */
export type IdTokenReason =
  | "missing"
  | "not_three_parts"
  | "not_json"
  | "alg_unsupported"
  | "crit"
  | "typ_wrong"
  | "kid_missing"
  | "kid_unknown"
  | "signature_invalid"
  | "iss_wrong"
  | "aud_wrong"
  | "azp_wrong"
  | "sub_missing"
  | "sub_wrong"
  | "nonce_wrong"
  | "expired"
  | "iat_in_future"
  | "auth_time_too_old";

/** All codes that exist. docs/errors.md of edgegate says what each code means and what to do. */
export type ErrorCode = ServiceErrorCode | PackageErrorCode;

/**
 * What an error says in addition to its code. The meaning depends on the code:
 *
 * - With `invalid_token` and `invalid_key_set`: the rule that is broken.
 * - With `network_error`: `origin_not_allowed` if the service is up but does not list the page's
 *   origin in `ALLOWED_ORIGINS`.
 * - With `redirect_failed`, `sign_in_refused` and `invalid_id_token`: why the sign-in failed.
 *
 * Later versions of the package can add reasons.
 */
export type ErrorReason =
  | InvalidTokenReason
  | InvalidKeySetReason
  | RedirectReason
  | RefusalReason
  | IdTokenReason
  | "origin_not_allowed";

/**
 * Every error of this package. There is one exception: if the caller's own `AbortSignal` aborts,
 * the call rejects with the signal's reason. Programs should decide by `code`, because messages are
 * for people and can change. No error contains a token, a password or an email address.
 */
export class EdgegateError extends Error {
  constructor(code: ErrorCode, message: string, details?: EdgegateErrorDetails);
  readonly name: "EdgegateError";
  readonly code: ErrorCode;
  /** Says more than the code does, such as `expired` or `duplicate_kid`. For logs and tests. */
  readonly reason?: ErrorReason;
  /** The HTTP status, if the service or a proxy in front of it answered. */
  readonly status?: number;
  /**
   * How many seconds to wait, about a day at most: with `rate_limited` and `unavailable`, and if
   * a proxy says so.
   */
  readonly retryAfter?: number;
  /** With `invalid_field`: which fields, and why. */
  readonly errors?: readonly { readonly field: string; readonly reason: string }[];
  /**
   * With `weak_password`: `too_short`, `too_long`, `too_common`, `contains_address`,
   * `context_word`, `breached`.
   */
  readonly reasons?: readonly string[];
  /**
   * With `reauthentication_required`: the maximum age in seconds of the user's last proof of who
   * they are.
   */
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
