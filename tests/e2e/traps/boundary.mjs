// Replaces WebAssembly.Instance to watch every call into the wasm, and to make calls trap when a
// test requests it. A trap is an error such as a panic, after which the instance must not be used
// again. The Worker has its own protection against traps, src/edge/instance.mjs. That module
// creates its instances through this replacement.
//
// Import this module before the built Worker, because the Worker creates its first instance when
// its module is loaded.
import unreachable from "./unreachable.wasm";

/**
 * The counts so far. `crossings` counts the calls into the wasm. `onDead` counts the calls into an
 * instance that had already trapped. `foreign` counts the calls of a closure in an instance that
 * did not create the closure. `foreign` is counted only in a build whose functions have names.
 */
export const seen = { crossings: 0, traps: 0, instances: 0, onDead: 0, foreign: 0 };

/** @type {{ skip: number, times: number, kind: string } | null} */
let armed = null;

/**
 * After the next `skip` calls into the wasm, makes `times` calls trap. `kind` is "panic" or
 * "overflow" (of the stack).
 */
export function arm({ skip = 0, times = 1, kind = "panic" }) {
  armed = { skip, times, kind };
}

export function disarm() {
  armed = null;
}

const RealInstance = WebAssembly.Instance;
WebAssembly.Instance = class {
  constructor(module, imports) {
    const watched = { isDead: false, closures: new Set(), lent: [] };
    // `imports` are the JavaScript functions that the wasm calls. They are watched too.
    const watchedImports = Object.entries(imports).map(([from, functions]) => [
      from,
      mapFunctions(functions, (run) => watchImport(watched, run)),
    ]);
    const real = new RealInstance(module, Object.fromEntries(watchedImports)).exports;
    seen.instances += 1;
    this.exports = mapFunctions(real, (run, name) => watchExport(watched, real, run, name));
  }
};

const mapFunctions = (members, change) =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      typeof value === "function" ? change(value, name) : value,
    ]),
  );

// Records which closures belong to the instance. The wasm passes a closure to an imported function
// as two numbers. If the imported function returns a function, it is possible that the closure is
// called later too. Otherwise the imported function calls the closure only while it runs itself.
function watchImport({ closures, lent }, run) {
  return (...values) => {
    const pairs = values.slice(1).map((value, index) => `${values[index]} ${value}`);
    lent.push(pairs);
    try {
      const answer = run(...values);
      if (typeof answer === "function") for (const pair of pairs) closures.add(pair);
      return answer;
    } finally {
      lent.pop();
    }
  };
}

function watchExport(watched, real, run, name) {
  const isClosure = /closures_.*invoke|destroy_closure/.test(name);
  return (...values) => {
    if (watched.isDead) seen.onDead += 1;
    const pair = `${values[0]} ${values[1]}`;
    if (isClosure && !watched.closures.has(pair) && !watched.lent.flat().includes(pair))
      seen.foreign += 1;
    seen.crossings += 1;
    try {
      if (isDue()) trap(real);
      return run(...values);
    } catch (error) {
      watched.isDead = true;
      throw error;
    }
  };
}

function isDue() {
  if (!armed) return false;
  if (armed.skip > 0) {
    armed.skip -= 1;
    return false;
  }
  armed.times -= 1;
  return true;
}

// Causes a trap. Only the Worker with the conformance tests has functions that really panic or
// overflow the stack. For the deployed Worker, another wasm module causes the trap.
function trap(real) {
  const kind = armed?.kind;
  if (armed?.times === 0) armed = null;
  seen.traps += 1;
  const own = real[`conformance_${kind}`];
  if (own) return own();
  return /** @type {() => never} */ (new RealInstance(unreachable, {}).exports.trap)();
}
