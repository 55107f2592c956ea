// Decides when the access token is renewed, and what a failed renewal means.
//
// Of the errors of a renewal, only `invalid_grant` from the service itself ends the session. The
// session does not end if there is no answer, if a captive portal answers, or if the status of the
// answer is 429, 500 or 503. In these cases the client tries again after growing pauses. After a
// `network_error`, a visible tab also tries again at once when the device is back online.
/**
 * @import { SignedOutReason } from "../types/client.d.ts"
 * @import { EventTargetLike } from "../types/platform.d.ts"
 * @import { Timer } from "./clock.js"
 * @import { Core } from "./core.js"
 * @import { Platform } from "./platform.js"
 */
import { codeOf, EdgegateError, isEdgegateError } from "../errors.js";
import { unref } from "./tabs.js";
import { HANDOVER_MS } from "./timeouts.js";

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
// `Retry-After` can be a day. The client renews after this time at the latest, so that a wrong
// `Retry-After` does not stop an open page for the rest of the day.
const LONGEST_BAN_MS = 3_600_000;
// If a message of another tab says that somebody else is signed in, this tab renews its token to
// find out. Such messages cause at most one renewal in this time.
const DOUBT_MS = 5_000;
// The longest delay that `setTimeout` accepts: the delay is a signed 32-bit number.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The error of a renewal that was given up, for example because a login or a logout has replaced
 * it, or because the client was closed. Callers of the client never see this error.
 */
class GivenUp extends Error {}

export class Renewal {
  #core;
  /** @type {unknown} */
  #timer;
  /** @type {Promise<void> | null} */
  #flight = null;
  #giveUp = new AbortController();
  #handed = () => {};
  /** @type {(() => void)[]} */
  #listening = [];
  #failures = 0;
  /** @type {EdgegateError | null} */
  #failure = null;
  // Until `#pause` ends, the client does not begin a renewal by itself, but a call such as
  // `ready()` or `accessToken()` can begin one. Until `#ban` ends, the client does not renew at
  // all. Both are timers that measure time on the device. They are not points in time of
  // `core.clock`, because each answer of the service can set that clock.
  /** @type {Timer} */
  #pause;
  /** @type {Timer} */
  #ban;
  /** @type {Timer} Ends when the time in `Retry-After` is over, which can be after `#ban`. */
  #asked;
  /**
   * @type {SignedOutReason | null} Null if the client has no reason to doubt who is signed in.
   *   Otherwise it is possible that the user has changed or has signed out, and the client has to
   *   ask the service. If nobody is signed in, the value is the reason, which is passed to the
   *   page.
   */
  #doubt = null;
  /** @type {Timer} */
  #doubtPause;

  /** @param {Core} core */
  constructor(core) {
    this.#core = core;
    this.#pause = this.#ban = this.#asked = this.#doubtPause = core.clock.timer(0);
  }

