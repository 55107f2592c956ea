// A simulated world for AuthClient: a service, and a browser whose tabs share cookies, locks,
// channels and storage. Time passes only when a test makes it pass, so no test has to wait.
import { AuthClient } from "./client.mjs";
import { Locks } from "./locks.mjs";
import { ADA, PASSWORD, Service } from "./service.mjs";

/** @import { AuthClientOptions } from "../../npm/edgegate/types/client.js" */

export const ORIGIN = "https://app.example.com";

export class World {
  /** The true time in milliseconds, which the service uses. */
  time = Date.UTC(2026, 5, 1, 12);
  /** How many milliseconds the device's clock is ahead of the true time. */
  skew = 0;
  /** @type {string | undefined} */
  cookie = undefined;
  storage = new Map();
  locks = new Locks();
  tabs = [];
  /**
   * How many milliseconds a round trip takes: half of them for the request, and half for the
   * answer. If this is a function, it is called for each of the two ways, and returns the
   * milliseconds of that way.
   *
   * @type {number | (() => number)}
   */
  latency = 50;
  /** How many milliseconds a message to other tabs takes. */
  messageDelay = 1;

  /**
   * Counts how often an answer set the cookie although the cookie had changed after the request of
   * this answer was sent. This happens only if two requests that change the cookie overlap.
   */
  overwritten = 0;

  #slept = 0;
  #timers = [];
  #channels = new Set();
  #next = 0;

  constructor() {
    this.service = new Service(() => this.time);
  }

  /**
   * Opens a tab with an AuthClient. Returns `{client, events, document, window, …}`.
   * `options.without` names features that the tab's browser lacks.
   *
   * @typedef {{
   *   without?: string[], random?: () => number, platform?: { fetch?: typeof fetch }
   * } & AuthClientOptions} TabOptions
   *
   * @param {TabOptions} [options]
   */
  tab(options) {
    return this.tabOf(AuthClient, options);
  }

