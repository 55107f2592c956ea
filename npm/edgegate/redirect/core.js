// The session of an app that signs in by redirect. The refresh token is in the memory of this tab,
// and there is no cookie, so each tab has a session of its own.
/**
 * @import { SignedOutReason, User } from "../types/client.d.ts"
 * @import { RedirectResult } from "../types/redirect.d.ts"
 * @import { Instant } from "../client/clock.js"
 * @import { Emit } from "../client/core.js"
 * @import { Answer as Received } from "../client/request.js"
 * @import { Claims } from "../client/token.js"
 * @import { Answer } from "./answer.js"
 * @import { IdClaims } from "./id-token.js"
 * @import { RedirectPlatform } from "./platform.js"
 * @import { Asked, Trip } from "./trips.js"
 */
import { invalidArgument, readArgument } from "../argument.js";
import { Core } from "../client/core.js";
import { notTheService } from "../client/request.js";
import { LOGOUT_MS, RENEWAL_MS } from "../client/timeouts.js";
import { readToken } from "../client/token.js";
import { codeOf, EdgegateError } from "../errors.js";
import { isAnswer, isAt, readAnswer, withoutAnswer } from "./answer.js";
import { IdTokenKeys, verifyIdToken } from "./id-token.js";
import { NEEDS_THE_PERSON, redirectFailed, refused } from "./problems.js";
import { pathOf, readReturnTo } from "./return-to.js";
import { challengeOf, randomText } from "./secrets.js";
import { Flag, Trips } from "./trips.js";

/**
 * @typedef {object} App
 * @property {URL} issuer
 * @property {string} clientId
 * @property {string} redirectUri May be relative to the page.
 * @property {Asked} asks The scope and the resource that a sign-in asks for if its request does not
 *   name others.
 *
 * @typedef {object} Request The options of one sign-in, after they were checked.
 * @property {string} [scope]
 * @property {string} [resource]
 * @property {string} [prompt]
 * @property {string} [loginHint]
 * @property {number} [maxAge]
 * @property {string} [uiLocales]
 * @property {string} [acrValues]
 * @property {string} [returnTo]
 *
 * @typedef {object} Held The tokens of the session, apart from the access token.
 * @property {string | undefined} refreshToken
 * @property {string} idToken
 */

export class RedirectCore extends Core {
  #app;
  #parts;
  #keys;
  #trips;
  #flag;
  /** @type {Held | undefined} */
  #held;
  /**
   * @type {string | undefined} The refresh token of a session from which the page has signed out.
   *   The token is stored here until the service has ended that session.
   */
  #unrevoked;
  /**
   * @type {Map<string, Promise<RedirectResult>>} The results of `handle`. The key is the URL that
   *   contains the answer.
   */
  #answers = new Map();
  /** @type {Promise<RedirectResult> | null} The result of the answer that was handled last. */
  #latest = null;
  /** @type {Promise<void> | null} */
  #asking = null;
  /**
   * Whether the page, since it was loaded, has asked the service without showing anything
   * (`prompt=none`), or has received the answer to such a request.
   */
  #hasAsked = false;
  #isListening = false;

  /** @param {{platform: RedirectPlatform, app: App, emit: Emit}} parts */
  constructor({ platform, app, emit }) {
    // The tabs of an app share neither a session nor a cookie. So this class needs no lock, no
    // channel to other tabs, and no storage for unfinished logouts.
    const alone = { ...platform, locks: null, BroadcastChannel: null, storage: null };
    super({ platform: alone, url: app.issuer, emit });
    const name = `edgegate:${app.issuer.origin}:${app.clientId}`;
    this.#app = app;
    this.#parts = platform;
    this.#keys = new IdTokenKeys(app.issuer, platform.fetch);
    this.#trips = new Trips(name, platform);
    this.#flag = new Flag(name, platform);
  }

  /**
   * Returns the error unchanged. The overridden method finds out whether the page's origin is
   * missing in ALLOWED_ORIGINS. This method need not do so, because the service does not use that
   * list for the routes of apps: these routes answer every origin.
   *
   * @override
   * @param {unknown} error
   */
  async explain(error) {
    return error;
  }

