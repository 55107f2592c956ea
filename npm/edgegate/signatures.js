// Verifies signatures with the platform's WebCrypto, and remembers which tokens have a valid one.
/** @import { GluePublicKey, GlueSignatureCheck, GlueVerifier } from "./wasm/edgegate.js" */

/**
 * A token has at most 4 KiB, so all take at most 4 MiB. A token of edgegate has about 700 bytes.
 */
const REMEMBERED_MAX = 1_000;

/**
 * Tokens whose signature was verified with the current keys. Nothing else about them is remembered:
 * their claims are read and judged each time. So a remembered token expires as any other does.
 *
 * The whole text of a token is remembered and compared. Only the holder of a signing key can make
 * it remember anything.
 */
export class SignedTokens {
  /**
   * The key of an entry is the token's signature, which is faster to look up than the token. The
   * token that was used last is at the end.
   *
   * @type {Map<string, string>}
   */
  #tokens = new Map();

  /** @param {string} token */
  has(token) {
    return this.#tokens.get(signatureOf(token)) === token;
  }

  /**
   * Notes that a token which is remembered was used.
   *
   * @param {string} token
   */
  use(token) {
    const signature = signatureOf(token);
    const own = this.#tokens.get(signature);
    if (own !== token) return;
    this.#tokens.delete(signature);
    this.#tokens.set(signatureOf(own), own);
  }

  /**
   * Adds a token.
   *
   * It is usually cut out of a longer text, such as a header. While somebody keeps the token, the
   * engine keeps the whole text in memory. So this keeps a copy: it adds a space and cuts it off
   * again. The engine copies a joined text before it slices it. To encode and decode the token would
   * copy it too, but takes longer.
   *
   * @param {string} token
   */
  add(token) {
    const own = ` ${token}`.slice(1);
    this.#tokens.set(signatureOf(own), own);
    if (this.#tokens.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#tokens.keys()) {
      this.#tokens.delete(oldest);
      return;
    }
  }

  /** @param {string} token */
  delete(token) {
    if (this.has(token)) this.#tokens.delete(signatureOf(token));
  }

  clear() {
    this.#tokens.clear();
  }
}

/** @param {string} token */
const signatureOf = (token) => token.slice(token.lastIndexOf(".") + 1);

/**
 * How WebCrypto names the algorithm of a key, and what it needs to verify with it.
 *
 * @typedef {object} Algorithm
 * @property {EcKeyImportParams | { name: string }} key
 * @property {EcdsaParams | { name: string }} signature
 */

/** @type {Algorithm} */
const ES256 = {
  key: { name: "ECDSA", namedCurve: "P-256" },
  signature: { name: "ECDSA", hash: "SHA-256" },
};
/** @type {Algorithm} */
const EDDSA = { key: { name: "Ed25519" }, signature: { name: "Ed25519" } };

/**
 * A key of the platform, or null if the platform can't use it.
 *
 * @typedef {{ algorithm: Algorithm, key: CryptoKey | null }} PlatformKey
 */

/** The public keys, imported into the platform's WebCrypto. */
export class PlatformKeys {
  /** @type {Map<number, PlatformKey>} By their position in the key set. */
  #imported = new Map();

  /** @param {number} position */
  get(position) {
    return this.#imported.get(position);
  }

  clear() {
    this.#imported = new Map();
  }

  /**
   * Keeps the key and not the promise: Workers may not wait for a promise of another request.
   *
   * @param {SubtleCrypto} subtle
   * @param {number} position
   * @param {Partial<GluePublicKey>} [publicKey] Nothing if there is no such key.
   */
  async import(subtle, position, { x, y } = {}) {
    const isP256 = y !== undefined;
    const algorithm = isP256 ? ES256 : EDDSA;
    const jwk = isP256 ? { kty: "EC", crv: "P-256", x, y } : { kty: "OKP", crv: "Ed25519", x };
    // After clear() the positions belong to other keys.
    const map = this.#imported;
    const key = await subtle
      .importKey("jwk", jwk, algorithm.key, false, ["verify"])
      .catch(() => null);
    const imported = { algorithm, key };
    map.set(position, imported);
    return imported;
  }
}

/** What the platform says of a signature. Null if it can't tell. */
/** @typedef {boolean | null} Answer */

/**
 * Asks the platform, and limits how long it may take. Null if it takes too long, fails, or answers
 * with anything but a boolean. It never rejects.
 *
 * @typedef {(ask: () => Promise<unknown> | null) => Promise<Answer>} Limit
 */

/**
 * The platform's check of one signature.
 *
 * @implements {GlueSignatureCheck}
 */
export class SignatureCheck {
  #keys;
  #verifier;
  #bytes;
  #limit;

  /**
   * Whether the signature is valid. Null if the platform can't tell, for whatever reason: a page
   * over http has no WebCrypto, older browsers don't know Ed25519. It never rejects.
   *
   * @type {Promise<Answer>}
   */
  answer = UNKNOWN;

