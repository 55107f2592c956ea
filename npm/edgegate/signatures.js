// Verifies signatures with the platform's WebCrypto, and remembers which tokens have a valid
// signature.
/** @import { GluePublicKey, GlueSignatureCheck, GlueVerifier } from "./wasm/edgegate.js" */

/**
 * How many tokens are remembered. A token has at most 4 KiB, so all remembered tokens together take
 * at most 4 MiB. A typical token of edgegate has about 700 bytes.
 */
const REMEMBERED_MAX = 1_000;

/**
 * Remembers the tokens whose signature was verified with the current keys, so that the signature is
 * not verified again. Nothing else about a token is remembered: its claims are read and checked
 * each time. So a remembered token expires like any other token.
 *
 * The whole text of a token is stored and compared. Only tokens with a valid signature are stored,
 * so only the holder of a signing key can add entries.
 */
export class SignedTokens {
  /**
   * The value of an entry is the token. The key is the token's signature, which is faster to look
   * up than the whole token. The last entry is the token that was used most recently.
   *
   * @type {Map<string, string>}
   */
  #tokens = new Map();

  /** @param {string} token */
  has(token) {
    return this.#tokens.get(signatureOf(token)) === token;
  }

  /**
   * Makes a remembered token the one that was used most recently. Does nothing if the token is not
   * remembered.
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
   * Stores a copy of the token. If there are too many tokens, removes the one that was not used for
   * the longest time.
   *
   * A copy is needed because the token is usually a slice of a longer string, such as a header.
   * Without a copy, the engine would keep the whole longer string in memory for as long as the
   * slice is stored. To make the copy, the code adds a space in front of the token and cuts the
   * space off again: an engine copies a concatenated string before it takes a slice of that string.
   * Encoding and decoding the token would also make a copy, but takes longer.
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
 * What WebCrypto needs for the algorithm of a key: `key` has the parameters for importing the key,
 * `signature` those for verifying a signature.
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
 * A key that was imported into WebCrypto. `key` is null if the platform can't use the key.
 *
 * @typedef {{ algorithm: Algorithm, key: CryptoKey | null }} PlatformKey
 */

/** The public keys, imported into the platform's WebCrypto. */
export class PlatformKeys {
  /** @type {Map<number, PlatformKey>} The map's key is the position in the key set. */
  #imported = new Map();

  /** @param {number} position */
  get(position) {
    return this.#imported.get(position);
  }

  clear() {
    this.#imported = new Map();
  }

  /**
   * Imports a key and stores it. Stores the key itself and not its promise, because in Workers a
   * request can't wait for a promise of another request.
   *
   * @param {SubtleCrypto} subtle
   * @param {number} position
   * @param {Partial<GluePublicKey>} [publicKey] Undefined if the key set has no key at this
   *   position.
   */
  async import(subtle, position, { x, y } = {}) {
    const isP256 = y !== undefined;
    const algorithm = isP256 ? ES256 : EDDSA;
    const jwk = isP256 ? { kty: "EC", crv: "P-256", x, y } : { kty: "OKP", crv: "Ed25519", x };
    // If `clear()` is called during the import, another key can be at this position afterwards. So
    // the imported key is stored in the map that was current before the import. After `clear()`,
    // nobody reads that map.
    const map = this.#imported;
    const key = await subtle
      .importKey("jwk", jwk, algorithm.key, false, ["verify"])
      .catch(() => null);
    const imported = { algorithm, key };
    map.set(position, imported);
    return imported;
  }
}

/** Whether a signature is valid, according to the platform. Null if the platform can't check it. */
/** @typedef {boolean | null} Answer */

/**
 * Calls `ask`, which passes the signature to the platform, and waits for the answer for a limited
 * time. Resolves to null if the platform takes too long, fails, or answers with anything but a
 * boolean. Never rejects. `isEd25519` is false if the key is of another kind, or not imported yet.
 *
 * @typedef {(ask: () => Promise<unknown> | null, isEd25519: boolean) => Promise<Answer>} Limit
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
   * Resolves to whether the signature is valid, or to null if the platform can't check it, for any
   * reason. For example, a page over http has no WebCrypto, and older browsers don't support
   * Ed25519. Never rejects.
   *
   * @type {Promise<Answer>}
   */
  answer = UNKNOWN;

