// Begins, continues and ends the session of this tab. Tells the page about each change by an event,
// and the other tabs by a message over a BroadcastChannel.
/**
 * @import { AuthClientEventMap, AuthState, SignedOutReason, User } from "../types/client.d.ts"
 * @import { Instant } from "./clock.js"
 * @import { Platform } from "./platform.js"
 * @import { Answer, RequestOptions } from "./request.js"
 * @import { Message } from "./tabs.js"
 * @import { Claims } from "./token.js"
 */
import { codeOf, EdgegateError, isEdgegateError } from "../errors.js";
import { readUser } from "./answers.js";
import { Clock } from "./clock.js";
import { explainNoAnswer } from "./cors.js";
import { Exclusive } from "./lock.js";
import { PendingLogout } from "./pending.js";
import { Renewal } from "./renewal.js";
import { notTheService, request } from "./request.js";
import { Session } from "./session.js";
import { Tabs } from "./tabs.js";
import { LOGOUT_MS, NAMES_MS, RENEWAL_MS } from "./timeouts.js";
import { readToken } from "./token.js";

/**
 * Dispatches an event to the page.
 *
 * @typedef {<K extends keyof AuthClientEventMap>(type: K, detail: AuthClientEventMap[K]["detail"]) => void} Emit
 */

export class Core {
  /**
   * Whether the page wants to know who is signed in. If so, the client also follows what happens in
   * other tabs.
   */
  watching = false;
  closed = false;
  /**
   * How many logouts the page has asked for. If the number has changed since a login was sent, the
   * answer to that login must not sign anybody in.
   */
  logouts = 0;
  /**
   * @type {Promise<unknown>} Resolves when no request is in progress that begins or changes the
   *   session, such as a login.
   */
  settling = Promise.resolve();
  /**
   * Resolves when the client has asked the service for the user's name. The client asks for it when
   * it has found a session, because a token does not contain the name.
   */
  greeting = Promise.resolve();

  #emit;
  /** @type {AuthState} The state that the last event has told the page. */
  #told;
  /** Whether the page has received at least one answer of the service that it could read. */
  #hasAnswered = false;

