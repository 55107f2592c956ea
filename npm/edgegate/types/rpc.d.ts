// The types of edgegate's entrypoint for other Workers. This file has only types, so nothing is
// imported from it at run time.
//
//   # wrangler.toml of the calling Worker
//   [[services]]
//   binding = "AUTH"
//   service = "edgegate"
//   entrypoint = "Auth"
//
//   import type { AuthService } from "edgegate/rpc";
//   interface Env { AUTH: AuthService }
//
// If you also need the `fetch` of the binding, write this type instead:
//
//   Service<AuthService & Rpc.WorkerEntrypointBranded>

import type { EdgegateError, ServiceErrorCode } from "./errors.js";

/**
 * The browser or program for which the calling Worker acts. Its address and name are in the headers
 * `CF-Connecting-IP` and `User-Agent` of the request that it has sent to the calling Worker.
 */
export interface Client {
  /**
   * The client's IPv4 or IPv6 address. Rate limits count calls by this address. Without `ip`, **no
   * rate limit applies** to this call. If a refresh token that was already used is used again after
   * `REFRESH_GRACE`, a renewal without `ip` **always ends the session**.
   */
  readonly ip?: string | null;
  /**
   * The client's `User-Agent`. The user's list of sessions shows the session with the name of this
   * program.
   */
  readonly user_agent?: string | null;
  /** At a login or a reset: the `device_token` that an earlier login of this client returned. */
  readonly device_token?: string | null;
}

/** The result of a renewal (RFC 6749 section 5.1). */
export interface Tokens {
  /** A JWT. */
  access_token: string;
  token_type: "Bearer";
  /** How many seconds the access token is valid. */
  expires_in: number;
  /** Store it where scripts of a page can't read it. */
  refresh_token: string;
  /** In how many seconds the session ends, even if it is renewed. */
  refresh_token_expires_in: number;
}

/** The user who has signed in. */
export interface User {
  /** A UUID. It has version 7, unless the account was imported with another UUID. */
  id: string;
  email: string;
  email_verified: boolean;
  first_name: string | null;
  last_name: string | null;
  roles: string[];
}

/** The result of a login. */
export interface SignedIn extends Tokens {
  user: User;
  /**
   * Pass this token at the next login or reset. A client that passes this token does not have to
   * wait if other people have entered wrong passwords for this account.
   */
  device_token: string;
}

/**
 * What a refused call throws. The message begins with the code, as in `rate_limited: Too many
 * requests`. A caller gets only the message if its `compatibility_date` is before 2026-05-01 and it
 * does not set the flag `enhanced_error_serialization`.
 */
export type AuthError = Pick<
  EdgegateError,
  "name" | "message" | "status" | "retryAfter" | "errors" | "requestId"
> & {
  readonly code: ServiceErrorCode;
};

/**
 * The seven methods. Each method also has a name in camel case. The service trusts the caller: the
 * methods are not reachable from the internet, and the caller needs no access token of its own.
 */
export interface AuthService {
  /**
   * Signs a user in.
   * @throws {AuthError} `invalid_credentials`, `rate_limited` (with `retryAfter`), `invalid_field`,
   * `invalid_request`, `unavailable`, `misconfigured`
   */
  generate_token(email: string, password: string, client?: Client | null): Promise<SignedIn>;
  /**
   * Ends every session of a user. If a client asks for this, the caller must first check that the
   * client is allowed to end these sessions.
   * @throws {AuthError} `not_found`, `invalid_field`, `unavailable` (try again), `misconfigured`
   */
  revoke_tokens(user_id: string): Promise<void>;
  /**
   * Returns new tokens for a refresh token. Pass the `client`, as at the login: if a spent (already
   * used) token is used again after `REFRESH_GRACE`, from another network or program, the session
   * of this token ends. Without `client.ip` the service can't recognise the client, so any use of a
   * spent token after `REFRESH_GRACE` ends the session, as with the setting `REUSE` = `strict`.
   * @throws {AuthError} `invalid_grant` (forget the tokens and sign in), `rate_limited` (with
   * `retryAfter`), `invalid_request`, `unavailable` (try again), `misconfigured`
   */
  renew_token(refresh_token: string, client?: Client | null): Promise<Tokens>;
  /**
   * Mails a link to choose a new password. The result does not reveal whether the address has an
   * account. Pass the client's `ip`: then the rate limit applies to the client's network. The
   * setting `MAIL_BUDGET` limits how many such mails the service sends. The first request that a
   * network makes in a day usually uses a separate part of this budget, which later requests can't
   * use up. All calls without an `ip` share one other part. Three times a day, a request with a
   * `device_token` of the account does not use the budget.
   * @throws {AuthError} `unavailable` (the mail could not be queued), `invalid_field` (not an
   * address), `rate_limited`, `misconfigured`
   */
  reset_password(email: string, client?: Client): Promise<void>;
  /**
   * Whether the token is valid now, is not revoked, and has at least one of the roles. False if
   * there are no roles, if an argument has the wrong type, and if a store fails. Never throws.
   */
  is_authorized_by_role(
    access_token: string,
    roles: readonly string[] | ReadonlySet<string>,
  ): Promise<boolean>;
  /** Whether the token is valid now, is not revoked, and was issued to this user. Never throws. */
  is_authorized_by_user_id(access_token: string, requested_user_id: string): Promise<boolean>;
  /**
   * Whether the token is valid now, is not revoked, and was issued to the user with this verified
   * address. Never throws.
   */
  is_authorized_by_email(access_token: string, requested_email: string): Promise<boolean>;

  /** {@link AuthService.generate_token} */
  generateToken: AuthService["generate_token"];
  /** {@link AuthService.revoke_tokens} */
  revokeTokens: AuthService["revoke_tokens"];
  /** {@link AuthService.renew_token} */
  renewToken: AuthService["renew_token"];
  /** {@link AuthService.reset_password} */
  resetPassword: AuthService["reset_password"];
  /** {@link AuthService.is_authorized_by_role} */
  isAuthorizedByRole: AuthService["is_authorized_by_role"];
  /** {@link AuthService.is_authorized_by_user_id} */
  isAuthorizedByUserId: AuthService["is_authorized_by_user_id"];
  /** {@link AuthService.is_authorized_by_email} */
  isAuthorizedByEmail: AuthService["is_authorized_by_email"];
}
