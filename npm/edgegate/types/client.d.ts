/**
 * `edgegate/client`: signs in at an edgegate service and keeps the session alive.
 *
 * ```js
 * import { AuthClient } from "edgegate/client";
 *
 * const auth = new AuthClient();                       // the service is at the page's own origin
 * auth.subscribe(({ status, user }) => show(status, user));
 *
 * const user = (await auth.ready()) ?? (await auth.login({ email, password }));
 * const response = await auth.fetch("/api/orders");    // with the access token, renewed if needed
 * ```
 *
 * **Where the tokens are.** The access token is in the memory of this tab. The refresh token is in
 * an `HttpOnly` cookie, which no script can read. Neither is ever in local storage, session storage
 * or IndexedDB. The page and the service must belong to the same site, as `app.example.com` and
 * `auth.example.com` do. If their origins differ, the page's origin must be in the service's
 * `ALLOWED_ORIGINS`.
 *
 * **Renewal.** The client renews the access token about a minute before it expires. If a quarter of
 * the token's life is less than a minute, the client renews the token when about a quarter of its
 * life is left. In a hidden tab, the client waits with the renewal until a caller asks for a token
 * or the tab becomes visible. One tab renews for all tabs: a Web Lock lets only one tab at a time
 * ask the service, and this tab passes the new access token to the other tabs over a
 * BroadcastChannel, from memory to memory. Browsers have Web Locks only in secure contexts, such as
 * a page over https. Without Web Locks, several tabs can renew at the same time, which the service
 * allows. Without a BroadcastChannel, each tab renews for itself, which the service also allows.
 * The device's clock can be wrong, so the client uses the service's time, which it reads from the
 * service's answers.
 *
 * **What signs out.** The user is signed out by each of these:
 *
 * - `logout()`, or `endSession` with this session, in this tab or in another
 * - the service's answer that the session has ended (`invalid_grant`)
 * - the deletion of the account
 * - the login of another user in the same browser
 *
 * The user stays signed in if the device is offline, if a captive portal answers, or if the status
 * of an answer is 429, 500 or 503. In these cases the client tries again, and at once when the
 * device is back online.
 *
 * **Errors.** If a method rejects, the error is an {@link EdgegateError}, with one exception: if
 * the caller's `AbortSignal` aborts a call of `fetch`, the call rejects with the signal's reason,
 * like the platform's `fetch`. (The methods of `EventTarget` are the platform's own.) In addition
 * to the service's error codes there are `network_error` (no answer, or one that does not come from
 * the service), `signed_out` (nobody is signed in, so there is no token) and `invalid_argument` (a
 * mistake of the caller).
 */

import type {
  DetailEvent,
  EventTargetLike,
  Fetch,
  PlatformAbortSignal,
  PlatformEventTarget,
  UrlLike,
} from "./platform.js";

export * from "./errors.js";

/**
 * A user, as in the answers of the service. The object is frozen. If something about the user
 * changes, the client makes a new object.
 */
export interface User {
  readonly id: string;
  /** The address as the user wrote it. */
  readonly email: string;
  readonly email_verified: boolean;
  readonly first_name: string | null;
  readonly last_name: string | null;
  /**
   * The user's roles, sorted. A page can use the roles to decide what to show. The server decides
   * what the user is allowed to do.
   */
  readonly roles: readonly string[];
}

/**
 * A session of the user, on this device or on another. Each login begins a session. Times are in
 * Unix seconds.
 */
export interface Session {
  readonly id: string;
  /** Whether it is the session of this client. */
  readonly current: boolean;
  readonly begun_at: number;
  readonly last_used_at: number;
  readonly device: {
    readonly browser: string | null;
    readonly os: string | null;
    readonly type: string | null;
  };
  readonly place: { readonly country: string | null; readonly city: string | null };
  readonly network: string;
  readonly user_agent: string;
}