  /** @override */
  watch() {
    super.watch();
    if (this.#isListening) return;
    this.#isListening = true;
    this.#parts.window?.addEventListener("storage", this.#onStorage);
  }

  /** @override */
  close() {
    super.close();
    this.#parts.window?.removeEventListener("storage", this.#onStorage);
  }

  /**
   * Leaves the page, and opens the service's sign-in page. Resolves only if the person comes back
   * with the back button.
   *
   * @param {Request} request
   */
  async signIn(request) {
    const { location, isFramed } = this.#page();
    const returnTo =
      request.returnTo === undefined
        ? this.#placeOf(new URL(location.href))
        : readReturnTo(request.returnTo, location.href);
    if (isFramed)
      throw redirectFailed(
        "in_frame",
        "a page in a frame can't sign in by redirect: open it in a tab of its own",
      );
    this.watch();
    const { scope = this.#app.asks.scope, resource = this.#app.asks.resource } = request;
    await this.#travel(request, { scope, resource, returnTo, silent: false });
  }

  /**
   * Handles the answer in the URL `given`, or in the URL of the page. All calls with the same URL
   * share one result, because the service accepts a code only once. If `given` is missing and the
   * page's URL has no answer, returns the result of the last answer, or null.
   *
   * @param {unknown} [given]
   * @returns {Promise<RedirectResult> | null}
   */
  handle(given) {
    const { location } = this.#page();
    const redirectUri = this.#redirectUri();
    const isGiven = given !== undefined && given !== null;
    const url = readArgument("url", () => new URL(String(given ?? location.href), location.href));
    const known = this.#answers.get(url.href);
    if (known) return known;
    if (!isGiven && !isAnswer(url, redirectUri)) return this.#latest;
    if (!isAt(url, redirectUri))
      throw redirectFailed("not_the_redirect_uri", "the address is not at the redirect URI");
    this.watch();
    const { answer, trip, problem } = this.#match(url);
    if (trip?.silent) this.#hasAsked = true;
    // Removes the answer from the address bar at once, so that nothing else in the page sees or
    // sends the code.
    if (url.href === location.href) this.#clean(url, trip);
    const result = this.#finish(answer, trip, problem);
    this.#answers.set(url.href, result);
    this.#latest = result;
    result.catch(() => {
      if (this.#latest === result) this.#latest = null;
    });
    return result;
  }

  /**
   * Returns the user, or null if nobody is signed in. After a reload the page does not know who is
   * signed in. If somebody was signed in before, this method asks the service once: the browser
   * leaves the page, goes to the service and comes back, and the service shows nothing.
   *
   * @override
   * @returns {Promise<User | null>}
   */
  async ready() {
    const { session } = this;
    const { location } = this.#page();
    this.watch();
    await this.settling;
    if (session.status === "unknown") {
      const answer = this.#latest ?? (this.#isOwnAnswer(location.href) ? this.handle() : null);
      if (answer) await answer;
    }
    if (session.status === "unknown") {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    return this.session.user;
  }

  /**
   * @override
   * @param {string} [userId]
   */
  async accessToken(userId) {
    if (this.session.status === "unknown") await this.ready();
    return super.accessToken(userId);
  }

  /**
   * Signs out of this app, in all tabs. With `endSession`, the browser then leaves the page and
   * goes to the service, which signs the person out of everything.
   *
   * @param {{endSession?: boolean, postLogoutRedirectUri?: string}} options
   */
  async leave({ endSession = false, postLogoutRedirectUri }) {
    this.watch();
    const idToken = this.#held?.idToken;
    const refreshToken = this.#held?.refreshToken ?? this.#unrevoked;
    this.logouts += 1;
    this.#unrevoked = refreshToken;
    this.#flag.setOut();
    this.signOut("logout");
    try {
      await this.exclusively(() => this.#revoke(refreshToken), { settle: false });
      this.#unrevoked = undefined;
    } catch (error) {
      // With `endSession`, the error does not matter: the browser goes to the service next, and the
      // service ends this session together with the person's session at the service.
      if (!endSession) throw error;
    }
    if (!endSession) return;
    const url = new URL("/auth/logout", this.#app.issuer);
    setAll(url, {
      id_token_hint: idToken,
      client_id: this.#app.clientId,
      post_logout_redirect_uri: postLogoutRedirectUri,
    });
    await this.#goTo(url, { replace: false });
  }

  /**
   * @override
   * @param {SignedOutReason} reason
   */
  signOut(reason) {
    this.#held = undefined;
    // The stored results of `handle` name a user who is not signed in any more.
    if (reason !== "other_user" && this.session.status === "signed_in") {
      this.#answers.clear();
      this.#latest = null;
    }
    super.signOut(reason);
  }

  /**
   * @override
   * @param {AbortSignal} signal
   * @param {Instant} sent
   * @returns {Promise<Received & {user?: User}>}
   */
  async requestRenewal(signal, sent) {
    const held = this.#held;
    const { user } = this.session;
    if (held?.refreshToken === undefined || user === null)
      throw new EdgegateError("invalid_grant", "This tab has no refresh token");
    const form = {
      grant_type: "refresh_token",
      refresh_token: held.refreshToken,
      client_id: this.#app.clientId,
    };
    const options = { form, expect: { 200: true }, signal, timeout: RENEWAL_MS };
    const received = await this.send("/auth/token", options);
    const { refresh_token, id_token } = received.body ?? {};
    // Stores the new refresh token before anything can fail, because the service has replaced the
    // one that was sent.
    if (isText(refresh_token)) held.refreshToken = refresh_token;
    const { claims } = this.#readAccess(received, sent);
    if (claims.sub !== user.id) throw notTheService(this.url, received.status);
    if (!isText(id_token)) return { ...received, user: { ...user, roles: claims.roles } };
    const identity = await this.#verify(id_token, { nonce: undefined, sub: user.id });
    held.idToken = id_token;
    return { ...received, user: userOf(identity, claims) };
  }

  /**
   * Finds out who is signed in, by leaving the page and asking the service. If the page must not
   * ask the service, for example because it is in a frame, the promise resolves without leaving the
   * page. If the browser has left the page, the promise resolves only if the person comes back with
   * the back button. In that case there is no answer. In both cases the client reports that nobody
   * is signed in.
   */
  async #ask() {
    const { location, isFramed, isOnline, sessionStorage } = this.#page();
    const { asked } = this.#flag;
    if (!asked || isFramed || this.#hasAsked || !sessionStorage) return this.#nobody();
    // Without a network, the browser would replace the page by an error page.
    if (!isOnline())
      throw new EdgegateError("network_error", "The device is offline: try again when it is not");
    this.#hasAsked = true;
    if (!this.#trips.countSilent()) {
      this.#nobody();
      throw redirectFailed(
        "redirect_loop",
        "the page has asked who is signed in again and again: after handleRedirect() it must not load itself",
      );
    }
    const returnTo = this.#placeOf(new URL(location.href));
    await this.#travel({ prompt: "none" }, { ...asked, returnTo, silent: true });
    this.#nobody();
  }

  #nobody() {
    if (this.session.status === "unknown") this.signOut("no_session");
  }

  /**
   * @param {Request} request
   * @param {Asked & Pick<Trip, "returnTo" | "silent">} how
   */
  async #travel(request, { scope, resource, returnTo, silent }) {
    const { clientId, issuer } = this.#app;
    const { prompt, maxAge, loginHint, uiLocales, acrValues } = request;
    /** @type {Trip} */
    const trip = {
      state: randomText(),
      nonce: randomText(),
      verifier: randomText(),
      scope,
      resource,
      // `prompt` is a list of words with spaces between them, for example "login consent".
      maxAge: prompt?.split(" ").includes("login") ? 0 : maxAge,
      returnTo,
      silent,
      begunAt: this.#parts.now(),
    };
    const url = new URL("/auth/authorize", issuer);
    setAll(url, {
      response_type: "code",
      client_id: clientId,
      redirect_uri: this.#redirectUri().href,
      code_challenge: await challengeOf(trip.verifier),
      code_challenge_method: "S256",
      state: trip.state,
      nonce: trip.nonce,
      scope,
      resource,
      prompt,
      max_age: maxAge?.toString(),
      login_hint: loginHint,
      ui_locales: uiLocales,
      acr_values: acrValues,
    });
    if (!this.#trips.add(trip))
      throw redirectFailed(
        "no_storage",
        "this browser lets the page store nothing in session storage, which a sign-in by redirect needs",
      );
    await this.#goTo(url, { replace: silent });
  }

  /**
   * Leaves the page for `url`. Resolves if the person comes back with the back button.
   *
   * @param {URL} url
   * @param {{replace: boolean}} options
   */
  #goTo({ href }, { replace }) {
    const { location, window } = this.#page();
    const back = /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        /** @param {Event & {persisted?: boolean}} event */
        const shown = ({ persisted }) => {
          if (!persisted) return;
          window?.removeEventListener("pageshow", shown);
          resolve();
        };
        window?.addEventListener("pageshow", shown);
      })
    );
    if (replace) location.replace(href);
    else location.assign(href);
    return back;
  }

  /** @param {string} href */
  #isOwnAnswer(href) {
    const url = new URL(href);
    const state = url.searchParams.get("state");
    return isAnswer(url, this.#redirectUri()) && state !== null && this.#trips.has(state);
  }

  /**
   * Reads the answer in `url`, and the stored round trip (`Trip`) that the answer belongs to.
   * Removes this trip from the storage. If the answer can't be used, `problem` is the error that
   * says why.
   *
   * @param {URL} url
   * @returns {{answer: Answer, trip?: Trip, problem?: EdgegateError}}
   */
  #match(url) {
    try {
      const answer = readAnswer(url);
      const { state } = answer;
      if (state === undefined)
        throw redirectFailed("state_missing", "the answer has no parameter state");
      const trip = this.#trips.take(state);
      if (!trip)
        throw redirectFailed(
          "state_unknown",
          "this tab has not asked for this answer, or has used it before: sign in again",
        );
      // `returnTo` was checked before it was stored, and is checked once more. Otherwise somebody
      // who can write to the session storage could send the person to another site.
      const returnTo = readReturnTo(trip.returnTo, url.href);
      return { answer, trip: { ...trip, returnTo } };
    } catch (error) {
      return { answer: {}, problem: /** @type {EdgegateError} */ (error) };
    }
  }

