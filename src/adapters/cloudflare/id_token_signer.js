// Signs id_tokens with RS256 for id_token_signer.rs, because no library in the Worker implements
// RSA.

/** How long the platform may take. */
const LONGEST_MS = 2_000;

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/**
 * Imports a private RSA key. The platform's error message is not passed on, because it might
 * contain the key.
 *
 * @param {string} jwk as JSON
 * @returns {Promise<CryptoKey>}
 */
export async function importPrivateKey(jwk) {
  try {
    const key = /** @type {JsonWebKey} */ (JSON.parse(jwk));
    return await inTime(crypto.subtle.importKey("jwk", key, RS256, false, ["sign"]));
  } catch {
    throw new Error("the key was not imported");
  }
}

/**
 * The signature of a message (RFC 7518 section 3.3).
 *
 * @param {CryptoKey} key
 * @param {Uint8Array<ArrayBuffer>} message
 * @returns {Promise<Uint8Array>}
 */
export async function sign(key, message) {
  try {
    return new Uint8Array(await inTime(crypto.subtle.sign(RS256, key, message)));
  } catch {
    throw new Error("nothing was signed");
  }
}

/**
 * The result of the promise. Rejects if the promise takes too long, because a request must not wait
 * for ever.
 *
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
async function inTime(promise) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error()), LONGEST_MS);
  });
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}
