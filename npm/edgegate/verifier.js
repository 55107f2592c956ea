// Local checks. Each loader (web.js, node.js, workerd.js) makes its exports from the functions
// here.
/**
 * @import { load, peek, Verifier as DeclaredVerifier, WasmSource } from "./types/index.d.ts"
 * @import { Instance, Wasm } from "./instance.js"
 * @import { GlueVerifier } from "./wasm/edgegate.js"
 */
import { invalidArgument } from "./argument.js";
import { isEdgegateError } from "./errors.js";
import { RemoteKeySet } from "./keys.js";
import { readJwks, readOptions, readRoles, readUrl } from "./options.js";
import { loadWasm } from "./wasm.js";

/**
 * What a loader knows about its platform.
 *
 * @typedef {object} Platform
 * @property {(given?: WasmSource) => Promise<WebAssembly.Module>} module Finds and compiles the
 *   wasm. Without an argument: the wasm file of this package.
 * @property {RequestInit} fetchOptions Options of the request for a key set.
 * @property {(work: Promise<unknown>) => void} keepAlive Keeps the platform from cancelling work
 *   that nobody waits for.
 */

/** @type {(platform: Platform) => typeof load} */
export const loadFor = (platform) => async (wasm) => {
  await loadWasm(platform, wasm);
};

/** @type {(platform: Platform) => typeof peek} */
export const peekFor = (platform) => async (token) => {
  const wasm = await loadWasm(platform);
  return wasm.run(({ peek }) => peek(token));
};

// Only `fromJwksUrl` and `fromJwks` have this value, so nobody else can call the constructor.
const INTERNAL = Symbol("internal");

/** @param {Platform} platform */
export const verifierFor = (platform) =>
  class Verifier {
    #keys;
    #now;
    #remote;

    /**
     * @param {symbol} internal
     * @param {Keys} keys
     * @param {() => number} now Unix seconds.
     * @param {RemoteKeySet | null} remote Null if the caller passed in the key set.
     */
    constructor(internal, keys, now, remote) {
      if (internal !== INTERNAL)
        throw invalidArgument("use Verifier.fromJwksUrl or Verifier.fromJwks to make a Verifier");
      this.#keys = keys;
      this.#now = now;
      this.#remote = remote;
    }

    /** @type {(typeof DeclaredVerifier)["fromJwksUrl"]} */
    static async fromJwksUrl(url, options) {
      const { fetch = globalFetch, now, ...expected } = readOptions(options);
      const address = readUrl(url);
      const keys = new Keys(await loadWasm(platform), expected);
      const remote = new RemoteKeySet(address, fetch, platform, (text) => keys.use(text));
      await remote.ready();
      return new Verifier(INTERNAL, keys, now, remote);
    }

    /** @type {(typeof DeclaredVerifier)["fromJwks"]} */
    static async fromJwks(jwks, options) {
      const { now, ...expected } = readOptions(options);
      const text = readJwks(jwks);
      const keys = new Keys(await loadWasm(platform), expected);
      keys.use(text);
      return new Verifier(INTERNAL, keys, now, null);
    }

    /** @type {DeclaredVerifier["verify"]} */
    async verify(token) {
      // False if the method was taken off its verifier: `const { verify } = verifier`.
      const isOwn = typeof this === "object" && this !== null && #keys in this;
      if (!isOwn) throw invalidArgument("verify must be called on its Verifier");
      return this.#ask((wasm, now) => wasm.verify(token, now));
    }

    /** @type {DeclaredVerifier["isAuthorizedByRole"]} */
    async isAuthorizedByRole(token, roles) {
      return isTrue(() => {
        const list = readRoles(roles);
        return this.#ask((wasm, now) => wasm.isAuthorizedByRole(token, list, now));
      });
    }

    /** @type {DeclaredVerifier["isAuthorizedByUserId"]} */
    async isAuthorizedByUserId(token, userId) {
      return isTrue(() => this.#ask((wasm, now) => wasm.isAuthorizedByUserId(token, userId, now)));
    }

    /** @type {DeclaredVerifier["isAuthorizedByEmail"]} */
    async isAuthorizedByEmail(token, email) {
      return isTrue(() => this.#ask((wasm, now) => wasm.isAuthorizedByEmail(token, email, now)));
    }

    /**
     * Asks the wasm. If the token's key is unknown, fetches the key set and asks once more.
     *
     * @template T
     * @param {(wasm: GlueVerifier, now: number) => T} question
     * @returns {Promise<T>}
     */
    async #ask(question) {
      const ask = () => this.#keys.ask((wasm) => question(wasm, this.#now()));
      await this.#remote?.ready();
      try {
        return ask();
      } catch (error) {
        const isUnknownKey = isEdgegateError(error) && error.reason === "kid_unknown";
        const mayBeNew = isUnknownKey && (await this.#remote?.refetch());
        if (!mayBeNew) throw error;
        return ask();
      }
    }
  };

/** @type {NonNullable<import("./types/index.d.ts").RemoteVerifierOptions["fetch"]>} */
const globalFetch = (...args) => globalThis.fetch(...args);

/**
 * The keys of a verifier, and what it expects of tokens. They are kept outside of the wasm, because
 * each new instance of the wasm needs them again.
 */
class Keys {
  #wasm;
  #expected;
  #jwks = "";

  /**
   * @param {Wasm} wasm
   * @param {{issuer: unknown, audience: unknown, clockTolerance: unknown}} expected
   */
  constructor(wasm, expected) {
    this.#wasm = wasm;
    this.#expected = expected;
  }

  /**
   * Uses this key set from now on. If the wasm rejects it, throws and keeps the previous one.
   *
   * @param {string} jwks
   */
  use(jwks) {
    this.#wasm.run((instance) => {
      const before = instance.verifiers.get(this);
      this.#make(instance, jwks);
      before?.free();
    });
    this.#jwks = jwks;
  }

  /**
   * Calls `question` with the verifier of the wasm.
   *
   * @template T
   * @param {(verifier: GlueVerifier) => T} question
   * @returns {T}
   */
  ask(question) {
    return this.#wasm.run((instance) =>
      question(instance.verifiers.get(this) ?? this.#make(instance, this.#jwks)),
    );
  }

  /**
   * @param {Instance} instance
   * @param {string} jwks
   */
  #make(instance, jwks) {
    const { issuer, audience, clockTolerance } = this.#expected;
    const made = instance.Verifier.make(jwks, issuer, audience, clockTolerance);
    instance.verifiers.set(this, made);
    return made;
  }
}

/**
 * Any failure means: not authorized.
 *
 * @param {() => Promise<boolean>} check
 */
async function isTrue(check) {
  try {
    return (await check()) === true;
  } catch {
    return false;
  }
}
