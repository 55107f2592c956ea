// Fetches the key set of an issuer and keeps it fresh.
/**
 * @import { InvalidKeySetReason } from "./types/errors.d.ts"
 * @import { Platform } from "./verifier.js"
 */
import { becauseOf, EdgegateError, isEdgegateError } from "./errors.js";
import { KEY_SET_MAX_BYTES, MAX_ACCESS_TOKEN_TTL } from "./generated.js";
import { decodeText } from "./text.js";

/** Keys that were fetched longer ago than this are fetched again, in the background. */
const FRESH_MS = 10 * 60_000;
/**
 * Keys that were fetched longer ago than this are not used any more. The limit is the longest life
 * that a service can give an access token. If the service has been down for this time, all tokens
 * that it issued have expired. Using the keys for longer would help only somebody who has stolen a
 * signing key.
 */
const USABLE_MS = MAX_ACCESS_TOKEN_TTL * 1000;
/**
 * Tokens with an unknown `kid` cause at most one fetch in this time. Otherwise anybody could cause
 * many fetches by sending forged tokens. This is also the pause after a failed fetch while the
 * current keys are still usable.
 */
const PAUSE_MS = 30_000;
/**
 * The pause after the first failed fetch, if there are no usable keys. Each further failure doubles
 * the pause, up to PAUSE_MS. The first pauses are short, because every call fails until there are
 * keys. For example, if a program starts before the service does, its calls succeed soon after the
 * service has started.
 */
const FIRST_PAUSE_MS = 1_000;
/** How long a fetch may take until the whole answer has been read. */
const TIMEOUT_MS = 5_000;
/**
 * A fetch that takes longer than this is given up, because it will never end. This happens in
 * Workers: they cancel a fetch when the incoming request that began the fetch ends.
 */
const LOST_MS = TIMEOUT_MS + 1_000;

/**
 * Options of the request for a key set in a browser. The key set is public, so the request has no
 * credentials. `no-cache` makes the browser revalidate its cached copy at every fetch.
 *
 * @type {RequestInit}
 */
export const FETCH_OPTIONS = {
  mode: "cors",
  credentials: "omit",
  cache: "no-cache",
  referrerPolicy: "no-referrer",
};

/**
 * A fetch in progress. `begunAt` is in milliseconds.
 *
 * @template T
 * @typedef {{begunAt: number, promise: Promise<T>}} Flight
 */

/**
 * @typedef {(url: string, init?: RequestInit) => Promise<Response>} Fetch
 */

export class RemoteKeySet {
  #url;
  #fetch;
  #platform;
  #accept;
  /** When the fetch of the current keys began. */
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  /** @type {unknown} Why the last fetch failed. Null if it succeeded. */
  #error = null;
  /** How often the fetch has failed since it last succeeded. */
  #failures = 0;
  /** @type {Flight<void> | null} */
  #flight = null;
  /**
   * @type {Flight<string> | null} The download that `prefetch` has begun. Null after `#begin` has
   * used the download, or after it has failed.
   */
  #prefetched = null;

  /**
   * @param {URL} url
   * @param {Fetch} fetch
   * @param {Pick<Platform, "fetchOptions" | "keepAlive">} platform
   * @param {(text: string) => void} accept Makes the caller use a fetched key set from now on, or
   *   throws if the key set is not valid.
   */
  constructor(url, fetch, platform, accept) {
    this.#url = url;
    this.#fetch = fetch;
    this.#platform = platform;
    this.#accept = accept;
  }

