// Makes sure that only one request at a time uses or sets the cookie. A queue orders the requests
// of this tab, and a Web Lock orders the tabs. Without Web Locks, only the requests of each tab are
// ordered.
//
// The service tolerates two renewals at once. But when a session has ended, the answer to a renewal
// clears the cookie. That answer must not arrive after a login in another tab has set a new cookie,
// because it would clear the new cookie.
/**
 * @import { Platform } from "./platform.js"
 */
import { LONGEST_HOLD_MS } from "./timeouts.js";

/**
 * @typedef {object} Turn
 * @property {boolean} waited Whether it is possible that another tab had the lock right before this
 *   turn.
 * @property {() => void} release
 */

export class Exclusive {
  #name;
  #platform;
  /** @type {Promise<void>} */
  #last = Promise.resolve();

  /**
   * @param {string} name
   * @param {Platform} platform
   */
  constructor(name, platform) {
    this.#name = name;
    this.#platform = platform;
  }

  /**
   * Runs `work` when it is its turn, and returns its result.
   *
   * @template T
   * @param {(turn: {waited: boolean}) => Promise<T>} work
   * @param {AbortSignal} [signal] When the signal aborts, `run` stops waiting for other tabs.
   *   `work` then runs without the lock, and must find out by itself whether it still has to do
   *   anything.
   * @returns {Promise<T>}
   */
  async run(work, signal) {
    const before = this.#last;
    let leave = () => {};
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    try {
      await before;
      const { waited, release } = await this.#webLock(signal);
      try {
        return await work({ waited });
      } finally {
        release();
      }
    } finally {
      leave();
    }
  }

  /**
   * Waits for the Web Lock. Continues without a lock if the browser has no Web Locks, if the lock
   * is not granted in time, or if `signal` aborts.
   *
   * @param {AbortSignal} [signal]
   * @returns {Promise<Turn>}
   */
  async #webLock(signal) {
    const none = { waited: true, release() {} };
    if (!this.#platform.locks) return { waited: false, release() {} };
    if (signal?.aborted) return none;
    const abort = new AbortController();
    const giveUp = () => abort.abort();
    const wait = this.#timer(giveUp);
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const atOnce = await this.#ask({ ifAvailable: true }, abort.signal);
      if (atOnce) return { waited: false, release: atOnce };
      const later = this.#ask({ signal: abort.signal }, abort.signal);
      // This tab has joined the queue for the lock before it counts the other tabs. So it counts
      // all tabs that are ahead of it.
      this.#ahead().then((ahead) => wait.extend(ahead));
      const release = await later;
      return release ? { waited: true, release } : none;
    } catch {
      return none;
    } finally {
      wait.stop();
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /**
   * Calls `giveUp` after LONGEST_HOLD_MS, the longest time for which one tab may hold the lock. If
   * n tabs get the lock before this tab, `extend(n)` restarts the timer with n times
   * LONGEST_HOLD_MS.
   *
   * @param {() => void} giveUp
   */
  #timer(giveUp) {
    const platform = this.#platform;
    let timer = platform.setTimeout(giveUp, LONGEST_HOLD_MS);
    let stopped = false;
    return {
      /** @param {number} holders */
      extend(holders) {
        if (stopped || holders <= 1) return;
        platform.clearTimeout(timer);
        timer = platform.setTimeout(giveUp, holders * LONGEST_HOLD_MS);
      },
      stop() {
        stopped = true;
        platform.clearTimeout(timer);
      },
    };
  }

  /** How many other tabs hold the lock or wait for it. 1 if the browser can't list them. */
  async #ahead() {
    try {
      const { held, pending } = (await this.#platform.locks?.query?.()) ?? {};
      if (!held || !pending) return 1;
      return [...held, ...pending].filter(({ name }) => name === this.#name).length - 1;
    } catch {
      return 1;
    }
  }

  /**
   * Requests the lock. Resolves to the function that releases it, or to null if the lock is not
   * available. A lock that is granted after `tooLate` has aborted is released at once.
   *
   * @param {{ifAvailable?: boolean, signal?: AbortSignal}} options
   * @param {AbortSignal} tooLate
   * @returns {Promise<(() => void) | null>}
   */
  #ask(options, tooLate) {
    return new Promise((resolve, reject) => {
      tooLate.addEventListener("abort", () => resolve(null), { once: true });
      if (tooLate.aborted) return resolve(null);
      /** @param {unknown} lock */
      const granted = async (lock) => {
        if (!lock || tooLate.aborted) return resolve(null);
        return new Promise((release) => resolve(() => release(undefined)));
      };
      this.#platform.locks?.request(this.#name, options, granted).catch(reject);
    });
  }
}
