// What a sign-in by redirect stores in the browser. It never stores a token.
//
// - Session storage: the round trips to the service that this tab has begun. Each tab has its own
//   session storage, so several tabs can sign in at once.
// - Local storage: one flag that says whether somebody was signed in, and with which scope and
//   resource. After a reload the client asks the service only if the flag is set.
/** @import { RedirectPlatform } from "./platform.js" */

/**
 * How long a round trip is remembered. A round trip that takes longer would fail anyway: the
 * service accepts the authorization request for an hour, and the code in its answer for a minute.
 */
const TRIP_MS = 2 * 60 * 60_000;
const TRIPS_MAX = 5;
/** If there are more than SILENT_MAX silent round trips within SILENT_MS, the page is in a loop. */
const SILENT_MAX = 5;
const SILENT_MS = 60_000;
const OUT = "out";

/**
 * A round trip to the service and back. `begunAt` is in Unix milliseconds, by the clock of the
 * device.
 *
 * @typedef {object} Trip
 * @property {string} state
 * @property {string} nonce
 * @property {string} verifier The `code_verifier` of PKCE.
 * @property {string} scope
 * @property {string | undefined} resource
 * @property {number | undefined} maxAge Seconds.
 * @property {string} returnTo
 * @property {boolean} silent Whether the service shows no page (`prompt=none`).
 * @property {number} begunAt
 *
 * @typedef {Pick<Trip, "scope" | "resource">} Asked The scope and the resource that a sign-in asked
 *   for.
 */

export class Trips {
  #key;
  #storage;
  #now;

  /**
   * @param {string} name
   * @param {Pick<RedirectPlatform, "sessionStorage" | "now">} platform
   */
  constructor(name, { sessionStorage, now }) {
    this.#key = `${name}:trips`;
    this.#storage = sessionStorage;
    this.#now = now;
  }

  /**
   * Stores a trip. Returns false if the browser does not let the page store anything.
   *
   * @param {Trip} trip
   */
  add(trip) {
    return this.#write([...this.#read(), trip].slice(-TRIPS_MAX));
  }

  /** @param {string} state */
  has(state) {
    return this.#read().some((trip) => trip.state === state);
  }

  /**
   * Takes a trip out of the storage, so that its answer can be used only once.
   *
   * @param {string} state
   */
  take(state) {
    const trips = this.#read();
    const trip = trips.find((one) => one.state === state);
    if (trip) this.#write(trips.filter((one) => one !== trip));
    return trip;
  }

  /**
   * Counts a silent round trip. Returns false if there were too many of them in a short time. This
   * happens if the page loads itself again after each answer, and each load begins another round
   * trip.
   */
  countSilent() {
    const now = this.#now();
    const key = `${this.#key}:silent`;
    try {
      const before = listIn(this.#storage?.getItem(key)).filter(
        (at) => typeof at === "number" && Math.abs(now - at) < SILENT_MS,
      );
      if (before.length >= SILENT_MAX) return false;
      this.#storage?.setItem(key, JSON.stringify([...before, now]));
      return this.#storage !== null;
    } catch {
      return false;
    }
  }

  /** @returns {Trip[]} */
  #read() {
    try {
      return listIn(this.#storage?.getItem(this.#key))
        .filter(isTrip)
        .filter(({ begunAt }) => Math.abs(this.#now() - begunAt) < TRIP_MS);
    } catch {
      return [];
    }
  }

  /** @param {Trip[]} trips */
  #write(trips) {
    try {
      if (trips.length === 0) this.#storage?.removeItem(this.#key);
      else this.#storage?.setItem(this.#key, JSON.stringify(trips));
      return this.#storage !== null;
    } catch {
      return false;
    }
  }
}

export class Flag {
  #key;
  #storage;

  /**
   * @param {string} name
   * @param {Pick<RedirectPlatform, "storage">} platform
   */
  constructor(name, { storage }) {
    this.#key = `${name}:signed-in`;
    this.#storage = storage;
  }

  /**
   * The scope and the resource that the last sign-in asked for. Undefined if the flag does not say
   * that somebody was signed in.
   *
   * @returns {Asked | undefined}
   */
  get asked() {
    try {
      const { scope, resource } = JSON.parse(this.#storage?.getItem(this.#key) ?? "null") ?? {};
      if (typeof scope !== "string") return undefined;
      return { scope, resource: typeof resource === "string" ? resource : undefined };
    } catch {
      return undefined;
    }
  }

  /** @param {Asked} asked */
  setIn({ scope, resource }) {
    this.#set(JSON.stringify({ scope, resource }));
  }

  /**
   * Notes that the person has signed out. The other tabs notice it by a `storage` event, and sign
   * out too.
   */
  setOut() {
    this.#set(OUT);
  }

  /**
   * Removes the flag, because the service says that nobody is signed in. The other tabs keep their
   * sessions.
   */
  forget() {
    try {
      this.#storage?.removeItem(this.#key);
    } catch {
      // If the browser blocks the storage, no flag is stored, so there is nothing to remove.
    }
  }

  /**
   * Whether a `storage` event says that another tab has signed out.
   *
   * @param {{key?: string | null, newValue?: string | null}} event
   */
  saysOut({ key, newValue }) {
    return key === this.#key && newValue === OUT;
  }

  /** @param {string} value */
  #set(value) {
    try {
      this.#storage?.setItem(this.#key, value);
    } catch {
      // Without the flag, the person has to press the sign-in button again after a reload.
    }
  }
}

/**
 * @param {string | null | undefined} text
 * @returns {unknown[]}
 */
function listIn(text) {
  const value = JSON.parse(text ?? "[]");
  return Array.isArray(value) ? value : [];
}

/**
 * @param {unknown} value
 * @returns {value is Trip}
 */
function isTrip(value) {
  const trip = /** @type {Partial<Record<keyof Trip, unknown>>} */ (Object(value));
  const texts = [trip.state, trip.nonce, trip.verifier, trip.scope, trip.returnTo];
  return texts.every((text) => typeof text === "string") && typeof trip.begunAt === "number";
}
