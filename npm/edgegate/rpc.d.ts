// The types of edgegate's entrypoint for other Workers. Types only: nothing is imported when a program runs.
//
//   # wrangler.toml of the caller
//   [[services]]
//   binding = "AUTH"
//   service = "edgegate"
//   entrypoint = "Auth"
//
//   import type { AuthService } from "edgegate/rpc";
//   interface Env { AUTH: AuthService }      // or Service<AuthService & Rpc.WorkerEntrypointBranded>, with `fetch` beside the methods

import type { EdgegateError, ServiceErrorCode } from "./errors.js";

/** Who the caller's own client is, as the caller knows it: of a request, `CF-Connecting-IP` and `User-Agent`. */
export interface Client {
  /**
   * Its IPv4 or IPv6 address. Limits count it; without one, **no limit holds** for this call, and at a renewal a spent
   * refresh token that comes back after `REFRESH_GRACE` **always ends the session**.
   */
  readonly ip?: string | null;
  /** Its `User-Agent`: names the session in the user's list. */
  readonly user_agent?: string | null;
  /** At a login or a reset: what an earlier login of this client answered. */
  readonly device_token?: string | null;
}

/** What a renewal answers (RFC 6749 section 5.1). */
export interface Tokens {
  /** A JWT. */
  access_token: string;
  token_type: "Bearer";
  /** Life of the access token in seconds. */
  expires_in: number;
  /** Keep it where scripts can't read it. */
  refresh_token: string;
  /** Seconds until the session ends whatever happens. */
  refresh_token_expires_in: number;
}

/** Who has signed in. */
export interface User {
  /** A UUIDv7. */
  id: string;
  email: string;
  email_verified: boolean;
  first_name: string | null;
  last_name: string | null;
  roles: string[];
}

/** What a login answers. */
export interface SignedIn extends Tokens {
  user: User;
  /** Hand it in at the next login or reset, so that no stranger delays this client. */
  device_token: string;
}

/**
 * What a refused call throws. Its message begins with the code, `rate_limited: Too many requests`, because a caller with a
 * `compatibility_date` before 2026-05-01 and without the flag `enhanced_error_serialization` is given the message alone.
 */
export type AuthError = Pick<
  EdgegateError,
  "name" | "message" | "status" | "retryAfter" | "errors" | "requestId"
> & {
  readonly code: ServiceErrorCode;
};

/** The seven methods. Each is there in camel case too. The caller is trusted: nothing public reaches them, and none asks for a token of its own. */
export interface AuthService {
  /**
   * Signs a user in.
   * @throws {AuthError} `invalid_credentials`, `rate_limited` (with `retryAfter`), `invalid_field`, `invalid_request`, `unavailable`, `misconfigured`
   */
  generate_token(email: string, password: string, client?: Client | null): Promise<SignedIn>;
  /**
   * Ends every session of a user. A caller that does this for its own client must have asked whether the client may.
   * @throws {AuthError} `not_found`, `invalid_field`, `unavailable` (repeat it), `misconfigured`
   */
  revoke_tokens(user_id: string): Promise<void>;
  /**
   * A new pair for a refresh token. Hand in the `client`, as at the login: a spent token that comes back after `REFRESH_GRACE`
   * from another network or program ends its session. Without `client.ip` nobody can be recognised, so any spent token that
   * comes back after `REFRESH_GRACE` ends its session, as with `REUSE` `strict`.
   * @throws {AuthError} `invalid_grant` (forget the tokens and sign in), `rate_limited` (with `retryAfter`), `invalid_request`, `unavailable` (repeat it), `misconfigured`
   */
  renew_token(refresh_token: string, client?: Client | null): Promise<Tokens>;
  /**
   * Has a link mailed with which a new password is chosen. Whether the address has an account, the answer does not say.
   * Hand in the client's `ip`: its network is limited then, and its first request of a day goes first. Without it all such calls share one pool of
   * the mail budget. With `device_token` of the account the request passes the budget, three times a day.
   * @throws {AuthError} `unavailable` when the mail could not be queued, `invalid_field` for what is no address, `rate_limited`, `misconfigured`
   */
  reset_password(email: string, client?: Client): Promise<void>;
  /**
   * Whether the token is valid now, not revoked, and has at least one of the roles. False for no roles, for arguments of any
   * other kind, and when a store can't tell; it never throws.
   */
  is_authorized_by_role(
    access_token: string,
    roles: readonly string[] | ReadonlySet<string>,
  ): Promise<boolean>;
  /** Whether the token is valid now, not revoked, and issued to this user. Never throws, as above. */
  is_authorized_by_user_id(access_token: string, requested_user_id: string): Promise<boolean>;
  /** Whether the token is valid now, not revoked, and issued to this address, which is verified. Never throws, as above. */
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