  /**
   * Renews the token, or waits for the renewal in progress. Resolves when the session has a new
   * token, when the session has ended, or when the renewal was given up (see `GivenUp`). Rejects if
   * the client was closed, or could not find out whether the session continues.
   */
  async renew() {
    if (this.#ban.left > 0 && this.#failure) throw this.#banned(this.#failure);
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

  /** Gives up the renewal in progress. */
  cancel() {
    this.#giveUp.abort(new GivenUp("given up"));
  }

  /**
   * Forgets earlier failures, and ends the pauses after them. Call this when it is known who is
   * signed in: the service has issued a new token, or the session has ended.
   */
  succeeded() {
    this.#failures = 0;
    this.#failure = this.#doubt = null;
    this.#pause = this.#ban = this.#core.clock.timer(0);
  }

  /**
   * Call this when the session has taken a new token from another tab. A renewal of this tab that
   * still waits for the lock is then no longer needed.
   */
  handedOver() {
    const doubt = this.#doubt;
    this.succeeded();
    this.#doubt = doubt;
    this.#handed();
    this.schedule();
  }

  /**
   * Makes the client ask the service, with the cookie, who is signed in. Call this if it is
   * possible that the user has changed or has signed out.
   *
   * @param {SignedOutReason} [reason] If nobody is signed in, the page gets this reason.
   */
  doubt(reason) {
    this.#doubt = reason ?? this.#doubt ?? "session_ended";
    this.schedule();
  }

  /**
   * Begins to listen for the events after which a renewal can be overdue, for example because the
   * device slept.
   */
  listen() {
    if (this.#listening.length > 0 || this.#core.closed) return;
    const { document, window } = this.#core.platform;
    /** @type {(target: EventTargetLike | null, type: string, listener: (event: Event) => void) => void} */
    const on = (target, type, listener) => {
      target?.addEventListener(type, listener);
      this.#listening.push(() => target?.removeEventListener(type, listener));
    };
    on(document, "visibilitychange", () => this.#wake());
    on(window, "focus", () => this.#wake());
    on(window, "online", () => this.#wake());
    on(window, "pageshow", (event) => {
      // The page comes from the back/forward cache. It is possible that somebody has signed in or
      // out while the page was in the cache.
      if (/** @type {Event & {persisted?: boolean}} */ (event).persisted) {
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

  /** Sets the timer for the next renewal. */
  schedule() {
    const { platform, closed } = this.#core;
    platform.clearTimeout(this.#timer);
    // The renewal in progress calls `schedule` again when it ends.
    if (closed || this.#flight) return;
    const wait = this.#wait();
    if (wait === Infinity) return;
    this.#timer = platform.setTimeout(
      () => this.#check(),
      Math.ceil(Math.min(wait, LONGEST_TIMER_MS)),
    );
    unref(this.#timer);
  }

  /**
   * Call this when a server has rejected a request that had this `token` with status 401. Returns
   * whether the caller should send the request once more, with a new token.
   *
   * @param {string} token
   */
  refused(token) {
    const again = this.#core.session.refuse(token);
    this.schedule();
    return again;
  }

  /** Milliseconds until the next renewal is due. Infinity if no renewal is needed. */
  #wait() {
    const { session, pending, watching } = this.#core;
    const waits = [];
    if (session.status === "signed_in") waits.push(session.renewIn);
    // The client could not find out who is signed in, so it tries again.
    if (session.status === "unknown" && this.#failure) waits.push(0);
    if (watching && this.#doubt) waits.push(this.#doubtPause.left);
    if (watching && pending.exists) waits.push(0);
    return Math.max(Math.min(...waits), this.#pause.left, 0);
  }

  #check() {
    const core = this.#core;
    if (core.closed || this.#flight) return;
    if (this.#wait() > 0) return this.schedule();
    // A hidden tab does not renew just because its token expires soon. It waits until a caller asks
    // for a token, or until it becomes visible. Otherwise a tab that the user has forgotten would
    // keep its session alive. If the client must ask who is signed in, or has a logout to send, a
    // hidden tab does not wait.
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
    // It is possible that the device is online again, so the pause that the client has chosen ends.
    // A pause that the service has asked for continues.
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
    this.#giveUp = new AbortController();
    const giveUp = this.#giveUp.signal;
    const enough = new AbortController();
    giveUp.addEventListener("abort", () => enough.abort());
    const isDone = () => !doubt && session.taken !== taken && session.usableToken !== undefined;
    const handed = /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        this.#handed = () => {
          // The new token from the other tab is enough, so this renewal stops waiting for the lock.
          // Without the lock, this renewal must not send a request.
          if (isDone()) enough.abort();
          resolve();
        };
      })
    );
    try {
      await core.exclusive.run(async ({ waited }) => {
        if (waited && !isDone()) await Promise.race([handed, this.#sleep(HANDOVER_MS)]);
        giveUp.throwIfAborted();
        if (isDone()) return;
        // A token from another tab has ended the wait for the lock, but a server has rejected that
        // token in the meantime. This renewal does not have the lock, so it must not send a
        // request. The next renewal waits for the lock again.
        if (enough.signal.aborted) throw new GivenUp("without the lock");
        const isOver = pending.exists && (await core.finishLogout({ signal: giveUp }));
        if (isOver) core.signOut("other_tab");
        else await this.#ask(giveUp, doubt);
      }, enough.signal);
      this.succeeded();
    } catch (error) {
      // The client still has to ask who is signed in, so the doubt stays. If the session has ended
      // in the meantime, or another session has begun, the client need not ask.
      if (session.generation === generation) this.#doubt ??= doubt;
      if (!(error instanceof GivenUp)) this.#failed(asFailure(error));
      throw error;
    }
  }

  /**
   * @param {AbortSignal} signal
   * @param {SignedOutReason | null} doubt
   */
  async #ask(signal, doubt) {
    const core = this.#core;
    const sent = core.clock.instant();
    try {
      const answer = await core.requestRenewal(signal, sent);
      // If a login or a logout has begun in the meantime, the answer must not be used.
      signal.throwIfAborted();
      core.renewed(answer, sent);
    } catch (error) {
      signal.throwIfAborted();
      if (codeOf(error) !== "invalid_grant") throw error;
      // If another tab has sent the reason why the session ended in the meantime, that reason is in
      // `#doubt`.
      const reason = this.#doubt ?? doubt ?? "session_ended";
      core.signOut(reason, { tell: reason === "session_ended" });
    }
  }

  /** @param {EdgegateError} error */
  #failed(error) {
    const { clock, platform } = this.#core;
    const pause =
      Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LAST_RETRY_MS) * (0.5 + platform.random() / 2);
    const asked =
      error.retryAfter === undefined
        ? 0
        : error.retryAfter * 1000 + platform.random() * FIRST_RETRY_MS;
    const ban = Math.min(asked, LONGEST_BAN_MS + FIRST_RETRY_MS);
    this.#failures += 1;
    this.#failure = error;
    this.#pause = clock.timer(Math.max(pause, ban));
    this.#ban = clock.timer(ban);
    this.#asked = clock.timer(asked);
  }

  /**
   * The service has asked the client to send nothing for some time. Returns the error for a call
   * during this pause. The error is a copy of the one with which the service asked for the pause,
   * and its `retryAfter` is the time that is left.
   *
   * @param {EdgegateError} failure
   */
  #banned(failure) {
    const { code, message, status, requestId } = failure;
    return new EdgegateError(code, message, {
      retryAfter: Math.ceil(this.#asked.left / 1000),
      status,
      requestId,
      cause: failure,
    });
  }

  /** @param {number} ms */
  #sleep(ms) {
    return /** @type {Promise<void>} */ (
      new Promise((resolve) => this.#core.platform.setTimeout(resolve, ms))
    );
  }
}

/**
 * Returns an EdgegateError as it is. Any other error comes from a bug and is wrapped, so that the
 * client tries again in this case too.
 *
 * @param {unknown} error
 */
const asFailure = (error) =>
  isEdgegateError(error)
    ? error
    : new EdgegateError("internal", "the renewal failed unexpectedly", { cause: error });

/** @param {Pick<Platform, "document">} platform */
const isHidden = ({ document }) => document?.visibilityState === "hidden";
