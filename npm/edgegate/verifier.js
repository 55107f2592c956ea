// Checks tokens locally, without a request for each token. Each loader (such as web.js, node.js,
// workerd.js) makes its exports `load`, `peek` and `Verifier` with the functions of this file.
/**
 * @import { Claims, load, peek, Verifier as DeclaredVerifier, WasmSource } from "./types/index.d.ts"
 * @import { Instance, Wasm } from "./instance.js"
 * @import { Limit } from "./signatures.js"
 * @import { Encode } from "./text.js"
 * @import { ErrorReason } from "./types/errors.d.ts"
 * @import { GlueVerifier } from "./wasm/edgegate.js"
 */
import { invalidArgument } from "./argument.js";
import {
  hasAnyRole,
  hasVerifiedEmail,
  markUnverified,
  readClaims,
  readRoles,
  readUserId,
} from "./claims.js";
import { EdgegateError, isEdgegateError } from "./errors.js";
import { ACCESS_TOKEN_MAX_BYTES } from "./generated.js";
import { RemoteKeySet } from "./keys.js";
import { readIssuer, readJwks, readOptions, readUrl } from "./options.js";
import { invalidToken } from "./refusal.js";
import { PlatformKeys, SIGNATURE_KNOWN, SignatureCheck, SignedTokens } from "./signatures.js";
import { encodeText } from "./text.js";
import { loadWasm } from "./wasm.js";

/**
 * What a loader knows about its platform.
 *
 * @typedef {object} Platform
 * @property {(given?: WasmSource) => Promise<WebAssembly.Module>} module Finds and compiles the
 *   wasm. Without an argument, it uses the wasm of this package.
 * @property {RequestInit} fetchOptions Options of the request for a key set.
 * @property {(work: Promise<unknown>) => void} keepAlive Prevents the platform from cancelling
 *   `work`, for which nobody waits.
 * @property {Limit} limit Passes a signature to WebCrypto and limits how long WebCrypto may take.
 *   Several calls share one timer, but not in Workers and in other edge runtimes: in Workers, a
 *   timer is stopped when the incoming request that started it ends.
 * @property {Encode} [encode] Encodes a text in UTF-8. Set only if it is faster than a TextEncoder.
 */

/** @type {(platform: Platform) => typeof load} */
export const loadFor = (platform) => async (wasm) => {
  await loadWasm(platform, wasm);
};

/** @type {(platform: Platform) => typeof peek} */
export const peekFor = (platform) => async (token) => {
  const wasm = await loadWasm(platform);
  return markUnverified(JSON.parse(wasm.run(({ peek }) => peek(token))));
};

// The path at which edgegate publishes its keys.
const JWKS_PATH = "/.well-known/jwks.json";

// Only the functions that make a Verifier have this value, so nobody else can call the constructor.
const INTERNAL = Symbol("internal");

/**
 * @typedef {object} Parts
 * @property {Keys} keys
 * @property {() => number} now Unix seconds.
 * @property {RemoteKeySet | null} remote Null if the caller passed in the key set.
 */

