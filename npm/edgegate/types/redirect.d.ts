/**
 * `edgegate/redirect`: signs in at an edgegate service on another site. The person signs in on the
 * service's own page, and comes back (OAuth 2.1's authorization code with PKCE, OpenID Connect).
 *
 * ```js
 * import { RedirectClient } from "edgegate/redirect";
 *
 * const auth = new RedirectClient({
 *   issuer: "https://auth.example.com",
 *   clientId: "…",
 *   redirectUri: "/callback",                          // a page that runs this script too
 *   resource: "https://api.example.net",               // the API that the access token is for
 * });
 * auth.subscribe(({ status, user }) => show(status, user));
 * button.onclick = () => auth.signInWithRedirect();
 * const response = await auth.fetch("https://api.example.net/orders");
 * ```
 *
 * `subscribe` and `ready()` handle the answer of the service by themselves. After that, the address
 * bar shows again the address at which the sign-in began. If the page's router has already started,
 * the page must tell the router this address, which is `returnTo` in the result of
 * `handleRedirect()`.
 *
 * **Where the tokens are.** All of them are in the memory of this tab, so each tab has a session of
 * its own. After a reload, `ready()` asks the service who is signed in: the browser leaves the
 * page, goes to the service and comes back, and the service shows nothing. `ready()` does so only
 * if somebody was signed in before, at most once for each load of the page, and never in a frame.
 * Session storage has the secrets of a round trip until the answer of the service comes. Local
 * storage has one flag that says whether somebody was signed in, with the scope and the resource.
 * No storage ever has a token.
 *
 * **What an app may do.** The token of an app gives no access to the user's account: every method
 * that shows or changes the account rejects with `not_for_apps`.
 */

import type {
  AnyListener,
  AuthClientEventMap,
  AuthClientMembers,
  AuthClientOptions,
  AuthState,
  ListenerOptions,
  Platform,
  User,
} from "./client.js";
import type { EventTargetLike, Fetch, PlatformEventTarget, UrlLike } from "./platform.js";

export type { AuthClientEventMap, AuthState, SignedOutReason, User } from "./client.js";
export * from "./errors.js";

/** An option that does not exist is rejected with `invalid_argument`. */
export interface RedirectClientOptions {
  /** The origin of the service, such as `https://auth.example.com`. */
  issuer: string | UrlLike;
  /** The id of this app at the service. */
  clientId: string;
  /**
   * The address to which the service sends the person back. It must be one of the addresses that
   * are registered for the app. You can write it relative to the address of the page.
   */
  redirectUri: string | UrlLike;
  /**
   * The scopes that a sign-in asks for. `openid` is always added. Default: `openid profile email`.
   */
  scope?: string | undefined;
  /**
   * The URI of the API that the access token is for. `fetch` sends the token to the origin of that
   * API.
   */
  resource?: string | undefined;
  /** Other origins that `fetch` sends the access token to. */
  origins?: AuthClientOptions["origins"];
  /** Replaces the platform's `fetch`. */
  fetch?: Fetch | undefined;
  /** Replaces parts of the browser in tests. `null` means that there is no such part. */
  platform?: Partial<RedirectPlatform> | undefined;
}

/** The parts of the browser that a {@link RedirectClient} uses. */
export interface RedirectPlatform extends Platform {
  location: {
    readonly href: string;
    assign(url: string): void;
    replace(url: string): void;
  } | null;
  history: {
    readonly state: unknown;
    replaceState(data: unknown, unused: string, url?: string): void;
  } | null;
  /** Stores the round trips that this tab has begun, and never a token. */
  sessionStorage: Platform["storage"];
  /** The client listens to its events `focus`, `online`, `pageshow` and `storage`. */
  window: EventTargetLike | null;
  /** Whether the page is in a frame. */
  isFramed: boolean;
  /** False if the device is known to be offline. */
  isOnline(): boolean;
}

/** What one sign-in asks for. */
export interface RedirectRequest {
  /** Replaces the client's `scope`. */
  scope?: string | undefined;
  /**
   * Replaces the client's `resource`. If this API has another origin than the client's `resource`
   * and the service, `fetch` sends the token to it only if that origin is in `origins`.
   */
  resource?: string | undefined;
  /**
   * One of these words, or several with spaces between them, for example `login consent`:
   *
   * - `login`: the person must prove again who they are;
   * - `consent`: the person is asked again what the app may do;
   * - `select_account`: the person chooses an account;
   * - `none`: the service shows no page to the person.
   */
  prompt?: string | undefined;
  /** The email address that the sign-in page shows at first. */
  loginHint?: string | undefined;
  /** The person must have proved who they are at most this many seconds ago. */
  maxAge?: number | undefined;
  /**
   * The address to come back to, on this page's origin. Default: the address of the page. After the
   * round trip, the client puts this address into the address bar, with `history.replaceState`.
   */
  returnTo?: string | undefined;
  /** The languages of the person, such as `de en`. */
  uiLocales?: string | undefined;
  /** How the person must prove who they are (`acr_values` of OpenID Connect). */
  acrValues?: string | undefined;
}