/** Options of the methods that make the service send a mail. */
export interface MailOptions {
  /** The token of a Cloudflare Turnstile widget, if the service's `TURNSTILE_SECRET` is set. */
  challenge?: string;
  /**
   * Only the service's own pages need this. The id is 16 random bytes as base64url. If an app has
   * sent the user to the sign-in page, that page stores the app's request under this id until the
   * user opens the mailed link. The link contains the id.
   */
  request_id?: string;
}

/** An option that does not exist is rejected with `invalid_argument`. */
export interface AuthClientOptions {
  /** The origin of the service, such as `https://auth.example.com`. Default: the page's origin. */
  url?: string | UrlLike | undefined;
  /**
   * Other origins whose APIs need the access token. `fetch` sends the token to the service and to
   * these origins, and to no other.
   */
  origins?: Iterable<string | UrlLike> | undefined;
  /** Replaces the platform's `fetch`. */
  fetch?: Fetch | undefined;
  /** Replaces parts of the browser in tests. `null` means that there is no such part. */
  platform?: Partial<Platform> | undefined;
}

/** The parts of the browser that the client uses. */
export interface Platform {
  /** Unix milliseconds, like `Date.now`. */
  now(): number;
  /** Milliseconds of a clock that nobody can set, like `performance.now`. */
  monotonic(): number;
  setTimeout(work: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /**
   * A number from 0 to 1, like `Math.random`. It spreads the renewals over time. No secret is made
   * from it.
   */
  random(): number;
  locks: {
    request(
      name: string,
      options: object,
      work: (lock: unknown) => Promise<unknown>,
    ): Promise<unknown>;
    /**
     * The client uses this method to count the tabs that get the lock before this tab. Without the
     * method, the client assumes that there is one such tab.
     */
    query?(): Promise<{ held?: { name?: string }[]; pending?: { name?: string }[] }>;
  } | null;
  BroadcastChannel:
    | (new (
        name: string,
      ) => {
        // biome-ignore lint/suspicious/noExplicitAny: each platform has its own MessageEvent
        onmessage: ((event: any) => unknown) | null;
        postMessage(message: unknown): void;
        close(): void;
      })
    | null;
  /** The client listens to its event `visibilitychange`. */
  document: (EventTargetLike & { readonly visibilityState: string }) | null;
  /** The client listens to its events `focus`, `online` and `pageshow`. */
  window: EventTargetLike | null;
  /** Stores the id of a session whose logout has not reached the service yet. Never a token. */
  storage: {
    getItem(name: string): string | null;
    setItem(name: string, value: string): void;
    removeItem(name: string): void;
  } | null;
  /** The page's origin. Undefined where there is no page. */
  origin: string | undefined;
}

/**
 * Why nobody is signed in any more:
 *
 * - `logout`: `logout()`, or `endSession` with this session, in this tab;
 * - `other_tab`: one of the two calls named under `logout`, in another tab;
 * - `session_ended`: the service says that the session has ended, for example because it was ended
 *   on another device or by a password reset, or because it was too old;
 * - `account_deleted`: `deleteAccount()`;
 * - `other_user`: another user has signed in in this browser. An event `signed-in` with that user
 *   follows;
 * - `no_session`: `ready()` has failed, and the client has found out later that nobody is signed
 *   in.
 */
export type SignedOutReason =
  | "logout"
  | "other_tab"
  | "session_ended"
  | "account_deleted"
  | "other_user"
  | "no_session";

/**
 * Who is signed in. An object of this type never changes: after a change, the client returns
 * another object.
 */
export type AuthState =
  | {
      /** Not known yet. The client finds out by `ready()`, by `subscribe` or by a login. */
      readonly status: "unknown";
      readonly user: null;
    }
  | { readonly status: "signed_in"; readonly user: User }
  | { readonly status: "signed_out"; readonly user: null };

/** All events are `CustomEvent`s. A listener that throws does not affect the client. */
export interface AuthClientEventMap {
  /**
   * Dispatched after every change of `status` or `user`, before the event that says why (one of the
   * other three). Its `detail` is the new state. If `ready()` has found out that nobody is signed
   * in, `change` is the only event.
   */
  change: DetailEvent<AuthState>;
  /**
   * Dispatched after a login or a registration, or when the client has found a session that it did
   * not know yet, such as that of an earlier page or of another tab.
   */
  "signed-in": DetailEvent<{ user: User }>;
  /**
   * Dispatched when the session continues with a new token. `user` has the current roles and the
   * current address.
   */
  renewed: DetailEvent<{ user: User }>;
  "signed-out": DetailEvent<{ reason: SignedOutReason }>;
}

/**
 * A page needs only one client. It can be made anywhere, even while a page is rendered on a server:
 * the client opens nothing and sends nothing before its first method is called. That call rejects
 * with `invalid_argument` if there is neither a page nor a `url`.
 *
 * @throws {EdgegateError} `invalid_argument`: `url` or one of `origins` is not an origin, `fetch`
 * is not a function, or an option does not exist
 */
export const AuthClient: {
  new (options?: AuthClientOptions): AuthClient;
  readonly prototype: AuthClient;
};

/** If `status` is `signed_in`, `user` is not null. TypeScript knows this too. */
export type AuthClient = AuthClientMembers & AuthState & PlatformEventTarget;

/** What an {@link AuthClient} has in addition to its {@link AuthState}. */
export interface AuthClientMembers {
  /**
   * Calls `listener` with the new state after every change from now on. Returns a function that
   * removes the listener. In a page, the first call of `subscribe` also asks the service who is
   * signed in, as `ready()` does. If this request fails, the client tries again by itself.
   *
   * `subscribe`, `getSnapshot` and `getServerSnapshot` fit React's `useSyncExternalStore`. You can
   * pass each of the three to another function without the client.
   *
   * ```js
   * const state = useSyncExternalStore(auth.subscribe, auth.getSnapshot, auth.getServerSnapshot);
   * ```
   */
  readonly subscribe: (listener: (state: AuthState) => void) => () => void;
  /**
   * Returns who is signed in. The result is the same object until the status or the user changes.
   */
  readonly getSnapshot: () => AuthState;
  /**
   * Returns the state `unknown`, always as the same object. It is the state to show when a page is
   * rendered on a server, and in a page before the client knows who is signed in.
   */
  readonly getServerSnapshot: () => AuthState;
  /**
   * The service's time in Unix milliseconds, which the client reads from the service's answers.
   * Before the first answer it is the device's time. You can pass this function to another function
   * without the client:
   *
   * ```js
   * const verifier = Verifier.fromIssuer(issuer, { audience, now: auth.now });
   * ```
   */
  readonly now: () => number;

