// Judges a configuration with the Worker's own code, in Node: scripts/project/worker-module.mjs
// bundles this as check.js beside the Worker.
import { check_configuration } from "edgegate-wasm";

/**
 * What is wrong with an environment of the Worker: strings are variables, objects are bindings.
 *
 * @param {object} env
 * @returns {{ setting: string, misspelt?: string, problem: string, remedy: string }[]}
 */
export const faultsOf = (env) => JSON.parse(check_configuration(env));
