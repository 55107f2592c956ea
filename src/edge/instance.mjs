// Handles traps of the wasm. A trap is a fatal error: a panic, a stack overflow, or the end of the
// memory.
//
// A trap leaves the memory of the wasm's instance half-changed, and the promises of this instance
// never settle. So nothing may run on this instance any more. Every call goes through two guards:
// - `Instance` is between wasm-bindgen's JavaScript module and the wasm itself. It notices every
//   trap. (Most traps occur in a microtask, where no entry point could catch them.) It then rejects
//   the pending promises, and lets no later call reach the dead instance.
// - `entriesOf` wraps every function that entry.mjs calls. After a trap it makes a new instance,
//   before the arguments of the call are copied into the memory of the wasm. If they were copied
//   earlier, the new instance would get pointers into the memory of the old instance.
//
// scripts/project/worker-module.mjs inserts both guards.

/**
 * What the guards know about an instance.
 *
 * @typedef {object} State
 * @property {boolean} isDead Whether the instance has trapped.
 * @property {number} depth How many calls of the instance's functions are on the stack.
 * @property {Set<(reason: Error) => void>} rejections For each promise that the instance has not
 *   settled, the function that rejects it.
 *
 * @typedef {(...values: unknown[]) => unknown} Run
 */

/**
 * The result of a call on a dead instance. It must be an object, because wasm-bindgen's module
 * reads members of the result of a closure to see whether it is an error.
 */
const NOTHING = Object.freeze(/** @type {unknown[]} */ ([]));

/** @type {State} The newest instance. */
let current;

class Instance {
  /**
   * @param {WebAssembly.Module} module
   * @param {Record<string, Record<string, unknown>>} imports
   */
  constructor(module, imports) {
    /** @type {State} */
    const state = { isDead: false, depth: 0, rejections: new Set() };
    const guardedImports = mapMembers(imports, (members) =>
      mapFunctions(members, guardImport(state)),
    );
    const { exports } = new WebAssembly.Instance(
      module,
      /** @type {WebAssembly.Imports} */ (guardedImports),
    );
    this.exports = mapFunctions(exports, (run) => guard(state, run));
    current = state;
  }
}

/** wasm-bindgen's module uses this object in place of the global `WebAssembly`. */
export const GuardedWebAssembly = { Instance };

/**
 * @template V, W
 * @param {Record<string, V>} object
 * @param {(value: V) => W} change
 */
const mapMembers = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

/**
 * @param {Record<string, unknown>} object
 * @param {(run: Run) => Run} change
 */
const mapFunctions = (object, change) =>
  mapMembers(object, (value) =>
    typeof value === "function" ? change(/** @type {Run} */ (value)) : value,
  );

/**
 * @param {State} state
 * @param {Run} run
 * @returns {Run}
 */
function guard(state, run) {
  return (...values) => {
    if (state.isDead) return refuse(state);
    state.depth += 1;
    try {
      return run(...values);
    } catch (error) {
      // Whatever was thrown has stopped a Rust function in the middle. So the data that the
      // function was changing might be half-changed.
      state.isDead = true;
      throw error;
    } finally {
      state.depth -= 1;
      // The promises are rejected only after the outermost call has ended. Right after a stack
      // overflow, the stack has no room for the calls of `reject`.
      if (state.isDead && state.depth === 0) rejectAll(state);
    }
  };
}

/**
 * Answers a call on a dead instance. After a trap, JavaScript might still call or free a closure of
 * that instance. Such a call is ignored. But if a function of the dead instance is still on the
 * stack, `refuse` throws an error: if it returned, that function would continue to run.
 *
 * @param {State} state
 */
function refuse(state) {
  if (state.depth > 0) throw new InstanceDied();
  return NOTHING;
}

/**
 * Wraps a JavaScript function that the wasm calls. Such a function can call the wasm again. If that
 * inner call traps, the JavaScript function might catch the error, as `new Promise(closure)` does,
 * and return normally. In this case the outer wasm function must not continue, so this wrapper
 * throws.
 *
 * @type {(state: State) => (run: Run) => Run}
 */
const guardImport =
  (state) =>
  (run) =>
  (...values) => {
    const answer = run(...values);
    if (state.isDead) throw new InstanceDied();
    return answer;
  };

/** @param {State} state */
function rejectAll({ rejections }) {
  const lost = [...rejections];
  rejections.clear();
  for (const reject of lost) reject(new InstanceDied());
}

/**
 * Wraps a function of wasm-bindgen's module as an entry point. An entry point makes a new instance
 * if the current instance has trapped. If the function returns a promise, the promise rejects as
 * soon as its instance traps. `makeInstance` is a function of wasm-bindgen's module.
 *
 * @type {(makeInstance: () => void) => (call: Run) => Run}
 */
export const entriesOf =
  (makeInstance) =>
  (call) =>
  (...values) => {
    // An entry point is never called from inside the wasm, so `depth` should be 0 here. If it is
    // not, an earlier call did not end: the runtime stopped it, for example because it had used up
    // its CPU time. In this case the instance is treated as dead.
    if (current.isDead || current.depth > 0) replace(current, makeInstance);
    return whileItLives(call(...values));
  };

/**
 * @param {State} state
 * @param {() => void} makeInstance
 */
function replace(state, makeInstance) {
  Object.assign(state, { isDead: true, depth: 0 });
  rejectAll(state);
  makeInstance();
}

/** @param {unknown} outcome */
function whileItLives(outcome) {
  if (!(outcome instanceof Promise)) return outcome;
  const { rejections } = current;
  return new Promise((resolve, reject) => {
    rejections.add(reject);
    outcome.then(
      (value) => {
        rejections.delete(reject);
        resolve(value);
      },
      (error) => {
        rejections.delete(reject);
        reject(error);
      },
    );
  });
}

/**
 * A call failed because its instance of the wasm is dead. Either the instance trapped, or the
 * runtime stopped another call on it. If the trap was a panic, the log says why, in the line that
 * has the word `Critical`.
 */
export class InstanceDied extends Error {
  name = "InstanceDied";
  message = "the instance of the wasm is gone";
}
