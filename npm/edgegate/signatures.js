// Verifies signatures with the platform's WebCrypto, and remembers which tokens have a valid one.
import { decodeBase64 } from "./base64.js";

/** Each token has at most 4 KiB of text, so they take 4 MiB at most. Ours have some 700 bytes. */
const REMEMBERED_MAX = 1_000;

/**
 * Tokens whose signature was verified with the current keys. Nothing else about them is remembered:
 * their claims are read and judged each time. So a remembered token expires as any other does.
 *
 * The key is the whole text of a token. Only the holder of a signing key can make it remember
 * anything.
 */
export class SignedTokens {
  /** @type {Set<string>} The token that was used last is at the end. */
  #tokens = new Set();

  /** @param {string} token */
  has(token) {
    if (!this.#tokens.delete(token)) return false;
    this.#tokens.add(token);
    return true;
  }

  /** @param {string} token */
  add(token) {
    this.#tokens.delete(token);
    this.#tokens.add(token);
    if (this.#tokens.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#tokens) {
      this.#tokens.delete(oldest);
      return;
    }
  }

  /** @param {string} token */
  delete(token) {
    this.#tokens.delete(token);
  }

  clear() {
    this.#tokens.clear();
  }
}

/** How WebCrypto names the algorithm of a key. */
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const ED25519 = { name: "Ed25519" };

/**
 * A key of the platform, or null if the platform can't use it.
 *
 * @typedef {{ algorithm: typeof ECDSA | typeof ED25519, key: CryptoKey | null }} PlatformKey
 */

/** The public keys, imported into the platform's WebCrypto. */
export class PlatformKeys {
  /** @type {Map<number, PlatformKey>} By their place in the key set. */
  #imported = new Map();

  /**
   * Whether the signature of a token is valid. The wasm must have judged the form of both before.
   * Null if the platform can't tell, for whatever reason: a page over http has no WebCrypto, and
   * older browsers don't know Ed25519.
   *
   * @param {string} token
   * @param {number} position of the key in the key set
   * @param {(position: number) => string | undefined} coordinatesOf the key, in base64url: `x` for
   *   Ed25519, `x.y` for P-256
   * @returns {Promise<boolean | null>}
   */
  async verify(token, position, coordinatesOf) {
    const known = this.#imported.get(position);
    const coordinates = known ? "" : coordinatesOf(position);
    try {
      const { subtle } = globalThis.crypto;
      const imported = known ?? (await this.#import(subtle, position, coordinates));
      if (imported.key === null) return null;
      const end = token.lastIndexOf(".");
      const isValid = await subtle.verify(
        imported.algorithm,
        imported.key,
        decodeBase64(token.slice(end + 1)),
        bytesOf(token, end),
      );
      return typeof isValid === "boolean" ? isValid : null;
    } catch {
      return null;
    }
  }

  clear() {
    this.#imported = new Map();
  }

  /**
   * Keeps the key and not the promise: Workers may not wait for a promise of another request.
   *
   * @param {SubtleCrypto} subtle
   * @param {number} position
   * @param {string} [coordinates] the caller has none if there is no such key
   */
  async #import(subtle, position, coordinates = "") {
    const [x, y] = coordinates.split(".");
    const isP256 = y !== undefined;
    const algorithm = isP256 ? ECDSA : ED25519;
    const jwk = isP256 ? { kty: "EC", crv: "P-256", x, y } : { kty: "OKP", crv: "Ed25519", x };
    // After clear() the places belong to other keys.
    const map = this.#imported;
    const key = await subtle.importKey("jwk", jwk, algorithm, false, ["verify"]).catch(() => null);
    const imported = { algorithm, key };
    map.set(position, imported);
    return imported;
  }
}

/**
 * The first characters of a token, which are all ASCII.
 *
 * @param {string} token
 * @param {number} length
 */
function bytesOf(token, length) {
  const bytes = new Uint8Array(length);
  for (let place = 0; place < length; place++) bytes[place] = token.charCodeAt(place);
  return bytes;
}
