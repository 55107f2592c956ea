// Local checks: what each loader (web.js, node.js, workerd.js) exports, made for its platform.
//
// A platform has `module(given)` (the WebAssembly.Module), `fetchOptions` for the key set, and `keepAlive(promise)` for work
// that nobody waits for.
import { wrong } from "./argument.js";
import { RemoteKeySet } from "./keys.js";
import { readJwks, readOptions, readRoles, readUrl } from "./options.js";
import { loadWasm } from "./wasm.js";

export const loadFor = (platform) => async (wasm) => {
  await loadWasm(platform, wasm);
};

export const peekFor = (platform) => async (token) => {
  const wasm = await loadWasm(platform);
  return wasm.run(({ peek }) => peek(token));
};

// Handed to the constructor by the two functions that may call it.
const INSIDE = Symbol("inside");

export const verifierFor = (platform) =>
  class Verifier {
    #keys;
    #now;
    /** None when the set was handed in. */
    #remote;

    constructor(inside, keys, now, remote) {
      if (inside !== INSIDE)
        throw wrong("a Verifier is made by Verifier.fromJwksUrl or Verifier.fromJwks");
      this.#keys = keys;
      this.#now = now;
      this.#remote = remote;
    }

    static async fromJwksUrl(url, options) {
      const {
        fetch = (...args) => globalThis.fetch(...args),
        now,
        ...expected
      } = readOptions(options);
      const address = readUrl(url);
      const keys = new Keys(await loadWasm(platform), expected);
      const remote = new RemoteKeySet(address, fetch, platform, (text) => keys.use(text));
      await remote.ready();
      return new Verifier(INSIDE, keys, now, remote);
    }

    static async fromJwks(jwks, options) {
      const { now, ...expected } = readOptions(options);
      const text = readJwks(jwks);
      const keys = new Keys(await loadWasm(platform), expected);
      keys.use(text);
      return new Verifier(INSIDE, keys, now, null);
    }

    async verify(token) {
      // A method that was torn off has no keys.
      const isOwn = typeof this === "object" && this !== null && #keys in this;
      if (!isOwn) throw wrong("verify must be called on its Verifier");
      return this.#ask((wasm, now) => wasm.verify(token, now));
    }

    async isAuthorizedByRole(token, roles) {
      return isTrue(() => {
        const list = readRoles(roles);
        return this.#ask((wasm, now) => wasm.isAuthorizedByRole(token, list, now));
      });
    }

    async isAuthorizedByUserId(token, userId) {
      return isTrue(() => this.#ask((wasm, now) => wasm.isAuthorizedByUserId(token, userId, now)));
    }

    async isAuthorizedByEmail(token, email) {
      return isTrue(() => this.#ask((wasm, now) => wasm.isAuthorizedByEmail(token, email, now)));
    }

    async #ask(question) {
      const ask = () => this.#keys.ask((wasm) => question(wasm, this.#now()));
      await this.#remote?.ready();
      try {
        return ask();
      } catch (error) {
        const mayBeNew = error.reason === "kid_unknown" && (await this.#remote?.lookAgain());
        if (!mayBeNew) throw error;
        return ask();
      }
    }
  };

/** The keys of a verifier and what it expects, kept here: the wasm's side is made anew in each instance. */
class Keys {
  #wasm;
  #expected;
  #jwks = null;

  constructor(wasm, expected) {
    this.#wasm = wasm;
    this.#expected = expected;
  }

  /** Takes a key set into use, or throws why not and keeps the one before. */
  use(jwks) {
    this.#wasm.run((instance) => {
      const before = instance.verifiers.get(this);
      this.#make(instance, jwks);
      before?.free();
    });
    this.#jwks = jwks;
  }

  /** Answers `question(verifier)`, where `verifier` is the wasm's side. */
  ask(question) {
    return this.#wasm.run((instance) =>
      question(instance.verifiers.get(this) ?? this.#make(instance, this.#jwks)),
    );
  }

  #make(instance, jwks) {
    const { issuer, audience, clockTolerance } = this.#expected;
    const made = instance.Verifier.make(jwks, issuer, audience, clockTolerance);
    instance.verifiers.set(this, made);
    return made;
  }
}

/** Whatever goes wrong is no permission. */
async function isTrue(check) {
  try {
    return (await check()) === true;
  } catch {
    return false;
  }
}