  /**
   * @param {URL} url
   * @param {Trip | undefined} trip
   */
  #clean(url, trip) {
    const { history } = this.#parts;
    const clean = trip ? trip.returnTo : withoutAnswer(url);
    history?.replaceState(history.state, "", clean);
  }

  /**
   * @param {Answer} answer
   * @param {Trip | undefined} trip
   * @param {EdgegateError | undefined} problem
   * @returns {Promise<RedirectResult>}
   */
  async #finish(answer, trip, problem) {
    try {
      if (problem || !trip) throw problem;
      const user = await this.#exchange(answer, trip);
      return { user, returnTo: trip.returnTo };
    } catch (error) {
      const { code, reason } = /** @type {EdgegateError} */ (error);
      const needsThePerson = code === "sign_in_refused" && NEEDS_THE_PERSON.includes(reason);
      if (trip?.silent && needsThePerson) this.#flag.forget();
      // If there is no `trip`, this tab did not send the request that the answer belongs to. Such
      // an answer does not say who is signed in here.
      if (trip) this.#nobody();
      if (!trip?.silent || !needsThePerson) throw error;
      return { user: null, returnTo: trip.returnTo };
    }
  }

  /**
   * @param {Answer} answer
   * @param {Trip} trip
   */
  async #exchange({ iss, error, code }, trip) {
    // If the app signs in at several services, the answer might come from another service (RFC
    // 9207).
    if (iss === undefined)
      throw redirectFailed("iss_missing", "the answer does not name its issuer");
    if (iss !== this.#app.issuer.origin)
      throw redirectFailed("iss_wrong", "the answer comes from another issuer");
    if (error !== undefined) throw refused(error);
    if (!code) throw redirectFailed("code_missing", "the answer has no code");
    const { logouts } = this;
    return this.exclusively(async () => {
      const sent = this.clock.instant();
      const form = {
        grant_type: "authorization_code",
        code,
        redirect_uri: this.#redirectUri().href,
        client_id: this.#app.clientId,
        code_verifier: trip.verifier,
      };
      const received = await this.send("/auth/token", { form, expect: { 200: true } });
      return this.#begin(received, sent, trip, logouts);
    });
  }

  /**
   * @param {Received} received
   * @param {Instant} sent
   * @param {Trip} trip
   * @param {number} logouts
   */
  async #begin(received, sent, trip, logouts) {
    const { session } = this;
    const { token, claims } = this.#readAccess(received, sent);
    const { id_token, refresh_token } = received.body ?? {};
    const identity = await this.#verify(id_token, {
      nonce: trip.nonce,
      sub: claims.sub,
      authTimeMin: this.#authTimeMin(trip),
    });
    const refreshToken = isText(refresh_token) ? refresh_token : undefined;
    // The page has signed out in the meantime, so the new session must end too.
    if (this.logouts !== logouts) {
      this.#revoke(refreshToken).catch(() => {});
      throw new EdgegateError("signed_out", "The page has signed out in the meantime");
    }
    const before = this.#held?.refreshToken;
    if (session.user && session.user.id !== identity.sub) this.signOut("other_user");
    this.#held = { refreshToken, idToken: String(id_token) };
    this.#flag.setIn(trip);
    this.renewal.succeeded();
    // Ends the previous session, which the new session replaces.
    if (before !== undefined) this.#revoke(before).catch(() => {});
    return this.begin(token, claims, userOf(identity, claims));
  }

  /**
   * Reads the access token in an answer, but does not verify it: the server that receives the token
   * verifies it.
   *
   * @param {Received} received
   * @param {Instant} sent
   */
  #readAccess({ body, date, status }, sent) {
    const { access_token: token, token_type: type } = body ?? {};
    const claims = readToken(token);
    const isBearer = isText(type) && /^bearer$/i.test(type);
    if (!isText(token) || claims?.iss !== this.#app.issuer.origin || !isBearer)
      throw notTheService(this.url, status);
    this.clock.anchor({ date, iat: claims.iat, sent });
    return { token, claims };
  }

  /**
   * @param {unknown} token
   * @param {{nonce: string | undefined, sub: string, authTimeMin?: number}} expected
   */
  #verify(token, expected) {
    const { issuer, clientId } = this.#app;
    const now = Math.floor(this.clock.now() / 1000);
    const all = { issuer: issuer.origin, clientId, now, ...expected };
    return verifyIdToken(token, this.#keys, all);
  }

  /**
   * The `auth_time` of an id_token is the time when the person last proved who they are. Returns
   * the earliest `auth_time` that is accepted, in Unix seconds. Undefined if the trip has no
   * `maxAge`, because then every `auth_time` is accepted.
   *
   * @param {Trip} trip
   */
  #authTimeMin({ maxAge, begunAt }) {
    if (maxAge === undefined) return undefined;
    const travelled = Math.max(this.#parts.now() - begunAt, 0);
    return Math.floor((this.clock.now() - travelled) / 1000) - maxAge;
  }

  /** @param {string | undefined} token */
  async #revoke(token) {
    if (token === undefined) return;
    const form = { token, token_type_hint: "refresh_token", client_id: this.#app.clientId };
    const options = { form, expect: { 200: false }, keepalive: true, timeout: LOGOUT_MS };
    try {
      await this.send("/auth/revoke", options);
    } catch (error) {
      // `invalid_grant` means that the session has ended already.
      if (codeOf(error) !== "invalid_grant") throw error;
    }
  }

  /** @param {Event & {key?: string | null, newValue?: string | null}} event */
  #onStorage = (event) => {
    if (this.session.status !== "signed_in" || !this.#flag.saysOut(event)) return;
    const token = this.#held?.refreshToken;
    this.signOut("other_tab");
    this.#revoke(token).catch(() => {});
  };

  /** @param {URL} here */
  #placeOf(here) {
    const isAnswerHere = isAnswer(here, this.#redirectUri());
    return pathOf(isAnswerHere ? new URL(withoutAnswer(here)) : here);
  }

  /** The address of the redirect URI, without a fragment. */
  #redirectUri() {
    const { redirectUri } = this.#app;
    const url = readArgument("redirectUri", () => new URL(redirectUri, this.#parts.location?.href));
    url.hash = "";
    return url;
  }

  #page() {
    const { location } = this.#parts;
    if (!location) throw invalidArgument("There is no page here that could sign in by redirect");
    return { ...this.#parts, location };
  }
}

/**
 * @param {IdClaims} identity
 * @param {Claims} claims
 * @returns {User}
 */
function userOf({ sub, email = "", email_verified, given_name, family_name }, { roles }) {
  const [first_name, last_name] = [given_name ?? null, family_name ?? null];
  return { id: sub, email, email_verified, first_name, last_name, roles };
}

/**
 * Sets the query parameters that have a value.
 *
 * @param {URL} url
 * @param {Record<string, string | undefined>} parameters
 */
function setAll(url, parameters) {
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.set(name, value);
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
const isText = (value) => typeof value === "string" && value !== "";