  /**
   * Begins to download the keys while the wasm is still being loaded. Only the wasm can read the
   * keys, so `ready()` passes the downloaded text to the wasm later.
   */
  prefetch() {
    if (isFlying(this.#prefetched) || this.#isPausing()) return;
    const flight = this.#download();
    this.#prefetched = flight;
    flight.promise.catch((error) => {
      // If `ready()` uses this download, `ready()` reports the failure. If the wasm can't be
      // loaded, nobody calls `ready()`, so the failure is recorded here.
      if (this.#prefetched !== flight) return;
      this.#prefetched = null;
      this.#failed(error);
    });
  }

  /** Resolves when there are usable keys. Rejects if the keys can't be fetched. */
  async ready() {
    const age = since(this.#fetchedAt);
    if (age < FRESH_MS) return;
    if (age >= USABLE_MS) {
      if (!this.#flying() && this.#isPausing()) throw this.#error;
      await this.#fetched();
    } else if (!this.#flying() && since(this.#triedAt) >= PAUSE_MS) {
      // The current keys are still usable, so this caller does not wait for the fetch, and does not
      // need to know if the fetch fails. `#begin` stores the failure for a later caller that needs
      // newer keys.
      this.#platform.keepAlive(this.#begin().promise.catch(() => {}));
    }
  }

  /**
   * Fetches the keys again because the `kid` of a token is unknown, or waits for a fetch that is in
   * progress. Resolves to true after the fetch, or rejects if the fetch fails. If no fetch is in
   * progress and the last one began less than PAUSE_MS ago, nothing is fetched: the promise then
   * resolves to false, or rejects with the error of the last fetch if that fetch failed.
   */
  async refetch() {
    if (!this.#flying() && since(this.#triedAt) < PAUSE_MS) {
      if (this.#error) throw this.#error;
      return false;
    }
    await this.#fetched();
    return true;
  }

  /** Waits for the fetch in progress, or begins one. */
  async #fetched() {
    const flight = this.#flying() ?? this.#begin();
    if (await endsInTime(flight)) return flight.promise;
    // The fetch did not end: Workers have cancelled it, because the incoming request that began it
    // has ended. A fetch that begins now is not cancelled, because the incoming request of this
    // call is still running.
    return (this.#flying() ?? this.#begin()).promise;
  }

  /**
   * Passes a fetched key set to `accept`. If the key set is not valid, the error names the address
   * of the key set, because a wrong address is a possible cause.
   *
   * @param {string} text
   */
  #use(text) {
    try {
      this.#accept(text);
    } catch (error) {
      if (!isEdgegateError(error) || error.code !== "invalid_key_set") throw error;
      const { message, reason } = error;
      throw new EdgegateError("invalid_key_set", `${message}, at ${addressOf(this.#url)}`, {
        reason,
      });
    }
  }

  /** Whether the last fetch failed and the pause after it has not ended yet. */
  #isPausing() {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), PAUSE_MS);
    return this.#error !== null && since(this.#triedAt) < pause;
  }

  /** @param {unknown} error */
  #failed(error) {
    this.#error = error;
    this.#failures += 1;
  }

  #flying() {
    return isFlying(this.#flight) ? this.#flight : null;
  }

  /** @returns {Flight<string>} */
  #download() {
    const begunAt = Date.now();
    this.#triedAt = begunAt;
    return { begunAt, promise: download(this.#url, this.#fetch, this.#platform.fetchOptions) };
  }

  #begin() {
    const prefetched = isFlying(this.#prefetched) ? this.#prefetched : null;
    this.#prefetched = null;
    const { begunAt, promise: text } = prefetched ?? this.#download();
    const promise = text
      .then((text) => {
        this.#use(text);
        this.#fetchedAt = begunAt;
        this.#error = null;
        this.#failures = 0;
      })
      .catch((error) => {
        this.#failed(error);
        throw error;
      })
      .finally(() => {
        if (this.#flight === flight) this.#flight = null;
      });
    const flight = { begunAt, promise };
    this.#flight = flight;
    return flight;
  }
}

/**
 * The milliseconds since `time`. Infinity if `time` is in the future: the clock was set back in the
 * meantime, so nobody knows how much time has passed.
 *
 * @param {number} time
 */
function since(time) {
  const passed = Date.now() - time;
  return passed >= 0 ? passed : Infinity;
}

/**
 * @template T
 * @param {Flight<T> | null} flight
 * @returns {flight is Flight<T>}
 */
const isFlying = (flight) => flight !== null && since(flight.begunAt) < LOST_MS;

/**
 * Whether a fetch ends within LOST_MS. In Workers, a timer never fires if the incoming request that
 * started it has ended. So each caller starts its own timer, in its own incoming request.
 *
 * @param {Flight<void>} flight
 */
async function endsInTime({ begunAt, promise }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const lost = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.max(0, LOST_MS - since(begunAt)), false);
  });
  const ended = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, lost]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {URL} url
 * @param {Fetch} fetch
 * @param {RequestInit} options
 * @returns {Promise<string>}
 */
async function download(url, fetch, options) {
  const abort = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  // The abort signal alone is not enough: a `fetch` that the caller passed in can ignore the
  // signal.
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(unavailable(url, `did not answer within ${TIMEOUT_MS / 1000} s`));
      abort.abort();
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([read(url, fetch, { ...options, signal: abort.signal }), late]);
  } catch (error) {
    if (isEdgegateError(error)) throw error;
    throw unavailable(url, `could not be fetched${becauseOf(error)}`, error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {URL} url
 * @param {Fetch} fetch
 * @param {RequestInit} options
 */
async function read(url, fetch, options) {
  const response = await fetch(url.href, {
    method: "GET",
    redirect: "manual",
    headers: { accept: "application/json" },
    ...options,
  });
  if (response.status !== 200) {
    response.body?.cancel().catch(() => {});
    throw unavailable(url, problemOf(response));
  }
  const bytes = await readLimited(url, response);
  try {
    // A byte order mark stays in the text, and the wasm then rejects the text.
    return decodeText(bytes);
  } catch (cause) {
    throw invalid(url, "not_utf8", cause);
  }
}

/** @param {Response} response */
function problemOf({ status, type }) {
  const isRedirect = type === "opaqueredirect" || (status >= 300 && status < 400);
  return isRedirect
    ? "answered with a redirect, and redirects are not followed: use the address that it leads to"
    : `answered with status ${status}`;
}

/**
 * Reads the body of a response. Throws as soon as the body is longer than a key set may be.
 *
 * @param {URL} url
 * @param {Response} response
 */
async function readLimited(url, response) {
  const chunks = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    if (!ArrayBuffer.isView(part.value)) throw new TypeError("The body does not consist of bytes");
    length += part.value.byteLength;
    if (length > KEY_SET_MAX_BYTES) {
      reader?.cancel().catch(() => {});
      throw invalid(url, "set_too_long");
    }
    chunks.push(part.value);
  }
  const bytes = new Uint8Array(length);
  let place = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, place);
    place += chunk.byteLength;
  }
  return bytes;
}

/**
 * @param {URL} url
 * @param {InvalidKeySetReason} reason
 * @param {unknown} [cause]
 */
const invalid = (url, reason, cause) =>
  new EdgegateError(
    "invalid_key_set",
    `the key set is not valid: ${reason}, at ${addressOf(url)}`,
    { reason, cause },
  );

/**
 * The error for a key set that could not be fetched. Its message contains neither the query of the
 * address nor any text of the server's answer, because both can contain a secret.
 *
 * @param {URL} url
 * @param {string} why
 * @param {unknown} [cause]
 */
const unavailable = (url, why, cause) =>
  new EdgegateError("key_set_unavailable", `${addressOf(url)} ${why}`, { cause });

/** @param {URL} url */
const addressOf = (url) => `${url.origin}${url.pathname}`;