  /**
   * @param {PlatformKeys} keys
   * @param {GlueVerifier} verifier The verifier that calls `begin`.
   * @param {Uint8Array<ArrayBuffer>} bytes The bytes of the token.
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
    // `signature` is a view of the wasm's memory. The call of `publicKey` can make that memory
    // grow, and the view is empty after that. So the bytes are copied first.
    const copy = signature.slice();
    const known = this.#keys.get(position);
    // This call throws if the wasm traps. The call is made outside of the promise `answer`, because
    // that promise must never reject.
    const publicKey = known ? undefined : this.#verifier.publicKey(position);
    const ask = () =>
      known
        ? this.#verify(known, copy)
        : this.#import(position, publicKey).then((imported) => this.#verify(imported, copy));
    this.answer = this.#limit(ask, known?.algorithm === EDDSA);
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
 * How long the platform may take, in milliseconds. After this time the wasm verifies the signature
 * instead. The limit is long, because the threads on which Node verifies signatures can be busy.
 */
const LONGEST_MS = 1_000;

/**
 * Calls `ask`, and then passes its answer to `act`: null if `ask` fails, or answers with anything
 * but a boolean.
 *
 * @typedef {(ask: () => Promise<unknown> | null, act: (isValid: Answer) => void,
 *   isEd25519: boolean) => void} Pass
 */

/**
 * Limits how long the platform may take, with one timer for each call.
 *
 * @type {(pass: Pass) => Limit}
 */
export const limited = (pass) => (ask, isEd25519) =>
  new Promise((resolve) => {
    const timer = startTimer(() => resolve(null), LONGEST_MS);
    const act = (/** @type {Answer} */ isValid) => {
      clearTimeout(timer);
      resolve(isValid);
    };
    pass(ask, act, isEd25519);
  });

/**
 * Calls `ask` at once.
 *
 * @type {Pass}
 */
function askAtOnce(ask, act) {
  const fail = () => act(null);
  try {
    Promise.resolve(ask()).then(
      (isValid) => act(typeof isValid === "boolean" ? isValid : null),
      fail,
    );
  } catch {
    fail();
  }
}

/**
 * Calls `ask` in a microtask. The microtask matters if many tokens are verified at the same time:
 * first the wasm checks everything but the signature of all these tokens, and then the platform
 * gets all the signatures, one call right after the other. In Chromium, this saves one sixth of the
 * time compared with `askAtOnce`, because the platform's threads start only once.
 *
 * @type {Pass}
 */
export function askSoon(ask, act, isEd25519) {
  SOON.then(() => askAtOnce(ask, act, isEd25519));
}

/**
 * Calls `ask` in the way that is faster in Node. If many tokens are verified at the same time,
 * `askAtOnce` lets Node's threads verify the first signatures while the wasm checks the other
 * tokens. For Ed25519 this saves a twelfth of the time. For ECDSA `askSoon` is faster.
 *
 * @type {Pass}
 */
export function askInNode(ask, act, isEd25519) {
  (isEd25519 ? askAtOnce : askSoon)(ask, act, isEd25519);
}

const SOON = Promise.resolve();

const TICKS = 4;

/**
 * A call that waits for the platform's answer. It is given up after `ticks` more ticks of the
 * timer.
 *
 * @typedef {{ resolve(answer: Answer): void, ticks: number }} Waiting
 */

/** @type {Set<Waiting>} */
const waiting = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let ticker;

/**
 * Like `limited`, but with one timer for all calls: starting and stopping a timer for each token
 * would take a noticeable part of the time that verifying a token takes. The timer ticks four times
 * a second. A call is given up at the fourth tick after its start, which is after 750 to 1,000 ms.
 *
 * @type {(pass: Pass) => Limit}
 */
export const limitedTogether = (pass) => (ask, isEd25519) =>
  new Promise((resolve) => {
    const one = { resolve, ticks: TICKS };
    waiting.add(one);
    ticker ??= startTimer(tick, LONGEST_MS / TICKS);
    // In Node, the timer keeps the process running only while a call waits for its answer.
    if (waiting.size === 1) timerOfNode()?.ref?.();
    const act = (/** @type {Answer} */ isValid) => {
      waiting.delete(one);
      if (waiting.size === 0) timerOfNode()?.unref?.();
      resolve(isValid);
    };
    pass(ask, act, isEd25519);
  });

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
 * Replaces a `SignatureCheck` for a token whose signature was verified before. It does nothing.
 *
 * @type {GlueSignatureCheck}
 */
export const SIGNATURE_KNOWN = { begin: () => {} };