/** The result of a round trip to the service. */
export interface RedirectResult {
  /**
   * Null only if the page has asked the service after a reload, and the service can't sign the
   * person in without showing a page, for example because nobody is signed in there.
   */
  readonly user: User | null;
  /** The path from which the person came, with its query and fragment, such as `/orders?page=2`. */
  readonly returnTo: string;
}

/** The methods that change or show the account. They reject with `not_for_apps`. */
export type AccountMethod =
  | "login"
  | "register"
  | "requestPasswordReset"
  | "requestEmailVerification"
  | "confirmPasswordReset"
  | "verifyEmail"
  | "confirmEmailChange"
  | "changePassword"
  | "changeEmail"
  | "deleteAccount"
  | "reauthenticate"
  | "me"
  | "sessions"
  | "endSession"
  | "endOtherSessions";

/**
 * A page needs only one client. It can be made anywhere, like an `AuthClient`, even while a page is
 * rendered on a server.
 *
 * @throws {EdgegateError} `invalid_argument`: an option is missing or wrong, or does not exist
 */
export const RedirectClient: {
  new (options: RedirectClientOptions): RedirectClient;
  readonly prototype: RedirectClient;
};

/** If `status` is `signed_in`, `user` is not null. TypeScript knows this too. */
export type RedirectClient = RedirectClientMembers & AuthState & PlatformEventTarget;

/** What a {@link RedirectClient} has in addition to its {@link AuthState}. */
export interface RedirectClientMembers
  extends Pick<
      AuthClientMembers,
      "subscribe" | "getSnapshot" | "getServerSnapshot" | "now" | "accessToken" | "fetch" | "close"
    >,
    Record<AccountMethod, (...given: never[]) => Promise<never>> {
  /**
   * Leaves the page, and opens the service's sign-in page. The promise resolves only if the person
   * comes back to this page with the back button, and so has not signed in.
   *
   * Rejects with `redirect_failed` in a frame (`in_frame`), on a page without WebCrypto
   * (`no_web_crypto`), and if the browser lets the page store nothing (`no_storage`).
   */
  signInWithRedirect(request?: RedirectRequest): Promise<void>;

  /**
   * Handles the service's answer in the address of the page, or in `url`. If `url` is missing and
   * the address of the page has no answer, returns the result of the answer that was handled last,
   * or null. An answer in the address bar is removed at once. If this tab sent the request that the
   * answer belongs to, `returnTo` is put there.
   *
   * Call it as often as you like. The service accepts a code only once, so all calls for the same
   * address share one result. This matters for example in React's StrictMode, which calls each
   * effect twice.
   *
   * Rejects with `sign_in_refused` (the `reason` is the error of the service, such as
   * `access_denied`), `redirect_failed`, `invalid_id_token`, `invalid_grant` (the code has
   * expired), `network_error` and others. In all these cases nobody has signed in. The code
   * `redirect_failed` with the reason `state_unknown` means that this tab did not send the request
   * that the answer belongs to, for example because a mailed link was opened in another tab. In
   * that case, offer the sign-in again.
   */
  handleRedirect(url?: string | UrlLike): Promise<RedirectResult | null>;

  /**
   * Returns the user, or null if nobody is signed in. If the address of the page contains an
   * answer, this method handles the answer first. If there is no answer, and somebody was signed in
   * before, this method asks the service: the browser leaves the page, goes to the service and
   * comes back. In this case the promise does not resolve before the browser has left the page.
   *
   * Rejects with `network_error` if the device is offline, and with `redirect_failed`
   * (`redirect_loop`) if the page loads itself again after each answer. It also rejects with the
   * errors of `handleRedirect`.
   */
  ready(): Promise<User | null>;

  /**
   * Signs out of this app, in all tabs. The tokens are forgotten at once. Then the service ends the
   * session. If the service can't be reached, this method rejects (except with `endSession`), and
   * you can call it again.
   *
   * With `endSession`, the browser then leaves the page and goes to the service. The service signs
   * the person out of everything. If `postLogoutRedirectUri` is registered, the service can send
   * the person to this address after that.
   */
  signOut(options?: SignOutOptions): Promise<void>;
  /** The same as `signOut()`, under the name that the method has in an `AuthClient`. */
  logout(): Promise<void>;

  addEventListener<K extends keyof AuthClientEventMap>(
    type: K,
    listener: ((this: RedirectClient, event: AuthClientEventMap[K]) => unknown) | null,
    options?: boolean | ListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: AnyListener | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener<K extends keyof AuthClientEventMap>(
    type: K,
    listener: ((this: RedirectClient, event: AuthClientEventMap[K]) => unknown) | null,
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

/** The options of `signOut`. */
export interface SignOutOptions {
  /** Whether to sign out of the service too. Default: false. */
  endSession?: boolean | undefined;
  /** Where the service sends the person afterwards: an address that is registered for the app. */
  postLogoutRedirectUri?: string | undefined;
}
