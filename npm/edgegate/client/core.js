// What happens when a session begins, goes on and ends, and who is told: the page by events, other tabs by the channel.
import { EdgegateError } from "../errors.js";
import { readUser } from "./answers.js";
import { Clock } from "./clock.js";
import { Exclusive } from "./lock.js";
import { PendingLogout } from "./pending.js";
import { Renewal } from "./renewal.js";
import { notTheService, request } from "./request.js";
import { Session } from "./session.js";
import { Tabs } from "./tabs.js";
import { LOGOUT_MS, NAMES_MS } from "./timeouts.js";
import { readToken } from "./token.js";

export class Core {
  /** Whether the page wants to know who is signed in, and so be told what other tabs do. */
  watching = false;
  closed = false;
  /** How often the page asked for a logout: a login's answer from before must not sign in. */
  logouts = 0;
  /** Ends when the login (or the like) that is under way has ended. */
  settling = Promise.resolve();
  /** Ends when the names of a user who was just found are known. */
  greeting = Promise.resolve();

  #emit;

  constructor({ platform, url, emit }) {
    const name = `edgegate:${url.origin}`;
    this.platform = platform;
    this.url = url;
    this.#emit = emit;
    this.clock = new Clock(platform);
    this.session = new Session(this.clock, platform.random);
    this.exclusive = new Exclusive(name, platform);
    this.pending = new PendingLogout(name, platform);
    this.tabs = new Tabs(name, platform, (message) => this.#heard(message));
    this.renewal = new Renewal(this);
  }

  /** One request to the service; options as in request.js. */
  send(path, options) {
    return request(this.platform, new URL(path, this.url), options);
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
   * Runs `work` while no other request uses or sets the cookie, in any tab. A renewal in flight here is given up: it would
   * only be waited for, and its answer is of no use any more. `settle`: whether calls for a token wait for it.
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
   * A valid access token, renewed when needed.
   * `userId`: of this user only; rejects with signed_out when another has taken their place meanwhile.
   */
  async accessToken(userId = this.session.user?.id) {
    const { session } = this;
    this.watch();
    for (;;) {
      await this.settling;
      if (session.status === "signed_out" || (userId !== undefined && session.user?.id !== userId))
        throw signedOut();
      if (session.usable) return session.token;
      const { taken } = session;
      await this.renewal.renew();
      // Fresh from the service: it is for the service to say whether it counts.
      const isOurs =
        session.status === "signed_in" && (userId === undefined || session.user.id === userId);
      if (isOurs && session.taken !== taken) return session.token;
    }
  }

  /** Sends with the token; renews once and repeats when the service refuses it. `send` gets the token. */
  async authorized(send) {
    const userId = this.session.user?.id;
    const token = await this.accessToken(userId);
    try {
      return await send(token);
    } catch (error) {
      if (error.code !== "invalid_token" || !this.renewal.refused(token)) throw error;
      return send(await this.accessToken(userId));
    }
  }

  /** Signs in by a request that answers tokens and the user. Null when it answers none. */
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

  #loggedIn({ body, date }, sent, logouts) {
    const { session } = this;
    const user = readUser(body.user);
    const claims = this.#readFresh(body, { date, sent });
    if (!user || user.id !== claims.sub) throw notTheService(200);
    if (session.user && session.user.id !== user.id) this.signOut("other_user");
    if (this.logouts !== logouts) {
      // The logout that was asked for meanwhile comes next and must end this session too, also when another tab's
      // logout has settled the wish already.
      this.pending.remember(claims.sid);
      throw signedOut();
    }
    // The service ended the session before it.
    this.pending.forget();
    session.begin(body.access_token, claims, user);
    this.tabs.tellToken("login", body.access_token);
    this.#emit("signed-in", { user: session.user });
    return session.user;
  }

  /** A new session of the same user, who changed the password. */
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

  #replaced({ body, date }, sent, { userId, logouts }) {
    const { session } = this;
    const claims = this.#readFresh(body, { date, sent, of: { sub: userId } });
    // As after a login.
    if (this.logouts !== logouts) return this.pending.remember(claims.sid);
    if (session.status === "signed_out") {
      // Another tab saw the old session's end before the answer came.
      session.begin(body.access_token, claims);
      this.greeting = this.#greet("signed-in");
    } else if (session.user?.id === userId) {
      session.goOn(body.access_token, claims);
      this.#tellRenewed();
    }
    this.tabs.tellToken("login", body.access_token);
  }

  /** The session goes on with tokens that say that its user has just proved who they are. */
  reauthenticate(password) {
    return this.authorized((token) => {
      const { logouts } = this;
      const { sub, sid } = readToken(token);
      return this.exclusively(async () => {
        this.#requireSession(sid);
        const sent = this.clock.instant();
        const body = { password, cookie: true };
        const options = { body, token, cookie: true, expect: { 200: true } };
        try {
          const answer = await this.send("/auth/reauthenticate", options);
          this.#proved(answer, sent, { of: { sub, sid }, logouts });
        } catch (error) {
          // The answer may have set the cookie all the same: it is asked which session it has.
          if (error.code === "network_error") this.renewal.doubt();
          throw error;
        }
      });
    });
  }

