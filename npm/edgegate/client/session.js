// Who is signed in, as this tab knows it, with the access token. Memory only; no I/O.

import { freezeUser } from "./answers.js";

// A token is renewed this long before its end, at most; of a short-lived one a quarter of its life is left.
const LEAD_SECONDS = 60;
// It is not sent any more when it could end on its way.
const MARGIN_SECONDS = 10;
// A token that was renewed because its predecessor was refused is not renewed for another refusal at once: then the token
// is not what the resource server minds.
const FORCED_SECONDS = 30;

export class Session {
  status = "unknown";
  user = null;
  token = undefined;
  claims = undefined;
  /** Whether `user` has what no token says: the names, and the address as it was given. */
  isKnown = false;
  /** Moves whenever a session begins or ends here: an answer to a request from before must change nothing. */
  generation = 0;
  /** How many tokens were taken so far. */
  taken = 0;

  #clock;
  #random;
  #refused = false;
  #pause;
  #forcedPause;
  #jitter = 0;

  constructor(clock, random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A session began, by a login or because one was found. `user` is undefined when only the token is there. */
  begin(token, claims, user) {
    this.generation += 1;
    this.user = null;
    this.#take(token, claims, user);
  }

  /** The session that goes on has a fresh token. */
  goOn(token, claims) {
    this.#take(token, claims, undefined);
  }

  end() {
    this.generation += 1;
    this.status = "signed_out";
    this.user = null;
    this.token = this.claims = undefined;
    this.#refused = false;
  }

  /** What the service says of the user now. Of another user: not taken. Answers the user. */
  learn(user) {
    if (user.id !== this.user?.id) return user;
    this.isKnown = true;
    this.#show(user);
    return this.user;
  }

  /** Whether the token can be sent. */
  get usable() {
    if (this.token === undefined || this.#refused) return false;
    return this.#clock.now() < (this.claims.exp - this.#part(MARGIN_SECONDS, 10)) * 1000;
  }

  /** In how many milliseconds the token is to be renewed; a little different in each tab. */
  get renewIn() {
    if (this.#refused) return 0;
    const lead = this.#part(LEAD_SECONDS, 4) * (1 + this.#jitter / 2);
    // A service whose tokens are over when they come must not be asked without a pause.
    return Math.max((this.claims.exp - lead) * 1000 - this.#clock.now(), this.#pause.left);
  }

  /** `token` was answered with 401. Answers whether another try with the session's next token can help. */
  refuse(token) {
    if (this.status !== "signed_in") return false;
    if (token !== this.token) return true;
    if (this.#forcedPause?.left > 0) return false;
    this.#refused = true;
    return true;
  }

  /** Whether `token`, handed over by another tab, is this session's user's, counts, and is newer than the own. */
  isNewer(token, claims, cause) {
    const { claims: own } = this;
    if (own === undefined || claims.sub !== own.sub || claims.iss !== own.iss) return false;
    const now = this.#clock.now() / 1000;
    if (claims.exp <= now || claims.iat > now + LEAD_SECONDS) return false;
    if (claims.iat !== own.iat) return claims.iat > own.iat;
    // Both are of the same second: a login is newer than the renewals of the session that it replaced.
    if (claims.sid !== own.sid) return cause === "login";
    // The later proof of who the user is counts. Else any other token is better than one that does
    // not count.
    if (claims.auth_time !== own.auth_time) return claims.auth_time > own.auth_time;
    return !this.usable && token !== this.token;
  }

  /**
   * Whether this user's token, handed over by another tab, says that the clock of this tab is late:
   * it was issued at a time that is still to come here.
   */
  isFromTheFuture(claims) {
    const { claims: own } = this;
    if (own === undefined || claims.sub !== own.sub || claims.iss !== own.iss) return false;
    return claims.iat > this.#clock.now() / 1000 + LEAD_SECONDS;
  }

  #take(token, claims, user) {
    this.#forcedPause = this.#refused ? this.#clock.timer(FORCED_SECONDS * 1000) : undefined;
    this.#refused = false;
    this.#jitter = this.#random();
    this.taken += 1;
    // A token has the address in its canonical form; it is shown as it was given. Only the service knows that of a new one.
    const isSameAddress = this.claims?.email === claims.email && this.user !== null;
    this.token = token;
    this.claims = claims;
    this.#pause = this.#clock.timer(this.#part(LEAD_SECONDS, 4) * 500);
    this.status = "signed_in";
    if (user !== undefined) this.isKnown = true;
    else if (!isSameAddress) this.isKnown = false;
    const { first_name = null, last_name = null } = this.user ?? {};
    const { sub: id, email_verified, roles } = claims;
    const email = isSameAddress ? this.user.email : (claims.email ?? "");
    this.#show(user ?? { id, email, email_verified, first_name, last_name, roles });
  }

  // The same object as long as nothing changed, so that a page need not draw anew.
  #show(user) {
    if (JSON.stringify(user) === JSON.stringify(this.user)) return;
    this.user = freezeUser(user);
  }

  // `seconds`, or that part of the token's life if it is less.
  #part(seconds, divisor) {
    return Math.min(seconds, (this.claims.exp - this.claims.iat) / divisor);
  }
}
