// Guards the wasm against the effects of a trap. The wasm traps when Rust panics, or when memory
// runs out.
//
// A trap leaves the memory of a wasm instance half-changed, so no other call may run on this
// instance. The call that trapped fails with the error `internal`. The next call gets a new
// instance of the same module. Each instance has its own copy of wasm-bindgen's code, and therefore
// its own views of its memory and its own finalizers. So no instance can reach the memory of
// another instance.
//
// The service's Worker has its own guard, src/edge/instance.mjs, because there the wasm also
// creates promises, and a trap can occur in such a promise.
/** @import { Glue } from "./wasm/edgegate.js" */
import { asError, bug } from "./refusal.js";
import { isModule } from "./source.js";
import { decoderClass, encoderClass } from "./text.js";
import { glueFor } from "./wasm/edgegate.js";

/**
 * The state of one instance of the wasm.
 *
 * @typedef {object} State
 * @property {boolean} isDead The instance has trapped.
 * @property {boolean} isRunning A call is running on the instance.
 */

/**
 * The functions that one instance of the wasm exports. `verifiers` has the verifiers that were made
 * in this instance. The key of each verifier is the JavaScript object that owns the verifier (a
 * `Keys` of verifier.js).
 *
 * @typedef {Glue & {verifiers: WeakMap<object, ReturnType<Glue["Verifier"]["make"]>>}} Instance
 */

/** A compiled module and its newest instance. */
export class Wasm {
  #module;
  #makeGlue;
  #instance;

  /**
   * Throws if no instance of the module can be made.
   *
   * @param {WebAssembly.Module} module
   * @param {typeof glueFor} [makeGlue] Tests replace it.
   */
  constructor(module, makeGlue = glueFor) {
    this.#module = module;
    this.#makeGlue = makeGlue;
    this.#instance = makeInstance(module, makeGlue);
  }

  /**
   * Returns the result of `call(instance)`. Throws only EdgegateErrors. `call` must not call `run`
   * itself, and must not store any object of the instance outside of the instance.
   *
   * @template T
   * @param {(instance: Instance) => T} call
   * @returns {T}
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
      // An error that the wasm throws on purpose has a code of its own. Any other error gets the
      // code `internal`. Such an error has stopped a Rust function halfway, so the instance is not
      // used any more.
      if (instance && error.code === "internal") instance.isDead = true;
      throw instance?.isDead ? bug(thrown) : error;
    } finally {
      if (instance) instance.isRunning = false;
    }
  }

  #usable() {
    // If an earlier call is still marked as running, there are two possible reasons. Either the
    // runtime has stopped the earlier call: Workers stop a call when it reaches the limit of CPU
    // time. Or `run` was called during the earlier call. The package never does this itself. But if
    // somebody has replaced a function of the platform, such as `setTimeout`, the new function runs
    // during a call, and it can use the package.
    if (this.#instance.isRunning) this.#instance.isDead = true;
    if (this.#instance.isDead) this.#instance = makeInstance(this.#module, this.#makeGlue);
    return this.#instance;
  }
}

/**
 * @param {WebAssembly.Module} module
 * @param {typeof glueFor} makeGlue
 * @returns {Instance & State}
 */
function makeInstance(module, makeGlue) {
  const state = { isDead: false, isRunning: false, verifiers: new WeakMap() };
  class GuardedInstance {
    /**
     * @param {WebAssembly.Module} module
     * @param {WebAssembly.Imports} imports
     */
    constructor(module, imports) {
      const guarded = mapMembers(imports, (functions) =>
        mapMembers(functions, (value) => guardImport(state, value)),
      );
      const { exports } = new WebAssembly.Instance(module, guarded);
      this.exports = mapMembers(exports, (value, name) => guardExport(state, value, name));
    }
  }
  // wasm-bindgen's code uses this object instead of the global `WebAssembly`.
  const webAssembly = { Instance: GuardedInstance, Module: AnyModule };
  const glue = makeGlue(webAssembly, decoderClass(), encoderClass());
  glue.initSync({ module });
  return Object.assign(state, glue);
}

/**
 * @template V, W
 * @param {Record<string, V>} object
 * @param {(value: V, name: string) => W} change
 */
const mapMembers = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));

/**
 * @param {State} state
 * @param {WebAssembly.ExportValue} value
 * @param {string} name
 * @returns {WebAssembly.ExportValue}
 */
function guardExport(state, value, name) {
  if (typeof value !== "function") return value;
  const isFree = name.startsWith("__wbg_") && name.endsWith("_free");
  return (/** @type {unknown[]} */ ...values) => {
    // Finalizers call the exports that free memory (`isFree`). These exports must not throw,
    // because nobody can catch the error of a finalizer, and Node would end the process.
    if (state.isDead && isFree) return undefined;
    if (state.isDead) throw new InstanceDied();
    try {
      // When some of the imported functions throw, wasm-bindgen's code catches the error and stores
      // it by calling the export `__wbindgen_exn_store`. Rust would ignore the stored error and
      // continue, and the claims that it returns would lack members. So a call of this export
      // throws instead.
      if (name === "__wbindgen_exn_store") throw new Error("a function that the wasm called threw");
      return value(...values);
    } catch (error) {
      state.isDead = true;
      if (isFree) return undefined;
      throw error;
    }
  };
}

/**
 * Wraps a function that the wasm imports. The wrapper throws if the instance has died during the
 * call. Otherwise the wasm function that called the import would continue to run in the dead
 * instance.
 *
 * @param {State} state
 * @param {WebAssembly.ImportValue} value
 * @returns {WebAssembly.ImportValue}
 */
function guardImport(state, value) {
  if (typeof value !== "function") return value;
  return (/** @type {unknown[]} */ ...values) => {
    const answer = value(...values);
    if (state.isDead) throw new InstanceDied();
    return answer;
  };
}

/**
 * Replaces `WebAssembly.Module` in wasm-bindgen's code. This code checks `value instanceof
 * WebAssembly.Module`, and compiles the value if the check is false. With the global class, the
 * check would be false for a compiled module of another realm, such as an iframe's. With this
 * object, it is true.
 */
const AnyModule = { [Symbol.hasInstance]: isModule };

class InstanceDied extends Error {
  name = "InstanceDied";
  message = "the instance of the wasm has trapped";
}
