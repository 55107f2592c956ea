// Verifies signatures with the platform's own code, for signatures.rs: with WebCrypto, or with
// `node:crypto` once it is loaded. No function here throws or rejects. null means that the platform
// gave no answer.

/**
 * How long the platform may take to answer, in milliseconds. It usually answers before a timer is
 * started.
 */
const LONGEST_MS = 1_000;
// How many turns of the microtask queue to wait before a timer starts.
const TURNS_WITHOUT_TIMER = 3;

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const ED25519 = { name: "Ed25519" };
/** How many bytes each of the two integers (r and s) has in a signature of P-256. */
const SCALAR_BYTES = 32;

/**
 * A public key that the platform has imported, and its algorithm.
 *
 * @typedef {{ algorithm: typeof ECDSA | typeof ED25519, key: CryptoKey }} PlatformKey
 */

/**
 * Imports a public key. A key without y is an Ed25519 key.
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
 * Whether a signature is valid. Both arrays are views of the wasm's memory. They need no copy:
 * WebCrypto copies them before it returns (Web Cryptography, section 14.3.4), and they don't change
 * before the answer.
 *
 * @param {PlatformKey} key
 * @param {Uint8Array<ArrayBuffer>} signature
 * @param {Uint8Array<ArrayBuffer>} message
 * @returns {Promise<boolean | null>}
 */
export async function verify({ algorithm, key }, signature, message) {
  const answer = await inTime(() => crypto.subtle.verify(algorithm, key, signature, message));
  return typeof answer === "boolean" ? answer : null;
}

/**
 * The part of `node:crypto` that is used. workerd accepts a `CryptoKey` here, which the types of
 * Node.js don't say.
 *
 * @typedef {{ verify(hash: string | null, message: Uint8Array, key: CryptoKey, signature: Uint8Array): unknown }} NodeCrypto
 */

/** @type {NodeCrypto | undefined} */
let nodeCrypto;

/**
 * Loads `node:crypto`, which takes 3 ms. If the Worker has no Node.js compatibility, the module
 * does not exist, and `verifyAtOnce` continues to return undefined.
 */
export async function loadNodeCrypto() {
  const module = await inTime(() => import("node:crypto"));
  nodeCrypto = /** @type {{ default: NodeCrypto } | undefined} */ (/** @type {unknown} */ (module))
    ?.default;
}

/**
 * Like `verify`, but without a promise. Returns undefined if `node:crypto` is not loaded.
 *
 * @param {PlatformKey} key
 * @param {Uint8Array<ArrayBuffer>} signature
 * @param {Uint8Array<ArrayBuffer>} message
 * @returns {boolean | null | undefined}
 */
export function verifyAtOnce({ algorithm, key }, signature, message) {
  if (!nodeCrypto) return undefined;
  try {
    const answer =
      algorithm === ECDSA
        ? nodeCrypto.verify("sha256", message, key, toDer(signature))
        : nodeCrypto.verify(null, message, key, signature);
    return typeof answer === "boolean" ? answer : null;
  } catch {
    return null;
  }
}

const SEQUENCE = 0x30;
const INTEGER = 2;
// The sequence and each of its two integers have a tag and a length. An integer can also have a
// zero byte in front, which makes it positive.
const DER_MAX_BYTES = 2 + 2 * (3 + SCALAR_BYTES);

/**
 * An ECDSA signature in DER (RFC 3279, section 2.2.3), the only form that workerd's `verify` takes.
 *
 * @param {Uint8Array} signature r and s
 */
function toDer(signature) {
  const der = new Uint8Array(DER_MAX_BYTES);
  let end = 2;
  for (let at = 0; at < signature.length; ) {
    const next = at + SCALAR_BYTES;
    // The form of the signature was checked before this call, so neither integer is zero.
    while (signature[at] === 0) at++;
    const sign = signature[at] >> 7;
    der[end] = INTEGER;
    der[end + 1] = sign + next - at;
    end += 2 + sign;
    while (at < next) der[end++] = signature[at++];
  }
  der[0] = SEQUENCE;
  der[1] = end - 2;
  return der.subarray(0, end);
}

/**
 * The value to which the promise of `start` resolves. Null if `start` throws, or if its promise
 * rejects or takes too long, because a request must not wait for ever.
 *
 * @template T
 * @param {() => Promise<T>} start
 * @returns {Promise<T | null>}
 */
async function inTime(start) {
  /** @type {{ value: T } | null | undefined} */
  let outcome;
  try {
    const settled = Promise.resolve(start()).then(
      (value) => {
        outcome = { value };
      },
      () => {
        outcome = null;
      },
    );
    for (let turn = 0; turn < TURNS_WITHOUT_TIMER && outcome === undefined; turn++) await null;
    if (outcome === undefined) await orLate(settled);
  } catch {
    return null;
  }
  return outcome ? outcome.value : null;
}

/**
 * Waits for a promise, but at most `LONGEST_MS`.
 *
 * @param {Promise<void>} settled
 */
async function orLate(settled) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, LONGEST_MS);
  });
  await Promise.race([settled, late]);
  clearTimeout(timer);
}
