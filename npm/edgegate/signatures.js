// Verifies signatures with the platform's WebCrypto, and remembers which tokens have a valid one.
/** @import { GlueSignatureCheck, GlueVerifier } from "./wasm/edgegate.js" */
import { decodeText, encodeText } from "./text.js";

/** Each token has at most 4 KiB of text, so they take 4 MiB at most. Ours have some 700 bytes. */
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
   * By their signatures, which are faster to look up. The token that was used last is at the end.
   *
   * @type {Map<string, string>}
   */
  #tokens = new Map();

  /** @param {string} token */
  has(token) {
    return this.#tokens.get(signatureOf(token)) === token;
  }

  /**
   * Adds a token, or notes that it was used.
   *
   * @param {string} token
   */
  add(token) {
    const signature = signatureOf(token);
    const known = this.#tokens.get(signature);
    const own = known === token ? known : copyOf(token);
    this.#tokens.delete(signature);
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

/**
 * A token is usually cut out of a longer text, such as a header. While somebody keeps the token, the
 * engine keeps the whole text in memory. A copy takes only its own memory.
 *
 * @param {string} token
 */
const copyOf = (token) => decodeText(encodeText(token));

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
   * @param {string} [coordinates] in base64url: `x` for Ed25519, `x.y` for P-256. There are none if
   *   there is no such key.
   */
  async import(subtle, position, coordinates = "") {
    const [x, y] = coordinates.split(".");
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

/** How long the platform may take. */
const LONGEST_MS = 1_000;

/**
 * The platform's check of one signature.
 *
 * @implements {GlueSignatureCheck}
 */
export class SignatureCheck {
  #keys;
  #verifier;
  #bytes;
  /** @type {Promise<boolean | null> | null} Never rejects. */
  #answer = null;

  /**
   * @param {PlatformKeys} keys
   * @param {GlueVerifier} verifier the one that calls `begin`
   * @param {Uint8Array<ArrayBuffer>} bytes of the token
   */
  constructor(keys, verifier, bytes) {
    this.#keys = keys;
    this.#verifier = verifier;
    this.#bytes = bytes;
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
    // This call into the wasm may trap. So it is not a part of the promise, which never rejects.
    const coordinates = known ? undefined : this.#verifier.publicKey(position);
    this.#answer = this.#verify(copy, position, known, coordinates);
  }

  /**
   * Whether the signature is valid. Null if the platform can't tell, for whatever reason: a page
   * over http has no WebCrypto, older browsers don't know Ed25519, and Node's threads may be busy.
   * It never rejects.
   *
   * @returns {Promise<boolean | null>}
   */
  answer() {
    return new Promise((resolve) => {
      const timer = startTimer(() => resolve(null));
      Promise.resolve(this.#answer).then((isValid) => {
        clearTimeout(timer);
        resolve(isValid);
      });
    });
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} signature
   * @param {number} position
   * @param {PlatformKey | undefined} known
   * @param {string | undefined} coordinates
   */
  async #verify(signature, position, known, coordinates) {
    try {
      const { subtle } = globalThis.crypto;
      const { key, algorithm } = known ?? (await this.#keys.import(subtle, position, coordinates));
      if (key === null) return null;
      const signed = this.#bytes.subarray(0, this.#bytes.lastIndexOf(DOT));
      const isValid = await subtle.verify(algorithm.signature, key, signature, signed);
      return typeof isValid === "boolean" ? isValid : null;
    } catch {
      return null;
    }
  }
}

/** @param {() => void} call */
function startTimer(call) {
  try {
    return setTimeout(call, LONGEST_MS);
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