  /**
   * Continues the session of an earlier page, with the cookie. Returns the user, or null if nobody
   * is signed in. If the client has received a token, but its request for the user's names has
   * failed, the names are null at first, and the address is in its canonical form. The names and
   * the address as the user wrote it follow with an event `renewed`.
   *
   * Rejects if the client can't find out who is signed in (`network_error`, `unavailable`,
   * `rate_limited`, …). The client then tries again by itself, and an event tells the page the
   * result. You can also call `ready()` again.
   */
  ready(): Promise<User | null>;

  /**
   * Signs in. A previous session of this browser ends.
   *
   * If `login` rejects (`invalid_credentials`, `invalid_field`, `rate_limited`, …), a user who was
   * signed in before is still signed in. After a `network_error` it is possible that the service
   * has begun a session, although its answer has not arrived. The next login ends that session.
   * `login` rejects with `signed_out` if the page signs out in the meantime, for example in a
   * listener of `change` or `signed-in`.
   *
   * White space around an address is removed, here and in the other methods that take an address.
   *
   * `challenge` is the token of a Cloudflare Turnstile widget. If the service's setting
   * `TURNSTILE_SECRET` is set, the service needs this token for `login`, for `register` and for the
   * two methods that ask for a mail.
   */
  login(credentials: { email: string; password: string; challenge?: string }): Promise<User>;

