// Watches every call into the package's wasm and every call out of it, and makes calls trap. A trap
// is an error in the wasm after which the instance must not be used again. The package protects
// itself against traps, and the tests check this protection. For this, `watchWasm` replaces
// `WebAssembly.Instance`. This module imports nothing, so it can run in Node, in a page and in a
// Worker.

/** The wasm module `(module (func (export "trap") unreachable))`. */
export const UNREACHABLE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1, 3, 0, 0, 11],
);

/**
 * Replaces `WebAssembly.Instance` for the package. `unreachable` is the module UNREACHABLE.
 *
 * - `seen.instances`: how many instances were created.
 * - `seen.onDead`: how many calls entered an instance, or returned into it, after the instance had
 *   trapped.
 * - `seen.foreign`: how many verifiers were freed in an instance that did not create them.
 * - `seen.freed`: how many verifiers were freed.
 * - `seen.memory`: the memory of the newest instance. The memories of earlier instances are not
 *   stored, because they must be garbage-collected: Chromium has room for only about a hundred.
 * - `arm(skip, only)`: makes one call trap. This is the first call into or out of the wasm after
 *   `skip` other calls. If `only` is given, only calls of the function `only` are counted.
 * - `disarm()`: cancels the trap. Returns true if the trap has not happened yet.
 * - `restore()`: undoes the replacement.
 */
export function watchWasm(unreachable) {
  const memory = /** @type {WebAssembly.Memory | null} */ (null);
  const seen = { instances: 0, onDead: 0, foreign: 0, freed: 0, memory };
  const Real = WebAssembly.Instance;
  const { trap } = /** @type {{ trap: () => void }} */ (
    /** @type {unknown} */ (new Real(unreachable).exports)
  );
  /** @type {{ skip: number, only: string | null } | null} */
  let armed = null;
  const isDue = (name) => {
    if (!armed || (armed.only && armed.only !== name)) return false;
    armed.skip -= 1;
    if (armed.skip >= 0) return false;
    armed = null;
    return true;
  };

  WebAssembly.Instance = class {
    constructor(module, imports) {
      const state = { isDead: false, pointers: new Set() };
      const outwards = mapFunctions(imports["./edgegate_bg.js"], (run, name) => (...values) => {
        if (isDue(name)) {
          state.isDead = true;
          trap();
        }
        const answer = run(...values);
        if (state.isDead) seen.onDead += 1;
        return answer;
      });
      const real = new Real(module, { "./edgegate_bg.js": outwards }).exports;
      seen.instances += 1;
      seen.memory = /** @type {WebAssembly.Memory} */ (real.memory);
      this.exports = mapFunctions(real, (run, name) => (...values) => {
        if (state.isDead) seen.onDead += 1;
        if (name === "__wbg_verifier_free") {
          seen.freed += 1;
          if (!state.pointers.delete(values[0])) seen.foreign += 1;
        }
        try {
          if (isDue(name)) trap();
          const answer = run(...values);
          if (name === "verifier_make") state.pointers.add(answer[0]);
          return answer;
        } catch (error) {
          state.isDead = true;
          throw error;
        }
      });
    }
  };

  return {
    seen,
    arm: (skip = 0, only = /** @type {string | null} */ (null)) => (armed = { skip, only }),
    disarm() {
      const isArmed = armed !== null;
      armed = null;
      return isArmed;
    },
    restore: () => (WebAssembly.Instance = Real),
  };
}

const mapFunctions = (members, change) =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      typeof value === "function" ? change(value, name) : value,
    ]),
  );

/**
 * Calls each function in `calls` again and again. In each call, a different call into or out of the
 * wasm traps. After each trap, calls all these functions, which must work again. Returns the number
 * of traps for each function. `wrong` lists what went wrong.
 */
export async function trapEverywhere(edgegate, watched, { jwks, token, options, user }) {
  const { EdgegateError, Verifier, peek } = edgegate;
  const verifier = await Verifier.fromJwks(jwks, options);
  const idle = await Verifier.fromJwks(jwks, options);
  const calls = {
    verify: async () => (await verifier.verify(token)).sub,
    peek: async () => (await peek(token)).sub,
    isAuthorizedByRole: () => verifier.isAuthorizedByRole(token, ["x", "user"]),
    isAuthorizedByUserId: () => verifier.isAuthorizedByUserId(token, user),
    isAuthorizedByEmail: () => verifier.isAuthorizedByEmail(token, "ADA@example.com"),
    fromJwks: async () => (await (await Verifier.fromJwks(jwks, options)).verify(token)).sub,
    idle: async () => (await idle.verify(token)).sub,
  };
  const good = (answer) => answer === user || answer === true;
  const wrong = [];
  const traps = {};
  for (const [name, call] of Object.entries(calls)) {
    traps[name] = 0;
    for (let skip = 0; ; skip += 1) {
      watched.arm(skip);
      const answer = await call().catch((error) => error);
      if (watched.disarm()) break;
      traps[name] += 1;
      const isInternal = answer instanceof EdgegateError && answer.code === "internal";
      if (!isInternal && answer !== false) wrong.push(`${name}, ${skip}: ${answer}`);
      for (const [next, again] of Object.entries(calls)) {
        const after = await again().catch((error) => error);
        if (!good(after)) wrong.push(`${next} after ${name}, ${skip}: ${after}`);
      }
    }
  }
  const { instances, onDead, foreign } = watched.seen;
  return { traps, instances, onDead, foreign, wrong: wrong.slice(0, 10) };
}
