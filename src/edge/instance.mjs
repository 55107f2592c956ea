// What happens to calls when the wasm traps: by a panic, by a stack overflow, when memory runs out.
//
// A trap leaves the wasm's memory half changed and its promises unsettled, so nothing may run on
// that instance any more. Every call crosses two guards, both here:
// - `Instance` stands between wasm-bindgen's module and the wasm itself. It notices a trap wherever
//   it comes out (mostly in a microtask, where no entry point could catch it), rejects what was
//   waiting, and lets no later call reach the dead instance.
// - `entriesOf` wraps every function that entry.mjs calls. It makes a new instance before the first
//   argument is copied into the wasm's memory. Otherwise a pointer into the old memory would be
//   read in the new one.
//
// scripts/project/worker-module.mjs puts both guards in place.

// The result of a call on a dead instance. wasm-bindgen's module looks for an error in the result
// of a closure, so it has to be an object.
const NOTHING = Object.freeze([]);

// The newest instance: whether it has trapped, how many of its calls are on the stack, and how to
// reject each promise that it owes.
let current;

class Instance {
  constructor(module, imports) {
    const state = { isDead: false, depth: 0, rejections: new Set() };
    const guardedImports = mapMembers(imports, (members) =>
      mapFunctions(members, guardImport(state)),
    );
    const { exports } = new WebAssembly.Instance(module, guardedImports);
    this.exports = mapFunctions(exports, (run) => guard(state, run));
    current = state;
  }
}

/** What wasm-bindgen's module finds under the name `WebAssembly`. */
export const GuardedWebAssembly = { Instance };

const mapMembers = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

const mapFunctions = (object, change) =>
  mapMembers(object, (value) => (typeof value === "function" ? change(value) : value));

function guard(state, run) {
  return (...values) => {
    if (state.isDead) return refuse(state);
    state.depth += 1;
    try {
      return run(...values);
    } catch (error) {
      // Any exception has skipped the rest of some Rust function, so its data may be half changed.
      state.isDead = true;
      throw error;
    } finally {
      state.depth -= 1;
      // Not before the stack is empty: after a stack overflow there is no room for this.
      if (state.isDead && state.depth === 0) rejectAll(state);
    }
  };
}

// After a trap, JavaScript may still call a closure or free one: this is ignored. But when a
// function of the dead instance is still on the stack, returning would let it continue, so this
// throws.
function refuse(state) {
  if (state.depth > 0) throw new InstanceDied();
  return NOTHING;
}

// JavaScript that the wasm called may have swallowed a trap, as `new Promise(closure)` does. Then
// the function of the wasm that called it must not continue.
const guardImport =
  (state) =>
  (run) =>
  (...values) => {
    const answer = run(...values);
    if (state.isDead) throw new InstanceDied();
    return answer;
  };

function rejectAll({ rejections }) {
  const lost = [...rejections];
  rejections.clear();
  for (const reject of lost) reject(new InstanceDied());
}

/**
 * Wraps a function of wasm-bindgen's module as an entry point; `makeInstance` is that module's own
 * function. An entry point makes a new instance when the last one has trapped. A promise that it
 * returns is rejected as soon as its instance traps.
 */
export const entriesOf =
  (makeInstance) =>
  (call) =>
  (...values) => {
    // The wasm never calls an entry point. So if a call still counts as running, the runtime has
    // cut it off, as it does at the limit of CPU time.
    if (current.isDead || current.depth > 0) replace(current, makeInstance);
    return whileItLives(call(...values));
  };

function replace(state, makeInstance) {
  Object.assign(state, { isDead: true, depth: 0 });
  rejectAll(state);
  makeInstance();
}

function whileItLives(outcome) {
  if (!(outcome instanceof Promise)) return outcome;
  const { rejections } = current;
  return new Promise((resolve, reject) => {
    rejections.add(reject);
    outcome.then(resolve, reject).finally(() => rejections.delete(reject));
  });
}

/**
 * Why a call failed: the wasm trapped while it was waiting. The cause is in the log, on the line
 * `Critical`.
 */
export class InstanceDied extends Error {
  name = "InstanceDied";
  message = "the instance of the wasm is gone";
}
