// Verifies signatures with the platform's WebCrypto, for signatures.rs. Nothing here throws or
// rejects: null means that the platform can't tell.

/** How long the platform may take. It usually answers before a timer could start. */
const LONGEST_MS = 1_000;
// After so many turns of the queue of microtasks a timer starts.
const TURNS_WITHOUT_TIMER = 3;

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const ED25519 = { name: "Ed25519" };

/**
 * A public key of the platform.
 *
 * @typedef {{ algorithm: typeof ECDSA | typeof ED25519, key: CryptoKey }} PlatformKey
 */

/**
 * Imports a public key. It is Ed25519 if it has no y.
 *
 * @param {string} x in base64url
 * @param {string} [y]
 * @returns {Promise<PlatformKey | null>}
 */
export async function importKey(x, y) {
  const [algorithm, jwk] =
    y === undefined
      ? [ED25519, { kty: "OKP", crv: "Ed25519", x }]
      : [ECDSA, { kty: "EC", crv: "P-256", x, y }];
  const key = await inTime(() => crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]));
  return key ? { algorithm, key } : null;
}

/**
 * Whether a signature is valid. It copies both arrays before it returns: they are views of the
 * wasm's memory.
 *
 * @param {PlatformKey} key
 * @param {Uint8Array} signature
 * @param {Uint8Array} message
 * @returns {Promise<boolean | null>}
 */
export async function verify({ algorithm, key }, signature, message) {
  const [itsSignature, itsMessage] = [signature.slice(), message.slice()];
  const answer = await inTime(() => crypto.subtle.verify(algorithm, key, itsSignature, itsMessage));
  return typeof answer === "boolean" ? answer : null;
}

/**
 * What a promise of the platform resolves to. Null if there is no promise, if it rejects, or if it
 * takes too long: a request must not wait for ever.
 *
 * @template T
 * @param {() => Promise<T>} start
 * @returns {Promise<T | null>}
 */
function inTime(start) {
  return new Promise((resolve) => {
    let isSettled = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const settle = (/** @type {T | null} */ value) => {
      isSettled = true;
      if (timer !== undefined) clearTimeout(timer);
      resolve(value);
    };
    const fail = () => settle(null);
    try {
      Promise.resolve(start()).then(settle, fail);
    } catch {
      fail();
    }
    afterTurns(TURNS_WITHOUT_TIMER, () => {
      if (!isSettled) timer = setTimeout(fail, LONGEST_MS);
    });
  });
}

/**
 * @param {number} turns
 * @param {() => void} then
 */
async function afterTurns(turns, then) {
  for (let turn = 0; turn < turns; turn++) await null;
  then();
}
