// Judges a configuration with the Worker's own code, in Node: scripts/project/worker-module.mjs
// bundles this as check.js beside the Worker.
import { check_configuration } from "edgegate-wasm";

/**
 * The faults of an environment of the Worker. Strings in it are variables, objects are bindings.
 * `flags` are the names of the Worker's compatibility flags, which the platform has in a global.
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
