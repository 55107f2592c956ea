// When the access token is renewed, and what a failure means.
//
// Only the service's own `invalid_grant` ends the session. No answer, a captive portal, 429, 500 and 503 don't: the client
// tries again, later and later, and at once when the device is back online.
import { EdgegateError } from "../errors.js";
import { HANDOVER_MS, RENEWAL_MS } from "./timeouts.js";

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
// However often other tabs say that somebody else is signed in, the service is asked this seldom.
const DOUBT_MS = 5_000;
// setTimeout takes 32 bits.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The renewal was given up, because a login or a logout took its place. Never leaves the client. */
class GivenUp extends Error {}

export class Renewal {
  #core;
  #timer;
  #flight = null;
  #giveUp = new AbortController();
  #handed = () => {};
  #listening = [];
  #failures = 0;
  #failure = null;
  // Before the first the client does not try by itself, before the second not at all. Not moments of the service's
  // clock: that one is set by its answers.
  #pause;
  #ban;
  #doubt = null;
  #doubtPause;

  constructor(core) {
    this.#core = core;
    this.#pause = this.#ban = this.#doubtPause = core.clock.timer(0);
  }

  /**
   * Renews, or joins the renewal in flight. Afterwards the session says how it ended: with another token or signed out.
   * Rejects when it can't be known. A renewal that was given up for a login or logout is no failure.
   */
  async renew() {
    if (this.#ban.left > 0) throw this.#banned();
    this.#flight ??= this.#run().finally(() => {
      this.#flight = null;
      this.schedule();
    });
    try {
      await this.#flight;
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error;
      if (this.#core.closed)
        throw new EdgegateError("invalid_argument", "This AuthClient was closed");
    }
  }

  /** Gives up the renewal in flight. */
  cancel() {
    this.#giveUp.abort(new GivenUp("given up"));
  }

  /** The service gave a fresh token: by that it is known who is signed in. */
  succeeded() {
    this.#failures = 0;
    this.#failure = this.#doubt = null;
    this.#pause = this.#ban = this.#core.clock.timer(0);
  }

  /** Another tab's token was taken: who waits to renew need not. */
  handedOver() {
    const doubt = this.#doubt;
    this.succeeded();
    this.#doubt = doubt;
    this.#handed();
    this.schedule();
  }

  /**
   * Something says that another user may be signed in by now, or nobody: the service is asked by the cookie.
   * `reason`: why, if it is nobody and that is known.
   */
  doubt(reason) {
    this.#doubt = reason ?? this.#doubt ?? "session_ended";
    this.schedule();
  }

