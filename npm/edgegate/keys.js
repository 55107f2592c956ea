// The key set of an issuer, fetched and kept fresh.
import { EdgegateError, isEdgegateError } from "./errors.js";

/** Keys older than this are fetched again, in the background. */
const FRESH_MS = 10 * 60_000;
/**
 * Keys that could not be fetched again for this long are not used any more. No access token of edgegate lives longer than an
 * hour, and nobody gets a new one while the service is away: keeping keys for longer would help only whoever stole one.
 */
const USABLE_MS = 60 * 60_000;
/** An unknown `kid`, or a failure, leads to a fetch at most this often: a forged token costs its sender nothing. */
const PAUSE_MS = 30_000;
/** For the whole answer. */
const TIMEOUT_MS = 5_000;
/** A fetch that has not ended by then never will: Workers cancel what the request that began it leaves behind. */
const LOST_MS = TIMEOUT_MS + 1_000;
/** What the reader of key sets takes: KEY_SET_MAX_BYTES of src/domain/policy.rs. */
const MAX_BYTES = 32 * 1024;

export class RemoteKeySet {
  #url;
  #fetch;
  #platform;
  #accept;
  /** When the keys in use were asked for. */
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  /** Why the last try failed. */
  #error = null;
  #flight = null;

  /** `accept(text)` takes a fetched set into use, or throws why not. */
  constructor(url, fetch, platform, accept) {
    this.#url = url;
    this.#fetch = fetch;
    this.#platform = platform;
    this.#accept = accept;
  }

  /** Resolves when there are keys that may be used. */
  async ready() {
    const age = since(this.#fetchedAt);
    if (age < FRESH_MS) return;
    if (age >= USABLE_MS) {
      if (!this.#flying() && since(this.#triedAt) < PAUSE_MS && this.#error) throw this.#error;
      await this.#fetched();
    } else if (!this.#flying() && since(this.#triedAt) >= PAUSE_MS) {
      // Its failure is no failure of whoever asks now; it is remembered for whoever needs it.
      this.#platform.keepAlive(this.#begin().promise.catch(() => {}));
    }
  }

  /** After an unknown `kid`: whether there may be other keys now. Rejects when that can't be known. */
  async lookAgain() {
    if (!this.#flying() && since(this.#triedAt) < PAUSE_MS) {
      if (this.#error) throw this.#error;
      return false;
    }
    await this.#fetched();
    return true;
  }

  /** Waits for the fetch under way, or begins one. */
  async #fetched() {
    const flight = this.#flying() ?? this.#begin();
    if (await settled(flight)) return flight.promise;
    // It was lost with the request that began it; one of our own can't be.
    return (this.#flying() ?? this.#begin()).promise;
  }

  #flying() {
    return this.#flight && since(this.#flight.begunAt) < LOST_MS ? this.#flight : null;
  }

  #begin() {
    const begunAt = Date.now();
    this.#triedAt = begunAt;
    const flight = { begunAt, promise: null };
    flight.promise = download(this.#url, this.#fetch, this.#platform.fetchOptions)
      .then((text) => {
        this.#accept(text);
        this.#fetchedAt = begunAt;
        this.#error = null;
      })
      .catch((error) => {
        this.#error = error;
        throw error;
      })
      .finally(() => {
        if (this.#flight === flight) this.#flight = null;
      });
    this.#flight = flight;
    return flight;
  }
}

/** Milliseconds; a clock that was set back tells nothing, and counts as long ago. */
function since(time) {
  const passed = Date.now() - time;
  return passed >= 0 ? passed : Infinity;
}

/** Whether it ends in time. The timer is the waiter's own: it runs whatever became of the request that began the fetch. */
async function settled({ begunAt, promise }) {
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

async function download(url, fetch, options) {
  const abort = new AbortController();
  let timer;
  // Not left to the signal alone: a `fetch` that was handed in may not look at it.
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
    throw unavailable(url, "could not be fetched", error);
  } finally {
    clearTimeout(timer);
  }
}

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
  const bytes = await limited(response);
  try {
    // A byte order mark is left in place, for the reader to refuse.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new EdgegateError("invalid_key_set", "the key set is not valid: not_utf8", {
      reason: "not_utf8",
      cause,
    });
  }
}

function problemOf({ status, type }) {
  const redirect = type === "opaqueredirect" || (status >= 300 && status < 400);
  return redirect
    ? "answered with a redirect, which is not followed: give the address that it leads to"
    : `answered with status ${status}`;
}

async function limited(response) {
  const chunks = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
    if (!ArrayBuffer.isView(part.value)) throw new TypeError("The body is not made of bytes");
    length += part.value.byteLength;
    if (length > MAX_BYTES) {
      reader.cancel().catch(() => {});
      throw new EdgegateError("invalid_key_set", "the key set is not valid: set_too_long", {
        reason: "set_too_long",
      });
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

// Neither the query nor what the other side wrote: both may hold a secret.
const unavailable = (url, why, cause) =>
  new EdgegateError("key_set_unavailable", `${url.origin}${url.pathname} ${why}`, { cause });
