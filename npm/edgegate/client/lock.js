// One request at a time that uses or sets the cookie: in this tab by a queue, across tabs by a Web Lock.
//
// The service tolerates two renewals at once. But its answer to a dead session clears the cookie, and that answer must not
// arrive after another tab's login has set a new one.

import { LONGEST_HOLD_MS } from "./timeouts.js";

export class Exclusive {
  #name;
  #platform;
  #last = Promise.resolve();

  constructor(name, platform) {
    this.#name = name;
    this.#platform = platform;
  }

  /**
   * Runs `work({waited})` and answers what it answers. `waited`: another tab had the lock.
   * `signal` ends the wait for other tabs early; `work` runs all the same, and looks for itself whether it is still needed.
   */
  async run(work, signal) {
    const before = this.#last;
    let leave;
    this.#last = new Promise((resolve) => (leave = resolve));
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

  // Without Web Locks, or when they don't answer: goes on without one.
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
      // Counted once this tab is in the queue, so that no tab ahead of it is missed.
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

  // Gives up after the longest time of one holder. `extend(n)` makes it that of `n`, from now on.
  #timer(giveUp) {
    const platform = this.#platform;
    let timer = platform.setTimeout(giveUp, LONGEST_HOLD_MS);
    let stopped = false;
    return {
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

  // How many other tabs hold the lock or wait for it. Each may take its time. One, when the browser
  // does not tell.
  async #ahead() {
    try {
      const { held, pending } = await this.#platform.locks.query();
      return [...held, ...pending].filter(({ name }) => name === this.#name).length - 1;
    } catch {
      return 1;
    }
  }

  // The function that releases the lock, or null when it was not to be had. A lock that comes after `tooLate` goes back.
  #ask(options, tooLate) {
    return new Promise((resolve, reject) => {
      tooLate.addEventListener("abort", () => resolve(null), { once: true });
      if (tooLate.aborted) return resolve(null);
      const granted = (lock) => {
        if (!lock || tooLate.aborted) return resolve(null);
        return new Promise((release) => resolve(release));
      };
      this.#platform.locks.request(this.#name, options, granted).catch(reject);
    });
  }
}
