// What happens to calls when the wasm traps: after a panic, a stack overflow, or when memory runs
// out.
//
// A trap leaves the wasm's memory half-changed, and the promises of that instance never settle. So
// nothing may run on that instance any more. Every call goes through two guards:
// - `Instance` is between wasm-bindgen's module and the wasm itself. It notices a trap wherever it
//   occurs (mostly in a microtask, where no entry point could catch it), rejects the pending
//   promises, and lets no later call reach the dead instance.
// - `entriesOf` wraps every function that entry.mjs calls. It makes a new instance before the first
//   argument is copied into the memory of the wasm. Otherwise the new instance would get a pointer
//   into the memory of the old one.
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
 * The result of a call on a dead instance. wasm-bindgen's module looks for an error in the result
 * of a closure, so the result must be an object.
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

/** wasm-bindgen's module uses this as its `WebAssembly`. */
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
      // Any exception has skipped the rest of some Rust function, so its data may be half-changed.
      state.isDead = true;
      throw error;
    } finally {
      state.depth -= 1;
      // Only when the stack is empty: right after a stack overflow there is no room for more calls.
      if (state.isDead && state.depth === 0) rejectAll(state);
    }
  };
}

/**
 * After a trap, JavaScript may still call or free a closure of the dead instance. Such a call is
 * ignored. But if a function of the dead instance is still on the stack, `refuse` throws: if it
 * returned, that function would continue.
 *
 * @param {State} state
 */
function refuse(state) {
  if (state.depth > 0) throw new InstanceDied();
  return NOTHING;
}

/**
 * The wasm calls JavaScript, which may call the wasm again and swallow its trap, as
 * `new Promise(closure)` does. After such a trap the outer function of the wasm must not continue.
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
 * if the last one has trapped. If it returns a promise, that promise rejects as soon as its
 * instance traps. `makeInstance` is a function of wasm-bindgen's module.
 *
 * @type {(makeInstance: () => void) => (call: Run) => Run}
 */
export const entriesOf =
  (makeInstance) =>
  (call) =>
  (...values) => {
    // The wasm never calls an entry point. So if a call is still recorded as running, the runtime
    // has cut it off, as it does at the limit of CPU time.
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
 * A call failed because the wasm trapped while the call was waiting. The cause is in the log, in
 * the line `Critical`.
 */
export class InstanceDied extends Error {
  name = "InstanceDied";
  message = "the instance of the wasm is gone";
}
