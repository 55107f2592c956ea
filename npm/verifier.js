// Local checks: what each loader (web.js, node.js, workerd.js) exports, made for its platform.
//
// A platform has `module(given)` (the WebAssembly.Module), `fetchOptions` for the key set, and `keepAlive(promise)` for work
// that nobody waits for.
import { wrong } from "./argument.js";
import { RemoteKeySet } from "./keys.js";
import { readJwks, readOptions, readRoles, readUrl } from "./options.js";
import { asError, loadWasm } from "./wasm.js";

export const loadFor = (platform) => async (wasm) => {
  await loadWasm(platform, wasm);
};

export const peekFor = (platform) => async (token) => {
  const wasm = await loadWasm(platform);
  return attempt(() => wasm.peek(token));
};

// Handed to the constructor by the two functions that may call it.
const INSIDE = Symbol("inside");

export const verifierFor = (platform) =>
  class Verifier {
    #wasm;
    #now;
    /** None when the set was handed in. */
    #remote;

    constructor(inside, wasm, now, remote) {
      if (inside !== INSIDE) throw wrong("a Verifier is made by Verifier.fromJwksUrl or Verifier.fromJwks");
      this.#wasm = wasm;
      this.#now = now;
      this.#remote = remote;
    }

    static async fromJwksUrl(url, options) {
      const { fetch = (...args) => globalThis.fetch(...args), now, ...expected } = readOptions(options);
      const address = readUrl(url);
      const wasm = await loadWasm(platform);
      let made = null;
      // The old keys are freed when the new ones take their place.
      const remote = new RemoteKeySet(address, fetch, platform, (text) => {
        if (made) attempt(() => made.replaceKeys(text));
        else made = make(wasm, text, expected);
      });
      await remote.ready();
      return new Verifier(INSIDE, made, now, remote);
    }

    static async fromJwks(jwks, options) {
      const { now, ...expected } = readOptions(options);
      const text = readJwks(jwks);
      const wasm = await loadWasm(platform);
      return new Verifier(INSIDE, make(wasm, text, expected), now, null);
    }

    async verify(token) {
      // A method that was torn off has no keys.
      const isOwn = typeof this === "object" && this !== null && #wasm in this;
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
      const ask = () => attempt(() => question(this.#wasm, this.#now()));
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

const make = (wasm, jwks, { issuer, audience, clockTolerance }) => attempt(() => wasm.Verifier.make(jwks, issuer, audience, clockTolerance));

/** Whatever goes wrong is no permission. */
async function isTrue(check) {
  try {
    return (await check()) === true;
  } catch {
    return false;
  }
}

function attempt(call) {
  try {
    return call();
  } catch (thrown) {
    throw asError(thrown);
  }
}
