// Estimates the service's time on this device.
//
// The clock of a device can be wrong by hours, and somebody can set it while the page is open. So
// the client never compares the device's clock with the times in a token. Instead, it reads the
// service's time from an answer of the service, and adds the time that has passed since that
// answer. It measures the passed time with two clocks of the device:
//
// - The monotonic clock does not change when somebody sets the wall clock. On some systems it stops
//   while the device sleeps.
// - The wall clock continues while the device sleeps, but somebody can set it.
//
// The client uses the larger of the two results. So a token can seem older than it is. The client
// then renews the token too early, which costs only one request. A token seems younger than it is
// only if the monotonic clock has stopped and somebody has also set back the wall clock. The server
// then rejects the token, and the client renews it.

// If the Date header of an answer and the `iat` of the token in that answer differ by more than
// this, the header was not written by the service, but by a cache or a proxy. The client then uses
// `iat`.
const SAME_ANSWER_MS = 60_000;

/**
 * All numbers are in milliseconds.
 *
 * @typedef {{wall: number, monotonic: number}} Instant A moment on this device.
 * @typedef {{readonly left: number}} Timer `left`: milliseconds until the timer ends; 0 after it
 *   has ended.
 */

export class Clock {
  #now;
  #monotonic;
  #anchor;

  /** @param {{now: () => number, monotonic: () => number}} platform Both return milliseconds. */
  constructor({ now, monotonic }) {
    this.#now = now;
    this.#monotonic = monotonic;
    this.#anchor = { server: now(), ...this.instant() };
  }

  /** @returns {Instant} */
  instant() {
    return { wall: this.#now(), monotonic: this.#monotonic() };
  }

  /**
   * Milliseconds since `instant`.
   *
   * @param {Instant} instant
   */
  since({ wall, monotonic }) {
    return Math.max(this.#monotonic() - monotonic, this.#now() - wall, 0);
  }

  /**
   * A timer that ends in `ms` milliseconds.
   *
   * @param {number} ms
   * @returns {Timer}
   */
  timer(ms) {
    const begun = this.instant();
    const since = () => this.since(begun);
    return {
      get left() {
        return Math.max(ms - since(), 0);
      },
    };
  }

  /** The service's time in Unix milliseconds. Before the first answer: the device's time. */
  now() {
    return this.#anchor.server + this.since(this.#anchor);
  }

  /**
   * Reads the service's time from an answer that has a new token.
   *
   * - `date`: the Date header. Null if CORS hides it.
   * - `iat`: when the token was issued, in Unix seconds.
   * - `sent`: when the request was sent. The time since the request was sent is added to the
   *   service's time, because it is possible that the device has slept before it read the answer.
   *
   * @param {{date: string | null, iat: number, sent: Instant}} answer
   */
  anchor({ date, iat, sent }) {
    const issued = iat * 1000;
    const header = date === null ? NaN : Date.parse(date);
    const server = Math.abs(header - issued) <= SAME_ANSWER_MS ? header : issued;
    this.#anchor = { server: server + this.since(sent), ...this.instant() };
  }
}