  /** Begins to listen for the moments at which a timer may be late. */
  listen() {
    if (this.#listening.length > 0 || this.#core.closed) return;
    const { document, window } = this.#core.platform;
    const on = (target, type, listener) => {
      target?.addEventListener(type, listener);
      this.#listening.push(() => target?.removeEventListener(type, listener));
    };
    on(document, "visibilitychange", () => this.#wake());
    on(window, "focus", () => this.#wake());
    on(window, "online", () => this.#wake());
    on(window, "pageshow", ({ persisted }) => {
      // Out of the back/forward cache: anybody may have signed in or out since.
      if (persisted) {
        this.#doubt ??= "session_ended";
        this.#doubtPause = this.#core.clock.timer(0);
      }
      this.#wake();
    });
  }

  close() {
    this.cancel();
    this.#core.platform.clearTimeout(this.#timer);
    for (const stop of this.#listening) stop();
    this.#listening = [];
  }

  /** Sets the timer for whatever is due next. */
  schedule() {
    const { platform, closed } = this.#core;
    platform.clearTimeout(this.#timer);
    // The renewal in flight sets the next one.
    if (closed || this.#flight) return;
    const wait = this.#wait();
    if (wait === Infinity) return;
    this.#timer = platform.setTimeout(
      () => this.#check(),
      Math.ceil(Math.min(wait, LONGEST_TIMER_MS)),
    );
    // In Node a timer would keep the process alive.
    this.#timer?.unref?.();
  }

  /** `token` was answered with 401. Answers whether to try once more, with the next one. */
  refused(token) {
    const again = this.#core.session.refuse(token);
    this.schedule();
    return again;
  }

  // The milliseconds until something is due; Infinity when nothing is.
  #wait() {
    const { session, pending, watching } = this.#core;
    const waits = [];
    if (session.status === "signed_in") waits.push(session.renewIn);
    // Who is signed in could not be found out.
    if (session.status === "unknown" && this.#failure) waits.push(0);
    if (watching && this.#doubt) waits.push(this.#doubtPause.left);
    if (watching && pending.exists) waits.push(0);
    return Math.max(Math.min(...waits), this.#pause.left, 0);
  }

  #check() {
    const core = this.#core;
    if (core.closed || this.#flight) return;
    if (this.#wait() > 0) return this.schedule();
    // A tab that nobody looks at renews when it is asked for a token, or looked at again: a forgotten one
    // does not keep its session alive.
    if (isHidden(core.platform) && !this.#doubt && !core.pending.exists) return;
    const { logouts } = core;
    const wasUnknown = core.session.status === "unknown";
    this.renew().then(
      () => wasUnknown && core.logouts === logouts && core.tellNobody(),
      () => this.schedule(),
    );
  }

  #wake() {
    if (isHidden(this.#core.platform)) return;
    // Perhaps the line is back. The pause that the service asked for stays.
    if (this.#failure?.code === "network_error") this.#pause = this.#ban;
    this.#check();
  }

  async #run() {
    const core = this.#core;
    const { session, pending } = core;
    const { taken, generation } = session;
    const doubt = this.#doubt;
    if (doubt) this.#doubtPause = core.clock.timer(DOUBT_MS);
    this.#doubt = null;
    const giveUp = (this.#giveUp = new AbortController()).signal;
    const enough = new AbortController();
    giveUp.addEventListener("abort", () => enough.abort());
    const isDone = () => !doubt && session.taken !== taken && session.usable;
    const handed = new Promise((resolve) => {
      this.#handed = () => {
        // Ends the wait for the lock: so nothing may be sent any more.
        if (isDone()) enough.abort();
        resolve();
      };
    });
    try {
      await core.exclusive.run(async ({ waited }) => {
        if (waited && !isDone()) await Promise.race([handed, this.#sleep(HANDOVER_MS)]);
        giveUp.throwIfAborted();
        if (isDone()) return;
        // The token that ended the wait was refused in the meantime. Another try, with the lock.
        if (enough.signal.aborted) throw new GivenUp("without the lock");
        const isOver = pending.exists && (await core.finishLogout({ signal: giveUp }));
        if (isOver) core.signOut("other_tab");
        else await this.#ask(giveUp, doubt);
      }, enough.signal);
      this.succeeded();
    } catch (error) {
      // Still to be settled, unless the session that it was about has ended.
      if (session.generation === generation) this.#doubt ??= doubt;
      if (!(error instanceof GivenUp)) this.#failed(error);
      throw error;
    }
  }

  async #ask(signal, doubt) {
    const core = this.#core;
    const sent = core.clock.instant();
    const body = { grant_type: "refresh_token" };
    try {
      // `keepalive`: when the page goes away meanwhile, the answer's cookie must still arrive.
      const options = { body, cookie: true, expect: { 200: true }, keepalive: true };
      const answer = await core.send("/auth/token", { ...options, signal, timeout: RENEWAL_MS });
      // A login or logout since the answer came: it counts no more.
      signal.throwIfAborted();
      core.renewed(answer, sent);
    } catch (error) {
      signal.throwIfAborted();
      if (error.code !== "invalid_grant") throw error;
      // Another tab may have said why in the meantime.
      const reason = this.#doubt ?? doubt ?? "session_ended";
      core.signOut(reason, { tell: reason === "session_ended" });
    }
  }

  #failed(error) {
    const { clock, platform } = this.#core;
    const pause =
      Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LAST_RETRY_MS) * (0.5 + platform.random() / 2);
    const asked =
      error.retryAfter === undefined
        ? 0
        : error.retryAfter * 1000 + platform.random() * FIRST_RETRY_MS;
    this.#failures += 1;
    this.#failure = error;
    this.#pause = clock.timer(Math.max(pause, asked));
    this.#ban = clock.timer(asked);
  }

  // While the service asked for a pause: the same refusal, without another request.
  #banned() {
    const { code, message, status, requestId } = this.#failure;
    return new EdgegateError(code, message, {
      retryAfter: Math.ceil(this.#ban.left / 1000),
      status,
      requestId,
      cause: this.#failure,
    });
  }

  #sleep(ms) {
    return new Promise((resolve) => this.#core.platform.setTimeout(resolve, ms));
  }
}

const isHidden = ({ document }) => document?.visibilityState === "hidden";