  /** @param {{platform: Platform, url: URL, emit: Emit}} parts */
  constructor({ platform, url, emit }) {
    const name = `edgegate:${url.origin}`;
    this.platform = platform;
    this.url = url;
    this.#emit = emit;
    this.clock = new Clock(platform);
    this.session = new Session(this.clock, platform.random);
    this.#told = this.session.state;
    this.exclusive = new Exclusive(name, platform);
    this.pending = new PendingLogout(name, platform);
    this.tabs = new Tabs(name, platform, (message) => this.#heard(message));
    this.renewal = new Renewal(this);
  }

  /**
   * Sends one request to the service.
   *
   * @param {string} path
   * @param {RequestOptions} options
   */
  async send(path, options) {
    try {
      const answer = await request(this.platform, new URL(path, this.url), options);
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      throw await this.explain(error);
    }
  }

  /**
   * If a request has failed because the page's origin is missing in the service's ALLOWED_ORIGINS,
   * returns an error that says so. Otherwise returns `error`. If the origin is missing, every
   * request fails. So once the service has answered a request, the client no longer looks for this
   * cause.
   *
   * @param {unknown} error
   */
  async explain(error) {
    if (!isEdgegateError(error)) return error;
    if (error.status !== undefined) this.#hasAnswered = true;
    return this.#hasAnswered ? error : explainNoAnswer(this.platform, this.url, error);
  }

  watch() {
    if (this.closed) throw new EdgegateError("invalid_argument", "This AuthClient is closed");
    this.watching = true;
    this.tabs.open();
    this.renewal.listen();
  }

  close() {
    this.closed = true;
    this.renewal.close();
    this.tabs.close();
  }

  /**
   * Runs `work` while no other request uses or sets the cookie, in any tab. If this tab is renewing
   * its token, gives up the renewal first. Otherwise `work` would have to wait for the renewal,
   * although its answer is not needed any more.
   *
   * @template T
   * @param {() => Promise<T>} work
   * @param {{settle?: boolean}} [options] `settle`: whether calls that need a token wait for
   *   `work`.
   */
  async exclusively(work, { settle = true } = {}) {
    this.renewal.cancel();
    const run = this.exclusive.run(work);
    if (settle) this.settling = run.catch(() => {});
    try {
      return await run;
    } finally {
      this.renewal.schedule();
    }
  }

  /**
   * Finds out who is signed in. Returns the user, or null if nobody is signed in.
   *
   * @returns {Promise<User | null>}
   */
  async ready() {
    const { session } = this;
    this.watch();
    for (;;) {
      await this.settling;
      if (session.status === "signed_in") {
        await this.greeting;
        return session.user;
      }
      await this.renewal.renew();
      if (this.session.status === "signed_out") return null;
    }
  }

  /**
   * A valid access token, renewed if needed.
   *
   * @param {string} [userId] The user whose token is needed. If another user is signed in by now,
   *   the promise rejects with `signed_out`.
   */
  async accessToken(userId = this.session.user?.id) {
    const { session } = this;
    this.watch();
    for (;;) {
      await this.settling;
      if (session.status === "signed_out" || (userId !== undefined && session.user?.id !== userId))
        throw signedOut();
      const { taken, usableToken } = session;
      if (usableToken !== undefined) return usableToken;
      await this.renewal.renew();
      // The token was just renewed, so the client does not compare the token's times with a clock.
      // The server that receives the token decides whether it is valid.
      const { token } = session;
      const isOurs = userId === undefined || session.user?.id === userId;
      if (token !== undefined && isOurs && session.taken !== taken) return token;
    }
  }

  /**
   * Sends a request with the token. If the service rejects the token, renews it once and repeats
   * the request.
   *
   * @template T
   * @param {(token: string) => Promise<T>} send
   */
  async authorized(send) {
    const userId = this.session.user?.id;
    const token = await this.accessToken(userId);
    try {
      return await send(token);
    } catch (error) {
      if (codeOf(error) !== "invalid_token" || !this.renewal.refused(token)) throw error;
      return send(await this.accessToken(userId));
    }
  }

  /**
   * Sends a request that signs a user in. Returns the user in the answer, or null if the answer has
   * neither tokens nor a user.
   *
   * @param {string} path
   * @param {object} body
   * @param {RequestOptions["expect"]} expect
   */
  login(path, body, expect) {
    this.watch();
    const { logouts } = this;
    return this.exclusively(async () => {
      const sent = this.clock.instant();
      const answer = await this.send(path, {
        body: { ...body, cookie: true },
        cookie: true,
        expect,
      });
      if (answer.body === null) return null;
      return this.#loggedIn(answer, sent, logouts);
    });
  }

  /**
   * @param {Answer} answer
   * @param {Instant} sent
   * @param {number} logouts
   */
  #loggedIn(answer, sent, logouts) {
    const { session } = this;
    const user = readUser(answer.body?.user);
    const { token, claims } = this.#readTokens(answer, sent);
    if (!user || user.id !== claims.sub) throw notTheService(this.url, 200);
    if (session.user && session.user.id !== user.id) this.signOut("other_user");
    if (this.logouts !== logouts) {
      // The page asked for a logout after it had sent the login. The client sends the logout after
      // this request, and the logout must end the new session too. So the client remembers the
      // logout once more, now for the new session. The first record of the logout is not enough:
      // another tab might have sent that logout already and removed the record.
      this.pending.remember(claims.sid);
      throw signedOut();
    }
    // The login has made the service end the previous session of this browser. So a remembered
    // logout of that session is not needed any more.
    this.pending.forget();
    return this.begin(token, claims, user);
  }

  /**
   * Begins a session in this tab. Tells the page and the other tabs, and returns the user.
   *
   * @param {string} token
   * @param {Claims} claims
   * @param {User} user
   */
  begin(token, claims, user) {
    const { session } = this;
    session.begin(token, claims, user);
    const { generation } = session;
    this.tabs.tellToken("login", token);
    this.#emitUser("signed-in");
    // It is possible that a listener of the event `signed-in` has signed out.
    if (session.generation !== generation || session.user === null) throw signedOut();
    return session.user;
  }