  /**
   * Opens a tab in the same way as `tab`, but with a client of another class.
   *
   * @template C
   * @param {new (options: any) => C} Client
   * @param {TabOptions} [options]
   */
  tabOf(
    Client,
    { without = [], url = ORIGIN, random = () => 0.5, platform = {}, ...options } = {},
  ) {
    const page = {
      frozen: false,
      held: /** @type {(() => void)[]} */ ([]),
      events: /** @type {string[]} */ ([]),
      document: new FakeDocument(),
      window: new EventTarget(),
    };
    const missing = Object.fromEntries(without.map((name) => [name, null]));
    const parts = { ...this.#platform(page), random, ...missing, ...platform };
    const client = new Client({ ...(url !== null && { url }), platform: parts, ...options });
    const tab = Object.assign(page, { platform: parts, client });
    for (const type of ["signed-in", "renewed", "signed-out"]) {
      /** @type {any} */ (tab.client).addEventListener(type, ({ detail }) =>
        tab.events.push(detail.reason ? `${type}: ${detail.reason}` : type),
      );
    }
    this.tabs.push(tab);
    return tab;
  }

  /**
   * Lets `ms` milliseconds pass. Timers fire in their order. Timers that are set during this time
   * fire too.
   */
  async advance(ms) {
    const end = this.#monotonic() + ms;
    await this.settle();
    for (;;) {
      const [first] = this.#timers
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at || a.id - b.id);
      if (!first) break;
      this.#remove(first.id);
      this.time += Math.max(first.at - this.#monotonic(), 0);
      first.work();
      await this.settle();
    }
    this.time += end - this.#monotonic();
    await this.settle();
  }

  /**
   * Makes the device sleep. `stops` says whether the device's monotonic clock stands still during
   * the sleep. In reality this depends on the operating system.
   */
  async sleep(ms, { stops = true } = {}) {
    this.time += ms;
    if (stops) this.#slept += ms;
    await this.advance(0);
  }

  /**
   * Lets time pass until `promise` settles. Returns the result of the promise. Throws if the
   * promise has not settled after `most` milliseconds.
   */
  async run(promise, most = 120_000) {
    let done = false;
    const mark = () => (done = true);
    promise.then(mark, mark);
    await this.settle();
    for (const end = this.#monotonic() + most; !done; ) {
      const next = Math.min(...this.#timers.map(({ at }) => at));
      if (next > end) throw new Error(`not settled after ${most} ms`);
      await this.advance(Math.max(next - this.#monotonic(), 0));
    }
    return promise;
  }

  /** Waits for a promise in the same way as `run`. This promise must reject. Returns the error. */
  async fails(promise) {
    const error = await this.run(
      promise.then(
        () => undefined,
        (reason) => reason,
      ),
    );
    if (error === undefined) throw new Error("did not reject");
    return error;
  }

  /**
   * Freezes a tab, as browsers do with tabs in the background. A frozen tab runs no code: its
   * timers, answers and messages wait until the tab thaws. A frozen tab keeps the locks that it
   * holds.
   */
  freeze(tab) {
    tab.frozen = true;
  }

  async thaw(tab) {
    tab.frozen = false;
    for (const work of tab.held.splice(0)) work();
    await this.settle();
  }

  hide(tab) {
    tab.document.visibilityState = "hidden";
    tab.document.dispatchEvent(new Event("visibilitychange"));
  }

  show(tab) {
    tab.document.visibilityState = "visible";
    tab.document.dispatchEvent(new Event("visibilitychange"));
  }

  /** Sends a message on the channel between the tabs, as any script of the same origin could. */
  say(message, name = `edgegate:${ORIGIN}`) {
    this.#deliver(name, message, null);
  }

  close() {
    for (const { client } of this.tabs) client.close();
  }

  // Waits for promises that need no timer. Reading a body takes some turns of the event loop.
  async settle() {
    for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #monotonic() {
    return this.time - this.#slept;
  }

  #setTimeout(tab, work, ms) {
    if (!(ms >= 0 && ms < 2 ** 31)) throw new Error(`no browser's setTimeout takes ${ms}`);
    const id = ++this.#next;
    const run = () => (tab.frozen ? tab.held.push(work) : work());
    this.#timers.push({ id, at: this.#monotonic() + ms, work: run });
    return id;
  }

  #remove(id) {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  }

  #platform(tab) {
    const world = this;
    return {
      now: () => this.time + this.skew,
      monotonic: () => this.#monotonic() - Date.UTC(2026, 5, 1),
      setTimeout: (work, ms) => this.#setTimeout(tab, work, ms),
      clearTimeout: (id) => this.#remove(id),
      locks: this.locks,
      document: tab.document,
      window: tab.window,
      storage: {
        getItem: (key) => this.storage.get(key) ?? null,
        setItem: (key, value) => this.storage.set(key, value),
        removeItem: (key) => this.storage.delete(key),
      },
      // Pass the signal separately, because Node's Request has only a weak reference to the signal.
      fetch: (input, init) =>
        this.#fetch(tab, new Request(input, init), init?.signal ?? input.signal),
      BroadcastChannel: class {
        tab = tab;
        /** @type {((event: { data: unknown }) => void) | null} */
        onmessage = null;

        constructor(name) {
          this.name = name;
          world.#channels.add(this);
        }

        postMessage(message) {
          world.#deliver(this.name, structuredClone(message), this);
        }

        close() {
          world.#channels.delete(this);
        }
      },
    };
  }

  #deliver(name, data, from) {
    for (const channel of this.#channels) {
      if (channel === from || channel.name !== name) continue;
      this.#setTimeout(
        channel.tab,
        () => this.#channels.has(channel) && channel.onmessage?.({ data }),
        this.messageDelay,
      );
    }
  }

  // A request carries the cookie that the browser has when the request is sent. When the answer
  // arrives, the browser sets the cookie of the answer, unless the request was aborted.
  async #fetch(tab, request, signal) {
    const sends =
      request.credentials === "include" ||
      (request.credentials === "same-origin" && new URL(request.url).origin === ORIGIN);
    const cookie = sends ? this.cookie : undefined;
    const body = await request.text();
    await this.#travel(signal);
    const { response, setCookie } = await this.service.answer(request, body, cookie, tab);
    if (response === "offline") throw new TypeError("Failed to fetch");
    if (response === "hang")
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    await this.#travel(signal);
    if (setCookie !== undefined && sends) {
      if (this.cookie !== cookie) this.overwritten += 1;
      this.cookie = setCookie || undefined;
    }
    // If the tab is frozen, it gets the answer when it thaws. The browser has already set the
    // cookie.
    if (tab.frozen) await new Promise((resolve) => tab.held.push(resolve));
    return response;
  }

  #travel(signal) {
    return new Promise((resolve, reject) => {
      const fail = () => reject(signal.reason);
      if (signal.aborted) return fail();
      signal.addEventListener("abort", fail);
      this.#setTimeout(
        {},
        resolve,
        typeof this.latency === "function" ? this.latency() : this.latency / 2,
      );
    });
  }
}

class FakeDocument extends EventTarget {
  visibilityState = "visible";
}

/**
 * Opens a tab of `world` and signs Ada in.
 *
 * @param {World} world
 * @param {Parameters<World["tab"]>[0]} [options]
 */
export async function signedIn(world, options) {
  const tab = world.tab(options);
  await world.run(tab.client.login({ email: ADA.email, password: PASSWORD }));
  return tab;
}