  /**
   * @param {PlatformKeys} keys
   * @param {GlueVerifier} verifier the one that calls `begin`
   * @param {Uint8Array<ArrayBuffer>} bytes of the token
   * @param {Limit} limit
   */
  constructor(keys, verifier, bytes, limit) {
    this.#keys = keys;
    this.#verifier = verifier;
    this.#bytes = bytes;
    this.#limit = limit;
  }

  /**
   * @param {number} position
   * @param {Uint8Array} signature
   */
  begin(position, signature) {
    // `signature` is a view of the wasm's memory. `publicKey` may let that memory grow, and then the
    // view is empty.
    const copy = signature.slice();
    const known = this.#keys.get(position);
    // The promise must never reject. This call into the wasm may trap, so it is made before.
    const publicKey = known ? undefined : this.#verifier.publicKey(position);
    this.answer = this.#limit(() =>
      known
        ? this.#verify(known, copy)
        : this.#import(position, publicKey).then((imported) => this.#verify(imported, copy)),
    );
  }

  /**
   * @param {number} position
   * @param {GluePublicKey | undefined} publicKey
   */
  async #import(position, publicKey) {
    return this.#keys.import(globalThis.crypto.subtle, position, publicKey);
  }

  /**
   * @param {PlatformKey} platformKey
   * @param {Uint8Array<ArrayBuffer>} signature
   * @returns {Promise<unknown> | null}
   */
  #verify({ key, algorithm }, signature) {
    if (key === null) return null;
    const signed = this.#bytes.subarray(0, this.#bytes.lastIndexOf(DOT));
    return globalThis.crypto.subtle.verify(algorithm.signature, key, signature, signed);
  }
}

/** @type {Promise<Answer>} */
const UNKNOWN = Promise.resolve(null);

/**
 * How long the platform may take, in milliseconds. It is long, because Node's threads may be busy.
 * After it the wasm verifies.
 */
const LONGEST_MS = 1_000;

/**
 * Each answer has a timer of its own.
 *
 * @type {Limit}
 */
export function limited(ask) {
  return new Promise((resolve) => {
    const timer = startTimer(() => resolve(null), LONGEST_MS);
    askSoon(ask, (isValid) => {
      clearTimeout(timer);
      resolve(isValid);
    });
  });
}

/**
 * Calls `ask` in a microtask, and `act` with its answer. If many tokens are verified at once, all of
 * them are judged first and then the platform is asked for all, one call right after the other.
 * That takes a sixth less time than to take turns, because the platform's threads then start once.
 *
 * @param {() => Promise<unknown> | null} ask
 * @param {(isValid: Answer) => void} act
 */
function askSoon(ask, act) {
  const fail = () => act(null);
  SOON.then(() => {
    try {
      Promise.resolve(ask()).then(
        (isValid) => act(typeof isValid === "boolean" ? isValid : null),
        fail,
      );
    } catch {
      fail();
    }
  });
}

const SOON = Promise.resolve();

const TICKS = 4;

/**
 * An answer that is waited for.
 *
 * @typedef {{ resolve(answer: Answer): void, ticks: number }} Waiting
 */

/** @type {Set<Waiting>} */
const waiting = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let ticker;

/**
 * `limited` with one timer for all calls: starting and stopping a timer for each token would take a
 * noticeable part of the time that a token takes. The timer ticks four times a second, and an
 * answer may take four ticks: between 750 and 1,000 ms.
 *
 * @type {Limit}
 */
export function limitedTogether(ask) {
  return new Promise((resolve) => {
    const one = { resolve, ticks: TICKS };
    waiting.add(one);
    ticker ??= startTimer(tick, LONGEST_MS / TICKS);
    // In Node the timer keeps the process running only while somebody waits.
    if (waiting.size === 1) timerOfNode()?.ref?.();
    askSoon(ask, (isValid) => {
      waiting.delete(one);
      if (waiting.size === 0) timerOfNode()?.unref?.();
      resolve(isValid);
    });
  });
}

function tick() {
  ticker = undefined;
  for (const one of waiting) {
    one.ticks -= 1;
    if (one.ticks > 0) continue;
    waiting.delete(one);
    one.resolve(null);
  }
  if (waiting.size > 0) ticker = startTimer(tick, LONGEST_MS / TICKS);
}

const timerOfNode = () =>
  /** @type {{ ref?: () => void, unref?: () => void } | undefined} */ (
    /** @type {unknown} */ (ticker)
  );

/**
 * @param {() => void} call
 * @param {number} milliseconds
 */
function startTimer(call, milliseconds) {
  try {
    return setTimeout(call, milliseconds);
  } catch {
    // Workers have no timers outside of a request.
    return undefined;
  }
}

const DOT = 0x2e;

/**
 * For a token whose signature was verified before.
 *
 * @type {GlueSignatureCheck}
 */
export const SIGNATURE_KNOWN = { begin: () => {} };