  /**
   * Signs out. All tabs forget the token at once. Then the service ends the session and clears the
   * cookie.
   *
   * Only the service can clear the cookie. If the service can't be reached, `logout` rejects
   * (`network_error`, …), but nobody is signed in any more in this browser. The client stores the
   * id of the session (never a token) in local storage. When the device is online again, the client
   * makes the service end the session. This happens at the latest when a page of this origin is
   * opened: its client sends the logout before it would continue the session. Without local
   * storage, only this tab knows that the session must end. A page that is opened later then
   * continues the session, until this tab has reached the service.
   *
   * If the user has signed in at another origin of the site in the meantime, that later session
   * continues, and a `signed-in` event tells the page. If you call `logout()` before the client
   * knows who is signed in, it ends the session that the cookie belongs to, whichever session that
   * is.
   */
  logout(): Promise<void>;

  /**
   * Creates an account. The result depends on the service's setting `REGISTRATION`. With `open`,
   * the user is signed in and returned. With `verified`, the service mails a link, and the result
   * is null. With `closed`, the call rejects with `registration_closed`. `password` is needed only
   * with `open`.
   *
   * `request_id` is for the service's own pages: see `MailOptions`.
   */
  register(account: {
    email: string;
    first_name?: string;
    last_name?: string;
    password?: string;
    challenge?: string;
    request_id?: string;
  }): Promise<User | null>;

  /**
   * Mails a link to choose a new password, if the address has an account. The result does not
   * reveal whether the address has an account.
   */
  requestPasswordReset(email: string, options?: MailOptions): Promise<void>;
  /**
   * Mails another link to verify an address, if the address is not verified yet. The result does
   * not reveal whether the address is verified.
   */
  requestEmailVerification(email: string, options?: MailOptions): Promise<void>;
  /**
   * Sets the password with the token of the mailed link. Ends every session of the user. Signs
   * nobody in.
   */
  confirmPasswordReset(choice: { token: string; password: string }): Promise<void>;
  /** Verifies an address with the token of the mailed link. Signs nobody in. */
  verifyEmail(choice: { token: string; password: string }): Promise<void>;
  /** Confirms a new address with the token of the mailed link. */
  confirmEmailChange(token: string): Promise<void>;

  /**
   * Changes the password. Every session of the user ends, and this browser gets a new session.
   * Rejects with `invalid_credentials` if `current_password` is wrong.
   */
  changePassword(passwords: { current_password: string; new_password: string }): Promise<void>;
  /** Mails a link to the new address. The address changes when the user opens the link. */
  changeEmail(change: { email: string; current_password: string }): Promise<void>;
  /** Deletes the account, which can't be undone, and signs out. */
  deleteAccount(proof: { current_password: string }): Promise<void>;

  /**
   * Sends the user's password, which proves again who the user is. For some actions that can't be
   * undone, the service needs a recent proof. If the last proof is too old, the service refuses
   * such an action with `reauthentication_required`, and the error's `maxAge` is the allowed age in
   * seconds. The session stays the same. In every tab it continues with a token that contains the
   * new proof.
   *
   * ```js
   * const remove = () => auth.fetch(`/auth/users/${id}`, { method: "DELETE" });
   * let response = await remove();
   * const { code } = response.ok ? {} : await response.clone().json();
   * if (code === "reauthentication_required") {
   *   await auth.reauthenticate(await askForPassword());
   *   response = await remove();
   * }
   * ```
   *
   * Rejects with `invalid_credentials` if the password is wrong, and with `rate_limited` after too
   * many attempts. In both cases the session continues as before. Rejects with `signed_out` if the
   * session has ended in the meantime, or if another session has replaced it.
   */
  reauthenticate(password: string): Promise<void>;