  /**
   * Changes the password. The service then ends all sessions of the user and begins a new one.
   *
   * @param {object} body
   */
  changePassword(body) {
    return this.authorized((token) => {
      const { logouts, session } = this;
      const userId = session.user?.id;
      return this.exclusively(async () => {
        const sent = this.clock.instant();
        const options = {
          body: { ...body, cookie: true },
          token,
          cookie: true,
          expect: { 200: true },
        };
        const answer = await this.send("/auth/password/change", options);
        this.#replaced(answer, sent, { userId, logouts });
      });
    });
  }

  /**
   * @param {Answer} answer
   * @param {Instant} sent
   * @param {{userId: string | undefined, logouts: number}} before
   */
  #replaced(answer, sent, { userId, logouts }) {
    const { session } = this;
    const { token, claims } = this.#readTokens(answer, sent, { sub: userId });
    // The page has asked for a logout in the meantime. The logout must end this new session too, as
    // in `#loggedIn`.
    if (this.logouts !== logouts) return this.pending.remember(claims.sid);
    if (session.status === "signed_out") {
      // Before the answer arrived, another tab told this tab that the old session had ended. So
      // this tab has signed the user out, and now signs the user in again.
      session.begin(token, claims);
      this.greeting = this.#greet("signed-in");
    } else if (session.user?.id === userId) {
      session.goOn(token, claims);
      this.#tellRenewed();
    }
    this.tabs.tellToken("login", token);
    this.#tellChange();
  }

  /**
   * Sends the user's password, which proves again who the user is. The session continues with a new
   * token that contains the time of this proof.
   *
   * @param {string} password
   */
  reauthenticate(password) {
    return this.authorized((token) => {
      const { logouts } = this;
      const { sub, sid } = readToken(token) ?? {};
      return this.exclusively(async () => {
        this.#requireSession(sid);
        const sent = this.clock.instant();
        const body = { password, cookie: true };
        const options = { body, token, cookie: true, expect: { 200: true } };
        try {
          const answer = await this.send("/auth/reauthenticate", options);
          this.#proved(answer, sent, { of: { sub, sid }, logouts });
        } catch (error) {
          // No answer has arrived, but it is possible that the service has set a new cookie. So the
          // client asks which session the cookie belongs to.
          if (codeOf(error) === "network_error") this.renewal.doubt();
          throw error;
        }
      });
    });
  }

  /**
   * @param {Answer} answer
   * @param {Instant} sent
   * @param {{of: Partial<Pick<Claims, "sub" | "sid">>, logouts: number}} before
   */
  #proved(answer, sent, { of, logouts }) {
    const { token, claims } = this.#readTokens(answer, sent, of);
    if (this.logouts !== logouts) {
      // The page has asked for a logout in the meantime. The logout must end this session, as in
      // `#loggedIn`.
      this.pending.remember(claims.sid);
      throw signedOut();
    }
    this.#requireSession(of.sid);
    this.session.goOn(token, claims);
    this.tabs.tellToken("renewal", token);
    this.#tellRenewed();
    this.#tellChange();
  }

  /**
   * Throws if the session with the id `sid` has ended in the meantime, or if another session has
   * replaced it. In both cases the client also asks the service who is signed in.
   *
   * @param {string | undefined} sid
   */
  #requireSession(sid) {
    if (this.session.claims?.sid === sid) return;
    this.renewal.doubt();
    throw signedOut();
  }

  /**
   * Sends a DELETE request that ends this session. The answer clears the cookie, if the cookie
   * belongs to a session that the request has ended.
   *
   * @param {string} path
   * @param {object | undefined} body
   * @param {SignedOutReason} reason
   */
  async end(path, body, reason) {
    await this.authorized((token) => {
      const { generation } = this.session;
      return this.exclusively(async () => {
        await this.send(path, {
          method: "DELETE",
          body,
          token,
          cookie: true,
          expect: { 204: false },
        });
        if (this.session.generation === generation) this.signOut(reason, { tell: true });
      });
    });
  }

  async logout() {
    this.watch();
    this.logouts += 1;
    // The logout is remembered first, because the user can close the page before the request is
    // sent.
    this.pending.remember(this.session.claims?.sid);
    this.signOut("logout", { tell: true });
    const prompt = this.clock.timer(LOGOUT_MS);
    await this.exclusively(
      async () => {
        // If the request is sent soon, it ends the session that the cookie belongs to, whichever
        // session that is. If the request is sent late, for example because the device slept, it
        // ends only the session that the page had when `logout` was called.
        const ended = await this.finishLogout({ ofAnySession: prompt.left > 0 });
        if (!ended) this.renewal.doubt();
      },
      { settle: false },
    );
  }

  /**
   * Asks the service for a new access token. The cookie contains the refresh token.
   *
   * @param {AbortSignal} signal
   * @param {Instant} _sent When the renewal began.
   * @returns {Promise<Answer & {user?: User}>} `user`: the user who is signed in, if the answer
   *   contains more about the user than the access token does.
   */
  requestRenewal(signal, _sent) {
    const body = { grant_type: "refresh_token" };
    // `keepalive`: if the page is closed now, the browser must still store the cookie of the
    // answer.
    const options = { body, cookie: true, expect: { 200: true }, keepalive: true };
    return this.send("/auth/token", { ...options, signal, timeout: RENEWAL_MS });
  }

  /**
   * Uses the answer to a renewal. The service issues the token to the user whom the browser's
   * cookie belongs to. So the user in the answer is signed in now, even if another user was signed
   * in before.
   *
   * @param {Answer & {user?: User}} answer
   * @param {Instant} sent
   */
  renewed(answer, sent) {
    const { session } = this;
    const { token, claims } = this.#readTokens(answer, sent);
    if (session.user && session.user.id !== claims.sub) {
      const { generation } = session;
      this.signOut("other_user");
      // `signOut` has called a listener of the page, and this listener has signed in or out.
      if (session.generation !== generation + 1) return;
    }
    const isFound = session.user === null;
    if (isFound) session.begin(token, claims);
    else session.goOn(token, claims, answer.user);
    this.tabs.tellToken("renewal", token);
    if (isFound) this.greeting = this.#greet("signed-in");
    else this.#tellRenewed();
    this.#tellChange();
  }

  /**
   * Forgets the session in this tab. Tells the page if somebody was signed in.
   *
   * @param {SignedOutReason} reason
   * @param {{tell?: boolean}} [options] `tell`: whether to tell the other tabs.
   */
  signOut(reason, { tell = false } = {}) {
    const { session } = this;
    const { status, claims } = session;
    this.renewal.cancel();
    session.end();
    if (tell && claims) this.tabs.tellSignedOut(reason, claims);
    this.#tellChange();
    if (status === "signed_in") this.#emit("signed-out", { reason });
  }

  /**
   * Tells the page that nobody is signed in. Call this if `ready()` has failed and the client later
   * finds out that nobody is signed in.
   */
  tellNobody() {
    if (this.session.status === "signed_out") this.#emit("signed-out", { reason: "no_session" });
  }

  /**
   * Sends the remembered logout, if there is one: a logout that has not reached the service yet.
   * Call this only while no other request uses or sets the cookie (see `exclusively`).
   *
   * Returns true if this logout ended the session that the cookie belongs to. Returns false if the
   * cookie belongs to a later session, or if another tab has sent the logout already.
   *
   * @param {{ofAnySession?: boolean, signal?: AbortSignal}} [options] `ofAnySession`: whether to
   *   end the session that the cookie belongs to, even if it is not the session that the page had.
   */
  async finishLogout({ ofAnySession = false, signal } = {}) {
    const { wish, session } = this.pending;
    if (wish === null) return false;
    const body = ofAnySession || session === undefined ? {} : { session_id: session };
    const options = { body, cookie: true, expect: { 200: false }, keepalive: true };
    try {
      await this.send("/auth/revoke", { ...options, signal, timeout: LOGOUT_MS });
    } catch (error) {
      if (codeOf(error) !== "invalid_grant") throw error;
      this.pending.forget(wish);
      return false;
    }
    this.pending.forget(wish);
    // It is possible that the cookie belonged to a session that this tab did not know of. So this
    // tab tells the other tabs that the cookie is gone. Each tab that still has a session then asks
    // the service who is signed in.
    this.tabs.tellCleared();
    return true;
  }

  /** @param {Message} message */
  #heard(message) {
    const { session } = this;
    if (!this.watching) return;
    if (message.type === "cleared") {
      if (session.status === "signed_in") this.renewal.doubt("other_tab");
      return;
    }
    if (message.type === "signed_out") {
      if (session.claims?.sid === message.sid && session.claims.sub === message.sub) {
        this.signOut(message.reason === "logout" ? "other_tab" : message.reason);
      } else if (session.user?.id === message.sub) {
        this.renewal.doubt();
      }
      return;
    }
    const { cause, token, claims } = message;
    // A login in another tab has replaced the session that the remembered logout was for, so this
    // logout is not needed any more. Here the logout is removed only from the memory of this tab.
    // If storage works, the other tab has removed the logout from storage.
    if (cause === "login") this.pending.forgetOwn();
    if (session.isNewer(token, claims, cause)) {
      session.goOn(token, claims);
      this.renewal.handedOver();
      this.#tellRenewed();
      this.#tellChange();
    } else if (
      session.user?.id !== claims.sub &&
      (cause === "login" || session.status === "signed_in")
    ) {
      // In another tab, somebody has signed in, perhaps another user. This tab asks the service,
      // which finds out from the cookie who is signed in now.
      this.renewal.doubt();
    } else if (session.isFromTheFuture(claims)) {
      // The clock of this tab seems to be slow. With a slow clock, this tab does not notice when
      // its token expires. A renewal sets the clock to the time in the service's answer.
      this.renewal.doubt();
    }
  }

  #tellRenewed() {
    if (this.session.isKnown) this.#emitUser("renewed");
    else this.greeting = this.#greet("renewed");
  }

  /**
   * Asks the service for the user's name, and then dispatches the event to the page.
   *
   * @param {"signed-in" | "renewed"} event
   */
  async #greet(event) {
    const { session } = this;
    const { generation, token } = session;
    try {
      const options = { method: "GET", token, expect: { 200: true }, timeout: NAMES_MS };
      const { body } = await this.send("/auth/me", options);
      const user = readUser(body);
      if (user && session.generation === generation) session.learn(user);
    } catch {
      // The name is missing, but the token says who the user is. The client asks for the name again
      // at the next renewal.
    }
    if (session.generation === generation) this.#emitUser(event);
  }

  /**
   * Updates the user with the user in an answer of the service.
   *
   * @param {User} user
   */
  learn(user) {
    const learned = this.session.learn(user);
    this.#tellChange();
    return learned;
  }

  /**
   * Dispatches the event `change` if the status or the user has changed. Call this only when the
   * change is complete, because a listener can sign out at once.
   */
  #tellChange() {
    const { state } = this.session;
    if (state === this.#told) return;
    this.#told = state;
    this.#emit("change", state);
  }

  /** @param {"signed-in" | "renewed"} event */
  #emitUser(event) {
    this.#tellChange();
    const { user } = this.session;
    if (user) this.#emit(event, { user });
  }

  /**
   * Reads the new access token in an answer, and sets the clock.
   *
   * @param {Answer} answer
   * @param {Instant} sent
   * @param {Partial<Pick<Claims, "sub" | "sid">>} [of] The values that these claims of the token
   *   must have.
   */
  #readTokens({ body, date }, sent, of = {}) {
    const token = body?.access_token;
    const claims = readToken(token);
    const names = /** @type {(keyof typeof of)[]} */ (Object.keys(of));
    if (typeof token !== "string" || !claims || names.some((name) => claims[name] !== of[name]))
      throw notTheService(this.url, 200);
    this.clock.anchor({ date, iat: claims.iat, sent });
    this.renewal.succeeded();
    return { token, claims };
  }
}

const signedOut = () => new EdgegateError("signed_out", "Nobody is signed in");
