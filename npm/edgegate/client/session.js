// Stores in memory what this tab knows about the session: the access token and the user who is
// signed in. This file does no I/O.
/**
 * @import { AuthState, User } from "../types/client.d.ts"
 * @import { Clock, Timer } from "./clock.js"
 * @import { Cause } from "./tabs.js"
 * @import { Claims } from "./token.js"
 */
import { freezeUser } from "./answers.js";

/**
 * The state before the client knows who is signed in.
 *
 * @type {AuthState}
 */
export const UNKNOWN = Object.freeze({ status: "unknown", user: null });

// A token is renewed at least this long before it expires. If a quarter of the token's life is
// shorter, the token is renewed when at least a quarter of its life is left. `renewIn` adds up to
// half of this time.
const LEAD_SECONDS = 60;
// A token that expires within this time is not sent any more: it could expire on its way to the
// server.
const MARGIN_SECONDS = 10;
// If a server rejects a token, the client renews it. If a server rejects the new token too, the
// token is probably not the reason, and another renewal would not help. So after a renewal because
// of a rejected token, the client ignores rejected tokens for this time.
const FORCED_SECONDS = 30;

export class Session {
  /** @type {"unknown" | "signed_in" | "signed_out"} */
  status = "unknown";
  /** @type {User | null} */
  user = null;
  /** @type {string | undefined} */
  token = undefined;
  /** @type {Claims | undefined} */
  claims = undefined;
  /**
   * Whether `user` also has the members that are not in a token: the names, and the email address
   * as the user wrote it.
   */
  isKnown = false;
  /**
   * Changes when a session begins or ends in this tab. The answer to a request that was sent before
   * such a change must not change the session.
   */
  generation = 0;
  /** How many new tokens this tab has received so far, from the service or from other tabs. */
  taken = 0;

  #clock;
  #random;
  #state = UNKNOWN;
  #isRefused = false;
  /** @type {Timer} */
  #pause;
  /** @type {Timer} */
  #forcedPause;
  #jitter = 0;

  /**
   * @param {Clock} clock
   * @param {() => number} random
   */
  constructor(clock, random) {
    this.#clock = clock;
    this.#random = random;
    this.#pause = this.#forcedPause = clock.timer(0);
  }

