// Prepares a machine to build and run the Worker. A step is done only if its result is missing or
// out of date.
import { withLock } from "../project/lock.mjs";
import * as nodeModules from "./node-modules.mjs";
import * as rust from "./rust.mjs";
import * as wasmTarget from "./wasm-target.mjs";
import * as wasmTools from "./wasm-tools.mjs";

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {() => boolean | Promise<boolean>} isCurrent
 * @property {() => Promise<void>} install
 */

/**
 * What all checks and tests need.
 *
 * @type {Step[]}
 */
export const BASIC = [rust, wasmTarget, nodeModules];

/** @type {Step[]} */
const STEPS = [...BASIC, wasmTools];

/**
 * Does the steps that are not current. If all are current, this is quick and prints nothing.
 *
 * @param {Step[]} [steps]
 */
export async function setUp(steps = STEPS) {
  const current = await Promise.all(steps.map((step) => step.isCurrent()));
  if (current.every(Boolean)) return;
  await withLock(
    "setup",
    async () => {
      for (const step of steps) {
        // Check again: another process might have done the step while this process waited for the
        // lock.
        if (await step.isCurrent()) continue;
        console.log(`\n▸ Set-up: ${step.title}`);
        const begun = performance.now();
        await step.install();
        console.log(`  done in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
      }
    },
    () => console.log("▸ Set-up: waiting for another process that is at it"),
  );
}
