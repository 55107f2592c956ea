// The service's time as this device can know it.
//
// The device's clock may be wrong by hours, and may be set while the page is open, so it is never
// compared with a token's times. An answer of the service anchors its time; from there the device
// counts. The monotonic clock ignores that the wall clock is set, but on some systems it stands still
// while the device sleeps; the wall clock goes on. The larger of the two counts is used: a token
// then looks older than it is, which costs one renewal. Only when the device sleeps without its
// monotonic clock and the wall clock is set back as well, a token looks younger than it is. Then the
// service rejects it, and the client renews it.

// A Date header and a token made for the same answer lie this close, or a cache or proxy in between wrote the header.
const SAME_ANSWER_MS = 60_000;

export class Clock {
  #now;
  #monotonic;
  #anchor;

  /** `now` and `monotonic` answer milliseconds, as Date.now and performance.now. */
  constructor({ now, monotonic }) {
    this.#now = now;
    this.#monotonic = monotonic;
    this.#anchor = { server: now(), ...this.instant() };
  }

  /** A moment of this device, for `since`. */
  instant() {
    return { wall: this.#now(), monotonic: this.#monotonic() };
  }

  /** The milliseconds that went by since `instant`. */
  since({ wall, monotonic }) {
    return Math.max(this.#monotonic() - monotonic, this.#now() - wall, 0);
  }

  /** `{left}`: the milliseconds of `ms` that are left, from now on. */
  timer(ms) {
    const begun = this.instant();
    const since = () => this.since(begun);
    return {
      get left() {
        return Math.max(ms - since(), 0);
      },
    };
  }

  /** The service's time, in milliseconds since 1970. Before the first answer: the device's. */
  now() {
    return this.#anchor.server + this.since(this.#anchor);
  }

  /**
   * Takes the service's time out of an answer that brought a fresh token.
   *
   * `date` is its Date header (null where CORS hides it), `iat` the second at which the token was issued, `sent` the
   * instant at which the request was sent. All of the time since then is added: the answer may have waited for the
   * device to wake up.
   */
  anchor({ date, iat, sent }) {
    const issued = iat * 1000;
    const header = date === null ? NaN : Date.parse(date);
    const server = Math.abs(header - issued) <= SAME_ANSWER_MS ? header : issued;
    this.#anchor = { server: server + this.since(sent), ...this.instant() };
  }
}