  /** Who is signed in. The getter returns the same object until the status or the user changes. */
  get state() {
    const { status, user } = this;
    if (this.#state.status !== status || this.#state.user !== user)
      this.#state = /** @type {AuthState} */ (Object.freeze({ status, user }));
    return this.#state;
  }

  /**
   * Begins a session in this tab, after a login, or because the client has found a session that
   * exists already.
   *
   * @param {string} token
   * @param {Claims} claims
   * @param {User} [user] Undefined if only the token is known.
   */
  begin(token, claims, user) {
    this.generation += 1;
    this.user = null;
    this.#take(token, claims, user);
  }

  /**
   * Continues the session with a new token.
   *
   * @param {string} token
   * @param {Claims} claims
   * @param {User} [user] Undefined if only the token is known.
   */
  goOn(token, claims, user) {
    this.#take(token, claims, user);
  }

  end() {
    this.generation += 1;
    this.status = "signed_out";
    this.user = null;
    this.token = this.claims = undefined;
    this.#isRefused = false;
  }

  /**
   * Updates the user of this session with the user in an answer of the service, and returns the
   * result. If it is another user, changes nothing and returns that user.
   *
   * @param {User} user
   */
  learn(user) {
    if (user.id !== this.user?.id) return user;
    this.isKnown = true;
    return this.#show(user);
  }

  /** The token, if it may be sent: no server has rejected it, and it does not expire too soon. */
  get usableToken() {
    if (this.claims === undefined || this.#isRefused) return undefined;
    const end = this.claims.exp - part(this.claims, MARGIN_SECONDS, 10);
    return this.#clock.now() < end * 1000 ? this.token : undefined;
  }

  /**
   * The number of milliseconds after which the token must be renewed. It differs a little from tab
   * to tab, so that the tabs don't all renew at the same time.
   */
  get renewIn() {
    if (this.claims === undefined || this.#isRefused) return 0;
    const lead = part(this.claims, LEAD_SECONDS, 4) * (1 + this.#jitter / 2);
    // `#pause` matters if the service's tokens have expired already when they arrive. Without this
    // pause, the client would send one renewal right after the other.
    return Math.max((this.claims.exp - lead) * 1000 - this.#clock.now(), this.#pause.left);
  }

  /**
   * Call this when a server has rejected a request that had this `token` with status 401. Returns
   * whether it can help to repeat the request with the next token of the session.
   *
   * @param {string} token
   */
  refuse(token) {
    if (this.status !== "signed_in") return false;
    if (token !== this.token) return true;
    if (this.#forcedPause.left > 0) return false;
    this.#isRefused = true;
    return true;
  }

  /**
   * Whether this tab should use a token from another tab: the token belongs to the user of this
   * session, has not expired, and is newer than the token of this tab (or can replace one that is
   * not usable).
   *
   * @param {string} token
   * @param {Claims} claims
   * @param {Cause} cause
   */
  isNewer(token, claims, cause) {
    const { claims: own } = this;
    if (own === undefined || claims.sub !== own.sub || claims.iss !== own.iss) return false;
    const now = this.#clock.now() / 1000;
    if (claims.exp <= now || claims.iat > now + LEAD_SECONDS) return false;
    if (claims.iat !== own.iat) return claims.iat > own.iat;
    // Both tokens were issued in the same second. If their sessions differ, the token of a login is
    // newer: a login replaces the session before it.
    if (claims.sid !== own.sid) return cause === "login";
    // The token with the later `auth_time` (when the user proved who they are) is newer. If both
    // times are the same, the token from the other tab is used only if this tab's own token is not
    // usable and the two tokens differ.
    if (claims.auth_time !== own.auth_time) return claims.auth_time > own.auth_time;
    return this.usableToken === undefined && token !== this.token;
  }

  /**
   * Whether a token of the same user, from another tab, shows that the clock of this tab is slow:
   * according to this clock, the token was issued in the future.
   *
   * @param {Claims} claims
   */
  isFromTheFuture(claims) {
    const { claims: own } = this;
    if (own === undefined || claims.sub !== own.sub || claims.iss !== own.iss) return false;
    return claims.iat > this.#clock.now() / 1000 + LEAD_SECONDS;
  }

  /**
   * @param {string} token
   * @param {Claims} claims
   * @param {User | undefined} user
   */
  #take(token, claims, user) {
    const before = this.user;
    this.#forcedPause = this.#clock.timer(this.#isRefused ? FORCED_SECONDS * 1000 : 0);
    this.#isRefused = false;
    this.#jitter = this.#random();
    this.taken += 1;
    // A token has the canonical form of the email address, but the page shows the address as the
    // user wrote it. While the canonical form stays the same, the client keeps the address that the
    // user wrote.
    const writtenEmail = this.claims?.email === claims.email ? before?.email : undefined;
    this.token = token;
    this.claims = claims;
    this.#pause = this.#clock.timer(part(claims, LEAD_SECONDS, 4) * 500);
    this.status = "signed_in";
    if (user !== undefined) this.isKnown = true;
    else if (writtenEmail === undefined) this.isKnown = false;
    const { first_name = null, last_name = null } = before ?? {};
    const { sub: id, email_verified, roles } = claims;
    const email = writtenEmail ?? claims.email ?? "";
    this.#show(user ?? { id, email, email_verified, first_name, last_name, roles });
  }

  /**
   * Sets `user`, but keeps the same object if nothing has changed, so that a page need not render
   * again.
   *
   * @param {User} user
   */
  #show(user) {
    if (this.user !== null && JSON.stringify(user) === JSON.stringify(this.user)) return this.user;
    this.user = freezeUser(user);
    return this.user;
  }
}

/**
 * `seconds`, or the token's life divided by `divisor` if that is less.
 *
 * @param {Claims} claims
 * @param {number} seconds
 * @param {number} divisor
 */
function part({ iat, exp }, seconds, divisor) {
  return Math.min(seconds, (exp - iat) / divisor);
}
