// Watches every call into the wasm, below the Worker's own guard. It makes one of them trap when a
// test asks for that. Import it before the built Worker, which makes its first instance when it is
// loaded.
import unreachable from "./unreachable.wasm";

/**
 * The counts so far. `onDead`: calls that reached an instance after it had trapped. `foreign`:
 * closures that were called in another instance than the one that made them (counted only in a
 * build whose functions have names).
 */
export const seen = { crossings: 0, traps: 0, instances: 0, onDead: 0, foreign: 0 };

/** @type {{ skip: number, times: number, kind: string } | null} */
let armed = null;

/**
 * Lets `skip` calls pass, then makes `times` calls trap. `kind` is "panic" or "overflow".
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
    // These imports are wasm-bindgen's own functions, and those of snippets that need no glue.
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

// A closure is two numbers. An import that returns a function makes a closure. Other imports only
// borrow a closure while they run.
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

// The Worker that is deployed has no function that panics on request. There the trap comes from
// another module.
function trap(real) {
  const kind = armed?.kind;
  if (armed?.times === 0) armed = null;
  seen.traps += 1;
  const own = real[`conformance_${kind}`];
  if (own) return own();
  return /** @type {() => never} */ (new RealInstance(unreachable, {}).exports.trap)();
}