  #proved({ body, date }, sent, { of, logouts }) {
    const claims = this.#readFresh(body, { date, sent, of });
    if (this.logouts !== logouts) {
      // As after a login.
      this.pending.remember(claims.sid);
      throw signedOut();
    }
    this.#requireSession(of.sid);
    this.session.goOn(body.access_token, claims);
    this.tabs.tellToken("renewal", body.access_token);
    this.#tellRenewed();
  }

  // Another session may have come meanwhile, or the end of this one. Then the cookie says who is
  // signed in.
  #requireSession(sid) {
    if (this.session.claims?.sid === sid) return;
    this.renewal.doubt();
    throw signedOut();
  }

  /** A DELETE that ends this very session; its answer clears the cookie, if that is of the same session. */
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
    // Remembered before it is asked for: the page may go away first.
    this.pending.remember(this.session.claims?.sid);
    this.signOut("logout", { tell: true });
    const prompt = this.clock.timer(LOGOUT_MS);
    await this.exclusively(
      async () => {
        // At once it means whoever is signed in in this browser. A page that slept in between means
        // its own session.
        const ended = await this.finishLogout({ ofAnySession: prompt.left > 0 });
        if (!ended) this.renewal.doubt();
      },
      { settle: false },
    );
  }

  /** A renewal's answer: by the cookie, so this is who is signed in, whoever that was before. */
  renewed({ body, date }, sent) {
    const { session } = this;
    const claims = this.#readFresh(body, { date, sent });
    if (session.user && session.user.id !== claims.sub) {
      const { generation } = session;
      this.signOut("other_user");
      // A listener was quicker.
      if (session.generation !== generation + 1) return;
    }
    const found = session.user === null;
    if (found) session.begin(body.access_token, claims);
    else session.goOn(body.access_token, claims);
    this.tabs.tellToken("renewal", body.access_token);
    if (found) this.greeting = this.#greet("signed-in");
    else this.#tellRenewed();
  }

  /** Forgets the session in this tab. Tells the page if somebody was signed in. */
  signOut(reason, { tell = false } = {}) {
    const { session } = this;
    const { status, claims } = session;
    this.renewal.cancel();
    session.end();
    if (tell && claims) this.tabs.tellSignedOut(reason, claims);
    if (status === "signed_in") this.#emit("signed-out", { reason });
  }

  /** After it could not be found out at first, it turned out that nobody is signed in. */
  tellNobody() {
    if (this.session.status === "signed_out") this.#emit("signed-out", { reason: "no_session" });
  }

  /**
   * Sends a remembered logout that has not reached the service yet. Call it within `exclusively`.
   * Answers whether the session of the cookie has ended. It has not when that is a later session, or
   * when another tab was quicker. `ofAnySession`: ends the session of the cookie, whichever it is.
   */
  async finishLogout({ ofAnySession = false, signal } = {}) {
    const { wish, session } = this.pending;
    if (wish === null) return false;
    const body = ofAnySession || session === undefined ? {} : { session_id: session };
    const options = { body, cookie: true, expect: { 200: false }, keepalive: true };
    try {
      await this.send("/auth/revoke", { ...options, signal, timeout: LOGOUT_MS });
    } catch (error) {
      if (error.code !== "invalid_grant") throw error;
      this.pending.forget(wish);
      return false;
    }
    this.pending.forget(wish);
    // Whoever the cookie named, perhaps not whom this tab knew: a tab that still has a session asks.
    this.tabs.tellCleared();
    return true;
  }

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
      } else if (session.status === "signed_in" && session.user.id === message.sub) {
        this.renewal.doubt();
      }
      return;
    }
    const { cause, token, claims } = message;
    // A login takes the place of what was to be ended; where storage works, that tab has noted it.
    if (cause === "login") this.pending.forgetOwn();
    if (session.isNewer(token, claims, cause)) {
      session.goOn(token, claims);
      this.renewal.handedOver();
      this.#tellRenewed();
    } else if (
      session.user?.id !== claims.sub &&
      (cause === "login" || session.status === "signed_in")
    ) {
      // Somebody else signed in, or somebody at all: the cookie says who.
      this.renewal.doubt();
    } else if (session.isFromTheFuture(claims)) {
      // The clock of this tab may be late, and its own token invalid by now. The service's answer
      // sets the clock.
      this.renewal.doubt();
    }
  }

  #tellRenewed() {
    if (this.session.isKnown) this.#emit("renewed", { user: this.session.user });
    else this.greeting = this.#greet("renewed");
  }

  async #greet(event) {
    const { session } = this;
    const { generation, token } = session;
    try {
      const options = { method: "GET", token, expect: { 200: true }, timeout: NAMES_MS };
      const { body } = await this.send("/auth/me", options);
      const user = readUser(body);
      if (user && session.generation === generation) session.learn(user);
    } catch {
      // The token says who it is; the names are asked for again with the next renewal.
    }
    if (session.generation === generation) this.#emit(event, { user: session.user });
  }

  // `of`: the claims that the token must have, as of the user that it is for.
  #readFresh({ access_token }, { date, sent, of = {} }) {
    const claims = readToken(access_token);
    const isExpected = claims && Object.keys(of).every((name) => claims[name] === of[name]);
    if (!isExpected) throw notTheService(200);
    this.clock.anchor({ date, iat: claims.iat, sent });
    this.renewal.succeeded();
    return claims;
  }
}

export const signedOut = () => new EdgegateError("signed_out", "Nobody is signed in");
