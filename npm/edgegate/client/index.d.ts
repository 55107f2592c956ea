/**
 * `edgegate/client`: signs in at an edgegate service and keeps the session going.
 *
 * ```js
 * import { AuthClient } from "edgegate/client";
 *
 * const auth = new AuthClient();                       // the service is at the page's own origin
 * auth.addEventListener("signed-out", ({ detail }) => showSignIn(detail.reason));
 *
 * const user = (await auth.ready()) ?? (await auth.login({ email, password }));
 * const response = await auth.fetch("/api/orders");    // with the access token, renewed when needed
 * ```
 *
 * **Where the tokens are.** The access token is in this tab's memory. The refresh token is in an `HttpOnly` cookie that no
 * script can read. Neither is ever in local storage, session storage or IndexedDB. The page and the service must be of the
 * same site (`app.example.com` and `auth.example.com` are); another origin of that site must be in the service's
 * `ALLOWED_ORIGINS`.
 *
 * **Renewal.** A minute before the access token ends (a quarter of its life, if that is less) the client renews it; a tab
 * that nobody looks at does so when it is asked for a token or looked at again. One tab renews for all: a Web Lock lets
 * one at a time ask, and it hands the access token to the other tabs by a BroadcastChannel, from memory to memory.
 * Without either (they are missing in insecure contexts) each tab renews for itself, which the service allows.
 * The device's clock may be wrong: what counts is the service's time, taken from its answers.
 *
 * **What signs out**: `logout()`, also in another tab; the service's own answer that the session is over
 * (`invalid_grant`); the account's deletion; another user's login in the same browser. Being offline, a captive portal,
 * 429, 500 and 503 never do: the client tries again, and at once when the device is back online.
 *
 * **Errors.** Every method rejects with an {@link EdgegateError}, with one exception: a `fetch`
 * that its caller's `AbortSignal` ends rejects with the signal's reason, as the platform's does.
 * (The methods of `EventTarget` are the platform's.) Besides the service's refusals there are
 * `network_error` (no answer, or one that is not the service's), `signed_out` (a token is needed and nobody is signed in)
 * and `invalid_argument` (a mistake of the caller's).
 */

export * from "../errors.js";

/** A user, as the service answers. Frozen; a new object when something changed. */
export interface User {
  readonly id: string;
  /** The address as it was given. */
  readonly email: string;
  readonly email_verified: boolean;
  readonly first_name: string | null;
  readonly last_name: string | null;
  /** Sorted. For what a page shows; what a user may do is for the server to decide. */
  readonly roles: readonly string[];
}

