// Verifies an id_token (OpenID Connect Core section 3.1.3.7) with the platform's WebCrypto and the
// keys that the service publishes. The wasm of this package can't do this: it verifies only access
// tokens, and its rules would reject an id_token.
/**
 * @import { Jwk } from "../types/index.d.ts"
 * @import { Fetch } from "../keys.js"
 */
import { decodeBase64 } from "../base64.js";
import { EdgegateError } from "../errors.js";
import { FETCH_OPTIONS, RemoteKeySet } from "../keys.js";
import { decodeText, encodeText } from "../text.js";
import { invalidIdToken } from "./problems.js";

const MAX_CHARS = 8192;
const KEYS_MAX = 40;
/** The tolerated difference between the clocks of two computers of the service. */
const SKEW_SECONDS = 60;

/**
 * @typedef {object} Algorithm
 * @property {Record<string, string>} has The members that the JWK must have, with their values.
 * @property {string[]} needs The names of the other members that the JWK must have.
 * @property {RsaHashedImportParams | EcKeyImportParams | {name: string}} key
 * @property {EcdsaParams | {name: string}} signature
 *
 * @typedef {Record<string, unknown>} Json
 *
 * @typedef {object} IdClaims The claims that the client uses.
 * @property {string} sub
 * @property {string | undefined} email
 * @property {boolean} email_verified
 * @property {string | undefined} given_name
 * @property {string | undefined} family_name
 *
 * @typedef {object} Expected
 * @property {string} issuer
 * @property {string} clientId
 * @property {string | undefined} nonce Undefined if the token must not have a `nonce`.
 * @property {string} [sub]
 * @property {number} now Unix seconds, by the clock of the service.
 * @property {number} [authTimeMin] The earliest accepted `auth_time` (the time when the person last
 *   proved who they are), in Unix seconds.
 */

/**
 * The algorithms that the service signs with. No other algorithm is accepted, in particular not
 * `none`.
 *
 * @type {[unknown, Algorithm][]}
 */
const LIST = [
  [
    "EdDSA",
    {
      has: { kty: "OKP", crv: "Ed25519" },
      needs: ["x"],
      key: { name: "Ed25519" },
      signature: { name: "Ed25519" },
    },
  ],
  [
    "ES256",
    {
      has: { kty: "EC", crv: "P-256" },
      needs: ["x", "y"],
      key: { name: "ECDSA", namedCurve: "P-256" },
      signature: { name: "ECDSA", hash: "SHA-256" },
    },
  ],
  [
    "RS256",
    {
      has: { kty: "RSA" },
      needs: ["n", "e"],
      key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
      signature: { name: "RSASSA-PKCS1-v1_5" },
    },
  ],
];
const ALGORITHMS = /* @__PURE__ */ new Map(LIST);

/** The keys that the service publishes. */
export class IdTokenKeys {
  #remote;
  /** @type {Jwk[]} */
  #keys = [];

  /**
   * @param {URL} issuer
   * @param {Fetch} fetch
   */
  constructor(issuer, fetch) {
    const url = new URL("/.well-known/jwks.json", issuer);
    const platform = { fetchOptions: FETCH_OPTIONS, keepAlive: () => {} };
    this.#remote = new RemoteKeySet(url, fetch, platform, (text) => {
      this.#keys = readKeys(text);
    });
  }

  /**
   * Finds the key that signed a token, and returns its members. If the key is unknown, fetches the
   * keys again.
   *
   * @param {string} kid
   * @param {string} alg
   * @param {Algorithm} algorithm
   */
  async find(kid, alg, algorithm) {
    await this.#remote.ready();
    const known = this.#pick(kid, alg, algorithm);
    if (known) return known;
    const found = (await this.#remote.refetch()) ? this.#pick(kid, alg, algorithm) : undefined;
    if (!found) throw invalidIdToken("kid_unknown");
    return found;
  }

  /**
   * The members of the key with this id. Undefined if there is no such key. Also undefined if two
   * keys have this id, because it is not clear which of them signed the token.
   *
   * @param {string} kid
   * @param {string} alg
   * @param {Algorithm} algorithm
   * @returns {JsonWebKey | undefined}
   */
  #pick(kid, alg, { has, needs }) {
    const [key, ...others] = this.#keys.filter(
      (one) =>
        one.kid === kid &&
        Object.entries(has).every(([name, value]) => one[name] === value) &&
        needs.every((name) => typeof one[name] === "string") &&
        (one.alg === undefined || one.alg === alg) &&
        (one.use === undefined || one.use === "sig"),
    );
    if (!key || others.length > 0) return undefined;
    return { ...has, ...Object.fromEntries(needs.map((name) => [name, String(key[name])])) };
  }
}

/**
 * @param {string} text
 * @returns {Jwk[]}
 */
function readKeys(text) {
  const keys = parse(text)?.keys;
  if (!Array.isArray(keys)) throw invalidKeySet("no_keys");
  if (keys.length > KEYS_MAX) throw invalidKeySet("too_many_keys");
  const usable = keys.filter((key) => key !== null && typeof key === "object");
  // A published key set must not contain a private or a symmetric key, because everybody can read
  // the key set.
  if (usable.some((key) => "d" in key)) throw invalidKeySet("private_member");
  if (usable.some((key) => "k" in key)) throw invalidKeySet("symmetric_in_public_set");
  return usable;
}