/** @param {Platform} platform */
export const verifierFor = (platform) =>
  class Verifier {
    #parts;

    /**
     * @param {symbol} internal
     * @param {Parts} parts
     */
    constructor(internal, parts) {
      if (internal !== INTERNAL)
        throw invalidArgument(
          "use Verifier.fromIssuer, Verifier.fromJwksUrl or Verifier.fromJwks to make a Verifier",
        );
      this.#parts = parts;
    }

    /** @type {(typeof DeclaredVerifier)["fromIssuer"]} */
    static fromIssuer(issuer, options) {
      const origin = readIssuer(issuer);
      const read = readOptions(options, { remote: true, issuer: origin });
      return Verifier.#remote(readUrl(new URL(JWKS_PATH, origin), "issuer"), read);
    }

    /** @type {(typeof DeclaredVerifier)["fromJwksUrl"]} */
    static fromJwksUrl(url, options) {
      const read = readOptions(options, { remote: true });
      return Verifier.#remote(readUrl(url), read);
    }

    /** @type {(typeof DeclaredVerifier)["fromJwks"]} */
    static async fromJwks(jwks, options) {
      const { now, ...expected } = readOptions(options);
      const text = readJwks(jwks);
      const keys = new Keys(platform, expected);
      await keys.load();
      keys.use(text);
      return new Verifier(INTERNAL, { keys, now, remote: null });
    }

    /**
     * @param {URL} url
     * @param {ReturnType<typeof readOptions>} options
     */
    static #remote(url, { fetch = globalFetch, now, ...expected }) {
      const keys = new Keys(platform, expected);
      const remote = new RemoteKeySet(url, fetch, platform, (text) => keys.use(text));
      return new Verifier(INTERNAL, { keys, now, remote });
    }

    /** @type {DeclaredVerifier["ready"]} */
    async ready() {
      await ready(Verifier.#partsOf(this));
    }

    /** @type {DeclaredVerifier["verify"]} */
    verify(token) {
      return verify(() => Verifier.#partsOf(this), token);
    }

    /** @type {DeclaredVerifier["requireRole"]} */
    async requireRole(token, roles) {
      return requireRole(Verifier.#partsOf(this), token, roles);
    }

    /** @type {DeclaredVerifier["requireUserId"]} */
    async requireUserId(token, userId) {
      return requireUserId(Verifier.#partsOf(this), token, userId);
    }

    /** @type {DeclaredVerifier["requireEmail"]} */
    async requireEmail(token, email) {
      return requireEmail(Verifier.#partsOf(this), token, email);
    }

    /** @type {DeclaredVerifier["isAuthorizedByRole"]} */
    async isAuthorizedByRole(token, roles) {
      return succeeds(() => requireRole(Verifier.#partsOf(this), token, roles));
    }

    /** @type {DeclaredVerifier["isAuthorizedByUserId"]} */
    async isAuthorizedByUserId(token, userId) {
      return succeeds(() => requireUserId(Verifier.#partsOf(this), token, userId));
    }

    /** @type {DeclaredVerifier["isAuthorizedByEmail"]} */
    async isAuthorizedByEmail(token, email) {
      return succeeds(() => requireEmail(Verifier.#partsOf(this), token, email));
    }

    /** @type {DeclaredVerifier["hasRole"]} */
    hasRole(claims, roles) {
      return hasAnyRole(readClaims(claims), readRoles(roles));
    }

    /** @type {DeclaredVerifier["hasUserId"]} */
    hasUserId(claims, userId) {
      return readClaims(claims).sub === readUserId(userId);
    }

    /** @type {DeclaredVerifier["hasEmail"]} */
    hasEmail(claims, email) {
      const { keys } = Verifier.#partsOf(this);
      return hasVerifiedEmail(readClaims(claims), keys.canonicalEmail(email));
    }

    /**
     * The parts of a verifier. Throws if a method was called without its verifier, as after `const
     * { verify } = verifier`.
     *
     * @param {Verifier} verifier
     */
    static #partsOf(verifier) {
      if (typeof verifier !== "object" || verifier === null || !(#parts in verifier))
        throw invalidArgument("the method must be called on its Verifier");
      return verifier.#parts;
    }
  };

/** @type {NonNullable<import("./types/index.d.ts").RemoteVerifierOptions["fetch"]>} */
const globalFetch = (...args) => globalThis.fetch(...args);

/**
 * Loads the wasm if it is not loaded yet, and begins to fetch the key set at the same time.
 *
 * @param {Parts} parts
 */
async function loadFirst({ keys, remote }) {
  if (keys.areLoaded) return;
  remote?.prefetch();
  await keys.load();
}

/** @param {Parts} parts */
async function ready(parts) {
  await loadFirst(parts);
  await parts.remote?.ready();
}

/**
 * Verifies a token and returns its claims. Not an `async` function: one more promise would make
 * each verification slower.
 *
 * @param {() => Parts} partsOf
 * @param {unknown} token
 */
function verify(partsOf, token) {
  /** @type {Parts} */
  let parts;
  try {
    parts = partsOf();
  } catch (error) {
    return Promise.reject(error);
  }
  const { keys, now, remote } = parts;
  // If the caller passed in the keys, and the wasm is loaded, the verification can begin at once.
  return remote || !keys.areLoaded ? verifyWhenReady(parts, token) : keys.verify(token, now);
}

/**
 * Waits for the wasm and the key set, and then verifies the token. If the token's key is unknown,
 * fetches the key set again (unless it was fetched a moment ago) and verifies once more.
 *
 * @param {Parts} parts
 * @param {unknown} token
 */
async function verifyWhenReady(parts, token) {
  await ready(parts);
  const { keys, now, remote } = parts;
  if (!remote) return keys.verify(token, now);
  try {
    return await keys.verify(token, now);
  } catch (error) {
    const isUnknownKey = isEdgegateError(error) && error.reason === "kid_unknown";
    const mayBeNew = isUnknownKey && (await remote.refetch());
    if (!mayBeNew) throw error;
    return keys.verify(token, now);
  }
}

/** @type {(parts: Parts, token: unknown, roles: unknown) => Promise<Claims>} */
async function requireRole(parts, token, roles) {
  const list = readRoles(roles);
  const claims = await verify(() => parts, token);
  if (!hasAnyRole(claims, list)) throw forbidden("has none of these roles");
  return claims;
}

/** @type {(parts: Parts, token: unknown, userId: unknown) => Promise<Claims>} */
async function requireUserId(parts, token, userId) {
  const id = readUserId(userId);
  const claims = await verify(() => parts, token);
  if (claims.sub !== id) throw forbidden("was issued to another user");
  return claims;
}

/** @type {(parts: Parts, token: unknown, email: unknown) => Promise<Claims>} */
async function requireEmail(parts, token, email) {
  await loadFirst(parts);
  const canonical = parts.keys.canonicalEmail(email);
  const claims = await verify(() => parts, token);
  if (!hasVerifiedEmail(claims, canonical))
    throw forbidden("was not issued to a user with this verified address");
  return claims;
}

/** @param {string} why */
const forbidden = (why) => new EdgegateError("forbidden", `the token is valid, but ${why}`);

/**
 * The key set of a verifier, and the issuer, the audience and the clock tolerance that it expects.
 * They are stored in JavaScript and not only in the wasm, because each new instance of the wasm
 * needs them again.
 */
class Keys {
  #platform;
  #expected;
  /** @type {Wasm | null} */
  #wasm = null;
  #jwks = "";
  #signed = new SignedTokens();
  #platformKeys = new PlatformKeys();

  /**
   * @param {Platform} platform
   * @param {{issuer: string, audience: string, clockTolerance: number}} expected
   */
  constructor(platform, expected) {
    this.#platform = platform;
    this.#expected = expected;
  }

  get areLoaded() {
    return this.#wasm !== null;
  }

  /** Loads the wasm. Call this before the other methods. */
  async load() {
    this.#wasm ??= await loadWasm(this.#platform);
  }

  /**
   * Uses this key set from now on. If the wasm rejects the key set, throws and continues to use the
   * previous key set.
   *
   * @param {string} jwks
   */
  use(jwks) {
    this.#run((instance) => {
      const before = instance.verifiers.get(this);
      this.#make(instance, jwks);
      before?.free();
    });
    if (jwks === this.#jwks) return;
    this.#jwks = jwks;
    this.#signed.clear();
    this.#platformKeys.clear();
  }

  /**
   * The claims of a token, verified with the current keys.
   *
   * @param {unknown} token
   * @param {() => number} now Unix seconds.
   * @returns {Promise<Claims>}
   */
  async verify(token, now) {
    const time = now();
    const bytes = this.#asciiBytes(token);
    // The value can't be a valid token. This call of the wasm throws an error that says why.
    if (bytes === null) return parse(this.#ask((verifier) => verifier.verify(token, time)));
    const text = /** @type {string} */ (token);
    if (this.#signed.has(text)) {
      const judged = this.#ask((verifier) =>
        verifier.judgeUnverified(bytes, time, SIGNATURE_KNOWN),
      );
      const claims = this.#claimsOf(text, parse(judged));
      this.#signed.use(text);
      return claims;
    }
    const jwks = this.#jwks;
    /** @type {SignatureCheck | undefined} */
    let check;
    // `judged` has the claims, or the rule that they break. It is used only if the signature turns
    // out to be valid.
    const judged = this.#ask((verifier) => {
      check = new SignatureCheck(this.#platformKeys, verifier, bytes, this.#platform.limit);
      return verifier.judgeUnverified(bytes, time, check);
    });
    const isValid = await check?.answer;
    if (typeof isValid !== "boolean" || jwks !== this.#jwks) {
      // Either the platform could not check the signature, or the keys were replaced in the
      // meantime. So the wasm verifies the token, including its signature.
      const claims = parse(this.#ask((verifier) => verifier.verify(text, time)));
      return this.#remember(text, claims);
    }
    if (!isValid) throw invalidToken("signature_invalid");
    return this.#remember(text, parse(judged));
  }

  /**
   * The bytes of a token. A token consists of ASCII characters, so each character is one byte. Null
   * if the value can't be a token.
   *
   * @param {unknown} token
   */
  #asciiBytes(token) {
    if (typeof token !== "string" || token.length > ACCESS_TOKEN_MAX_BYTES) return null;
    const bytes = (this.#platform.encode ?? encodeText)(token);
    // A character outside of ASCII has more bytes in UTF-8 than code units in UTF-16.
    return bytes.length === token.length ? bytes : null;
  }

  /**
   * Takes the result of the wasm for a token whose signature is valid. Returns the claims and
   * remembers the token. Throws if the wasm has refused the claims.
   *
   * @param {string} token
   * @param {Claims | ErrorReason} judged
   */
  #remember(token, judged) {
    const claims = this.#claimsOf(token, judged);
    this.#signed.add(token);
    return claims;
  }

  /**
   * Takes the result of the wasm for a token. Returns the claims. If the wasm has refused them,
   * forgets the token and throws.
   *
   * @param {string} token
   * @param {Claims | ErrorReason} judged
   */
  #claimsOf(token, judged) {
    if (typeof judged !== "string") return judged;
    this.#signed.delete(token);
    throw invalidToken(judged);
  }

  /**
   * Calls `question` with this object's verifier in the wasm. If the current instance of the wasm
   * has no verifier of this object yet, makes one first.
   *
   * @template T
   * @param {(verifier: GlueVerifier) => T} question
   */
  #ask(question) {
    return this.#run((instance) =>
      question(instance.verifiers.get(this) ?? this.#make(instance, this.#jwks)),
    );
  }

  /**
   * The canonical form of an email address, which is the form in tokens. Undefined if `email` is
   * not an email address.
   *
   * @param {unknown} email
   */
  canonicalEmail(email) {
    return this.#run(({ canonicalEmail }) => canonicalEmail(email));
  }

  /**
   * @template T
   * @param {(instance: Instance) => T} call
   * @returns {T}
   */
  #run(call) {
    if (!this.#wasm) throw invalidArgument("this Verifier has not verified anything yet");
    return this.#wasm.run(call);
  }

  /**
   * @param {Instance} instance
   * @param {string} jwks
   */
  #make(instance, jwks) {
    const made = instance.Verifier.make(jwks, this.#expected);
    instance.verifiers.set(this, made);
    return made;
  }
}

/**
 * Parses the JSON that the wasm returns: the claims, or the reason why they are refused.
 *
 * @param {string} json
 * @returns {any}
 */
const parse = (json) => JSON.parse(json);

/**
 * Whether `check` succeeds. False after any failure, such as an outage.
 *
 * @param {() => Promise<unknown>} check
 */
async function succeeds(check) {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}