/** One login of the user's, on this device or another. Times are seconds since 1970. */
export interface Session {
  readonly id: string;
  /** Whether it is this one. */
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

export interface AuthClientOptions {
  /** The service's origin, as `https://auth.example.com`. Default: the page's own. */
  url?: string | URL;
  /** Further origins whose APIs take the access token: `fetch` sends it to the service and to these, and to no other. */
  origins?: Iterable<string | URL>;
  /** Takes the place of the platform's `fetch`. */
  fetch?: typeof fetch;
  /** Parts of the browser that a test replaces; `null` for "there is none". */
  platform?: Partial<Platform>;
}

/** What the client uses of the browser. */
export interface Platform {
  /** Milliseconds since 1970, as `Date.now`. */
  now(): number;
  /** Milliseconds of a clock that nobody sets, as `performance.now`. */
  monotonic(): number;
  setTimeout(work: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** 0 to 1, as `Math.random`: for spreading renewals, not for secrets. */
  random(): number;
  locks: {
    request(
      name: string,
      options: object,
      work: (lock: unknown) => Promise<unknown>,
    ): Promise<unknown>;
    /** How many are before this tab; without it one is assumed. */
    query?(): Promise<{ held?: { name?: string }[]; pending?: { name?: string }[] }>;
  } | null;
  BroadcastChannel:
    | (new (
        name: string,
      ) => EventTarget & { postMessage(message: unknown): void; close(): void })
    | null;
  /** For `visibilitychange`. */
  document: (EventTarget & { readonly visibilityState: string }) | null;
  /** For `focus`, `online` and `pageshow`. */
  window: EventTarget | null;
  /** Remembers the id of a session whose logout has yet to reach the service; never a token. */
  storage: {
    getItem(name: string): string | null;
    setItem(name: string, value: string): void;
    removeItem(name: string): void;
  } | null;
  /** The page's origin. */
  origin: string;
}

/**
 * Why nobody is signed in any more:
 *
 * - `logout`: by `logout()`, or `endSession` of this session, in this tab;
 * - `other_tab`: in another tab;
 * - `session_ended`: the service says that the session is over: ended on another device, a password reset, too old;
 * - `account_deleted`: by `deleteAccount()`;
 * - `other_user`: another user signed in in this browser. A `signed-in` with that user follows;
 * - `no_session`: `ready()` had failed, and now it is known that nobody was signed in.
 */
export type SignedOutReason =
  | "logout"
  | "other_tab"
  | "session_ended"
  | "account_deleted"
  | "other_user"
  | "no_session";

/** All are `CustomEvent`s. A listener that throws disturbs nothing. */
export interface AuthClientEventMap {
  /** By a login, a registration, or because `ready()` found the session of an earlier page. */
  "signed-in": CustomEvent<{ user: User }>;
  /** The session goes on with a fresh token: `user` has the roles and the address of now. */
  renewed: CustomEvent<{ user: User }>;
  "signed-out": CustomEvent<{ reason: SignedOutReason }>;
}

/**
 * One for a page is enough. It opens nothing and asks nothing before the first call.
 *
 * @throws EdgegateError `invalid_argument`: `url` or one of `origins` is no origin; or there is no page and no `url`.
 */
export class AuthClient extends EventTarget {
  constructor(options?: AuthClientOptions);

  /** Who is signed in; null while nobody is, or it is not known. */
  readonly user: User | null;
  /** `unknown` until `ready()` or a login found out. */
  readonly status: "unknown" | "signed_in" | "signed_out";

  /**
   * Takes up the session of an earlier page by the cookie. Answers the user, or null when nobody is signed in.
   * When the service answers nothing but the token at that moment, the names are null and the address is in its canonical
   * form; they follow with `renewed`.
   *
   * Rejects when it can't be known (`network_error`, `unavailable`, `rate_limited`, …). The client goes on trying and
   * tells by an event; `ready()` may also be called again.
   */
  ready(): Promise<User | null>;

  /**
   * Signs in. A session that this browser had before ends.
   * Rejects with `invalid_credentials`, `invalid_field`, `rate_limited`, …; who was signed in then still is. After a
   * `network_error` the service may have signed in all the same: another login ends that session.
   */
  login(credentials: { email: string; password: string }): Promise<User>;

  /**
   * Signs out: this tab and the others forget the token at once, then the service ends the session and clears the cookie.
   *
   * Only the service can clear the cookie. When it can't be reached this rejects (`network_error`, …) with everybody
   * signed out here all the same. Local storage remembers that the session with this id is to end
   * (never a token), and the client ends it when the device is online, at the latest before a page
   * of this origin would take it up again. Without local storage only this tab remembers: a page
   * opened later takes up the session, until this tab has told the service.
   *
   * If another origin of the site signed in by then, that later session goes on, and a `signed-in`
   * event tells of it. A logout that is asked for before it is known who is signed in names no
   * session, and ends the one that it finds.
   */
  logout(): Promise<void>;

  /**
   * Makes an account. Answers the user, signed in, or null when a mail with a link was sent
   * (it depends on the service: `REGISTRATION` `open` or `verified`; `password` is for `open` only).
   */
  register(account: {
    email: string;
    first_name?: string;
    last_name?: string;
    password?: string;
  }): Promise<User | null>;

  /** Mails a link to choose a new password, if the address has an account; whether it has one is not said. */
  requestPasswordReset(email: string): Promise<void>;
  /** Mails the link that verifies an address once more, if there is one to verify; whether there is, is not said. */
  requestEmailVerification(email: string): Promise<void>;
  /** Chooses the password with the mailed link's token. Ends every session of the user; signs nobody in. */
  confirmPasswordReset(choice: { token: string; password: string }): Promise<void>;
  /** Verifies an address with the mailed link's token. Signs nobody in. */
  verifyEmail(choice: { token: string; password: string }): Promise<void>;
  /** Confirms a new address with the mailed link's token. */
  confirmEmailChange(token: string): Promise<void>;

