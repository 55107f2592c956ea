// One request at a time that uses or sets the cookie: in this tab by a queue, across tabs by a Web Lock.
//
// The service tolerates two renewals at once. But its answer to a dead session clears the cookie, and that answer must not
// arrive after another tab's login has set a new one.

// A renewal takes a tenth of a second and is given up after 15. Who holds the lock longer is frozen or hangs.
const WAIT_MS = 20_000;

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
    const timer = this.#platform.setTimeout(giveUp, WAIT_MS);
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const atOnce = await this.#ask({ ifAvailable: true }, abort.signal);
      if (atOnce) return { waited: false, release: atOnce };
      const later = await this.#ask({ signal: abort.signal }, abort.signal);
      return later ? { waited: true, release: later } : none;
    } catch {
      return none;
    } finally {
      this.#platform.clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
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
