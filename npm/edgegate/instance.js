// What happens when the wasm traps: by a panic, or when memory runs out.
//
// A trap leaves the wasm's memory half changed, so nothing may run on that instance any more. The
// call in which it happened fails with `internal`; the next one gets a new instance of the same
// module. Every instance has its own copy of wasm-bindgen's module, and with it its own views of the
// memory and its own finalizers: nothing of one can reach another.
//
// (The Worker has its own guard, src/edge/instance.mjs. There, traps come out of promises too.)
import { asError, bug } from "./refusal.js";
import { glueFor } from "./wasm/edgegate.js";

/** A compiled module and its newest instance. */
export class Wasm {
  #module;
  #makeGlue;
  #instance;

  /** Throws when the module can't be started. `makeGlue` is for tests. */
  constructor(module, makeGlue = glueFor) {
    this.#module = module;
    this.#makeGlue = makeGlue;
    this.#instance = makeInstance(module, makeGlue);
  }

  /**
   * Answers `call(instance)`; throws only EdgegateErrors. An instance has the functions that the wasm
   * exports, and `verifiers`, a WeakMap for what a caller keeps in it. A `call` must end before the
   * next one begins, and must keep nothing of the instance elsewhere.
   */
  run(call) {
    let instance;
    try {
      instance = this.#usable();
      instance.isRunning = true;
      const answer = call(instance);
      if (instance.isDead) throw new InstanceDied();
      return answer;
    } catch (thrown) {
      const error = asError(thrown);
      // The wasm refuses with a code. Anything else skipped the rest of some function of it.
      if (instance && error.code === "internal") instance.isDead = true;
      throw instance?.isDead ? bug(thrown) : error;
    } finally {
      if (instance) instance.isRunning = false;
    }
  }

  #usable() {
    // If a call still counts as running, the runtime has cut it off, as Workers do at the limit of
    // CPU time; or it called back in here, which nothing in the package does.
    if (this.#instance.isRunning) this.#instance.isDead = true;
    if (this.#instance.isDead) this.#instance = makeInstance(this.#module, this.#makeGlue);
    return this.#instance;
  }
}

function makeInstance(module, makeGlue) {
  const state = { isDead: false, isRunning: false, verifiers: new WeakMap() };
  class Instance {
    constructor(module, imports) {
      const watched = mapMembers(imports, (functions) =>
        mapMembers(functions, (run) => guardImport(state, run)),
      );
      const { exports } = new WebAssembly.Instance(module, watched);
      this.exports = mapMembers(exports, (value, name) => guardExport(state, value, name));
    }
  }
  // What wasm-bindgen's module finds under the name `WebAssembly`.
  const { initSync, ...functions } = makeGlue({ Instance, Module: WebAssembly.Module });
  initSync({ module });
  return Object.assign(state, functions);
}

const mapMembers = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));

function guardExport(state, run, name) {
  if (typeof run !== "function") return run;
  const isFree = name.startsWith("__wbg_") && name.endsWith("_free");
  return (...values) => {
    // Finalizers free too. They have nobody to throw to: Node would end the process.
    if (state.isDead && isFree) return undefined;
    if (state.isDead) throw new InstanceDied();
    try {
      // wasm-bindgen's module catches what some of its functions throw, and reports it here. Rust
      // may ignore the report and go on with a wrong value.
      if (name === "__wbindgen_exn_store") throw new Error("a function that the wasm called threw");
      return run(...values);
    } catch (error) {
      state.isDead = true;
      if (isFree) return undefined;
      throw error;
    }
  };
}

/** A function of the wasm that is still on the stack of a dead instance can't go on. */
const guardImport =
  (state, run) =>
  (...values) => {
    const answer = run(...values);
    if (state.isDead) throw new InstanceDied();
    return answer;
  };

class InstanceDied extends Error {
  name = "InstanceDied";
  message = "the instance of the wasm has trapped";
}