/** @param {"no_keys" | "too_many_keys" | "private_member" | "symmetric_in_public_set"} reason */
const invalidKeySet = (reason) =>
  new EdgegateError("invalid_key_set", `the key set is not valid: ${reason}`, { reason });

/**
 * Verifies an id_token and returns its claims.
 *
 * @param {unknown} token
 * @param {IdTokenKeys} keys
 * @param {Expected} expected
 * @returns {Promise<IdClaims>}
 */
export async function verifyIdToken(token, keys, expected) {
  if (token === undefined || token === null) throw invalidIdToken("missing");
  const parts = typeof token === "string" && token.length <= MAX_CHARS ? token.split(".") : [];
  if (parts.length !== 3 || !parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part)))
    throw invalidIdToken("not_three_parts");
  const [head, payload, signature] = parts;
  const header = parse(textOf(head));
  const claims = parse(textOf(payload));
  if (!header || !claims) throw invalidIdToken("not_json");
  await verifySignature(header, `${head}.${payload}`, signature, keys);
  judge(claims, expected);
  return {
    sub: String(claims.sub),
    email: textIn(claims.email),
    email_verified: claims.email_verified === true,
    given_name: textIn(claims.given_name),
    family_name: textIn(claims.family_name),
  };
}

/**
 * @param {Json} header
 * @param {string} signed
 * @param {string} signature
 * @param {IdTokenKeys} keys
 */
async function verifySignature(header, signed, signature, keys) {
  const { alg, kid, typ, crit } = header;
  const algorithm = ALGORITHMS.get(alg);
  if (!algorithm) throw invalidIdToken("alg_unsupported");
  // `crit` lists extensions that the reader must understand (RFC 7515 section 4.1.11), and this
  // code knows none. A `typ` other than JWT means another kind of token.
  if (crit !== undefined) throw invalidIdToken("crit");
  if (typ !== undefined && String(typ).toUpperCase() !== "JWT") throw invalidIdToken("typ_wrong");
  if (typeof kid !== "string") throw invalidIdToken("kid_missing");
  const jwk = await keys.find(kid, String(alg), algorithm);
  const { subtle } = globalThis.crypto;
  let key;
  try {
    key = await subtle.importKey("jwk", jwk, algorithm.key, false, ["verify"]);
  } catch (error) {
    // Chrome before 137, Firefox before 129 and Safari before 17 don't support Ed25519. In these
    // browsers, the signature of such a token is not verified. The token has come directly from the
    // service, over TLS, and OpenID Connect Core section 3.1.3.7 (6) accepts TLS in place of a
    // check of the signature.
    if (alg === "EdDSA" && nameOf(error) === "NotSupportedError") return;
    throw invalidIdToken("kid_unknown");
  }
  const bytes = bytesOf(signature);
  const isValid =
    bytes && (await subtle.verify(algorithm.signature, key, bytes, encodeText(signed)));
  if (!isValid) throw invalidIdToken("signature_invalid");
}

/**
 * @param {Json} claims
 * @param {Expected} expected
 */
function judge(claims, { issuer, clientId, nonce, sub, now, authTimeMin }) {
  const { iss, aud, azp, exp, iat, auth_time } = claims;
  if (iss !== issuer) throw invalidIdToken("iss_wrong");
  // This app must be the only audience of the token. Otherwise another app could use the token too.
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (audiences.length !== 1 || audiences[0] !== clientId) throw invalidIdToken("aud_wrong");
  if (azp !== undefined && azp !== clientId) throw invalidIdToken("azp_wrong");
  if (typeof claims.sub !== "string" || claims.sub === "") throw invalidIdToken("sub_missing");
  if (sub !== undefined && claims.sub !== sub) throw invalidIdToken("sub_wrong");
  if (claims.nonce !== nonce) throw invalidIdToken("nonce_wrong");
  if (!isTime(exp) || exp <= now) throw invalidIdToken("expired");
  if (!isTime(iat) || iat > now + SKEW_SECONDS) throw invalidIdToken("iat_in_future");
  if (authTimeMin === undefined) return;
  if (!isTime(auth_time) || auth_time < authTimeMin - SKEW_SECONDS)
    throw invalidIdToken("auth_time_too_old");
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
const isTime = (value) => Number.isSafeInteger(value);

/** @param {unknown} value */
const textIn = (value) => (typeof value === "string" ? value : undefined);

/** @param {string} part */
function bytesOf(part) {
  try {
    const text = part.replaceAll("-", "+").replaceAll("_", "/");
    return decodeBase64(text.padEnd(Math.ceil(text.length / 4) * 4, "="));
  } catch {
    return undefined;
  }
}

/** @param {string} part */
function textOf(part) {
  try {
    return decodeText(bytesOf(part) ?? new Uint8Array());
  } catch {
    return "";
  }
}

/**
 * @param {string} text
 * @returns {Json | undefined}
 */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} error */
function nameOf(error) {
  try {
    return /** @type {{name: unknown}} */ (error).name;
  } catch {
    return undefined;
  }
}
