// Checks a configuration in Node, with the Worker's own code. scripts/project/worker-module.mjs
// bundles this file as check.js and puts it beside the Worker.
import { check_configuration } from "edgegate-wasm";

/**
 * The faults of a configuration. `env` is what the Worker would get as its environment: strings are
 * variables, and objects are bindings. `flags` are the names of the Worker's compatibility flags.
 * On Cloudflare, the Worker reads the flags from the global object `Cloudflare`, so this function
 * sets that object before the check.
 *
 * @param {object} env
 * @param {string[]} [flags]
 * @returns {{ setting: string, misspelt?: string, problem: string, remedy: string }[]}
 */
export const faultsOf = (env, flags = []) => {
  const compatibilityFlags = Object.fromEntries(flags.map((flag) => [flag, true]));
  Object.assign(globalThis, { Cloudflare: { compatibilityFlags } });
  try {
    return JSON.parse(check_configuration(env));
  } finally {
    Reflect.deleteProperty(globalThis, "Cloudflare");
  }
};