  /**
   * Changes the password. Every session of the user ends; this browser goes on with a new one.
   * Rejects with `invalid_credentials` when `current_password` is wrong.
   */
  changePassword(passwords: { current_password: string; new_password: string }): Promise<void>;
  /** Mails a link to the new address. Nothing changes before it is used. */
  changeEmail(change: { email: string; current_password: string }): Promise<void>;
  /** Deletes the account for good, and signs out. */
  deleteAccount(proof: { current_password: string }): Promise<void>;

  /**
   * Proves once more who is signed in, by their password. What can't be undone needs a proof of the
   * last minutes: the service refuses it with `reauthentication_required` (`maxAge`: how many
   * seconds old the proof may be) until this was called. The session stays the same one; it goes on
   * in every tab with a token that has the proof.
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
   * Rejects with `invalid_credentials` when the password is wrong, and with `rate_limited` after
   * too many tries: the session goes on as it was. Rejects with `signed_out` when the session ended
   * meanwhile, or another one took its place.
   */
  reauthenticate(password: string): Promise<void>;

  /** Asks the service who is signed in, and takes over what it says into `user`. */
  me(): Promise<User>;
  /** The user's sessions, the newest first. */
  sessions(): Promise<Session[]>;
  /** Ends one of them; this one too, which signs out. Rejects with `not_found` when it has ended. */
  endSession(id: string): Promise<void>;
  /** Ends all but this one. */
  endOtherSessions(): Promise<void>;

  /**
   * An access token that counts for at least a few seconds more, renewed first when needed. Don't keep it: ask again.
   * Rejects with `signed_out` when nobody is signed in, and with `network_error` and the like when it can't be renewed now.
   */
  accessToken(): Promise<string>;

  /**
   * The platform's `fetch` with `Authorization: Bearer …`.
   *
   * - The token goes to the service's origin and to those in `origins`. To any other, or when the request has an
   *   `Authorization` of its own or the mode `no-cors`, nothing is sent and it rejects with `invalid_argument`.
   * - When the answer is a 401 that refuses the token, it renews once and repeats once; many at a
   *   time share one renewal. A `ReadableStream` as `init.body` can't be sent twice: the 401 is
   *   answered, and the next call renews. The second answer is handed over as it is.
   * - A 401 refuses the token if its `WWW-Authenticate` says `Bearer error="invalid_token"` (RFC
   *   6750), or if it has no such header, which another origin may hide. Any other challenge is
   *   handed over at once: a fresh token is no help against `insufficient_user_authentication` (RFC
   *   9470), which asks for `reauthenticate`.
   * - Without an answer it rejects with `network_error` (the cause is the platform's TypeError). An `AbortSignal` works as
   *   usual: it rejects with the signal's reason, the only thing that is no {@link EdgegateError}.
   *   Nobody is signed out by either.
   * - A call belongs to the user of its moment: if another signs in meanwhile, it rejects with `signed_out`.
   * - Redirects are followed as by `fetch`. To another origin the browser takes the token off (Fetch standard,
   *   HTTP-redirect fetch), as all do since 2023.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /** Stops timers, listeners and the channel. Afterwards the client is of no more use. Signs nobody out. */
  close(): void;

  addEventListener<K extends keyof AuthClientEventMap>(
    type: K,
    listener: ((this: AuthClient, event: AuthClientEventMap[K]) => unknown) | null,
    options?:
      | boolean
      | { capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal },
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?:
      | boolean
      | { capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal },
  ): void;
  removeEventListener<K extends keyof AuthClientEventMap>(
    type: K,
    listener: ((this: AuthClient, event: AuthClientEventMap[K]) => unknown) | null,
    options?: boolean | { capture?: boolean },
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | { capture?: boolean },
  ): void;
}