  /** Asks the service for the user who is signed in, and updates `user`. */
  me(): Promise<User>;
  /** The sessions of the user, newest first. */
  sessions(): Promise<Session[]>;
  /**
   * Ends one session. If it is the session of this client, signs out. Rejects with `not_found` if
   * the session has ended already.
   */
  endSession(id: string): Promise<void>;
  /** Ends all other sessions of the user. */
  endOtherSessions(): Promise<void>;

  /**
   * An access token that is valid for at least a few more seconds, renewed if needed. Don't store
   * the token: call `accessToken()` again. Rejects with `signed_out` if nobody is signed in, and
   * with `network_error` or another error if the token can't be renewed now.
   */
  accessToken(): Promise<string>;

  /**
   * Works like the platform's `fetch`, and adds the access token to the request, in the header
   * `Authorization: Bearer …`.
   *
   * - The token is sent only to the origin of the service and to the origins in the option
   *   `origins`. The call sends nothing and rejects with `invalid_argument` if the request goes to
   *   any other origin, if it has an `Authorization` header already, or if its mode is `no-cors`.
   * - If the answer is a 401 that refuses the token, the client renews the token once and repeats
   *   the request once. Simultaneous requests share one renewal. The answer to the repeated request
   *   is returned, whatever it is. If `init.body` is a `ReadableStream`, the request can't be
   *   repeated. The 401 is then returned, and the next call renews the token.
   * - A 401 refuses the token if its header `WWW-Authenticate` says `Bearer error="invalid_token"`
   *   (RFC 6750). If the page sees no header `WWW-Authenticate` (another origin can hide it), the
   *   client reads the error code in a body of the type `application/problem+json`. From the
   *   service, only the code `invalid_token` refuses the token. From any other API, every code
   *   except `reauthentication_required` refuses it. Without such a body, the 401 also refuses the
   *   token. An answer with any other challenge is returned at once, because a new token would not
   *   help. For example, after `insufficient_user_authentication` (RFC 9470) the page must call
   *   `reauthenticate`, and `Edgegate error="invalid_credentials"` says that a password in the
   *   request's body is wrong.
   * - If there is no answer, the call rejects with `network_error`, and the error's `cause` is the
   *   platform's TypeError. If an `AbortSignal` aborts, the call rejects with the signal's reason,
   *   which is the only error that is not an {@link EdgegateError}. Neither of the two failures
   *   signs anybody out.
   * - A call belongs to the user who is signed in when the call begins. If another user signs in in
   *   the meantime, the call rejects with `signed_out`.
   * - Redirects are followed as by `fetch`. At a redirect to another origin, browsers remove the
   *   token (Fetch standard, HTTP-redirect fetch). All browsers have done so since 2023.
   */
  readonly fetch: Fetch;

  /**
   * Stops the client's timers, its listeners and the channel to the other tabs. The client can't be
   * used afterwards. Signs nobody out.
   */
  close(): void;

  addEventListener<K extends keyof AuthClientEventMap>(
    type: K,
    listener: ((this: AuthClient, event: AuthClientEventMap[K]) => unknown) | null,
    options?: boolean | ListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: AnyListener | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener<K extends keyof AuthClientEventMap>(
    type: K,
    listener: ((this: AuthClient, event: AuthClientEventMap[K]) => unknown) | null,
    options?: boolean | { capture?: boolean },
  ): void;
  removeEventListener(
    type: string,
    listener: AnyListener | null,
    options?: boolean | { capture?: boolean },
  ): void;
  // biome-ignore lint/suspicious/noExplicitAny: each platform has its own Event
  dispatchEvent(event: any): boolean;
}

/** A listener of an event of any type. */
export type AnyListener =
  // biome-ignore lint/suspicious/noExplicitAny: each platform has its own Event
  | ((event: any) => void)
  // biome-ignore lint/suspicious/noExplicitAny: each platform has its own Event
  | { handleEvent(event: any): void };

/** The options of `addEventListener`. */
export interface ListenerOptions {
  capture?: boolean;
  once?: boolean;
  passive?: boolean;
  signal?: PlatformAbortSignal;
}
