// All consumers (bundlers, frameworks and runtimes that use the package), and a function that runs
// one.
import assert from "node:assert/strict";
import { bundlers } from "./bundlers.mjs";
import { frameworks } from "./frameworks.mjs";
import { EXPECTED } from "./given.mjs";
import { makeProject, versionIn } from "./project.mjs";
import { runtimes } from "./runtimes.mjs";

/**
 * A row of the table in npm/edgegate/README.md.
 *
 * @typedef {object} Consumer
 * @property {string} name
 * @property {string} title
 * @property {string} group the folder in `installs` that pins the versions of its tools
 * @property {string | null} tool the installed package whose version the table shows
 * @property {string} how the way in which it imports the package
 * @property {"module" | "commonjs"} [type] of its package.json
 * @property {boolean} [isWhole] its root must be the folder that has node_modules
 * @property {boolean} [isWide] whether it runs only in `npm run test:wide`
 * @property {(project: Awaited<ReturnType<typeof makeProject>>) => Promise<Record<string, unknown>>} run
 *   builds and runs it, and returns the outcome for each place where it ran, such as "a page"
 */

/** @type {Consumer[]} */
export const CONSUMERS = [...bundlers, ...frameworks, .../** @type {Consumer[]} */ (runtimes)];

/**
 * Runs a consumer. Fails unless each place in which it ran has the right outcome.
 *
 * @param {Consumer} consumer
 */
export async function runConsumer({ name, group, tool, type, isWhole, run }) {
  const project = await makeProject(name, group, { type, isWhole });
  try {
    const places = await run(project);
    for (const [place, outcome] of Object.entries(places))
      assert.deepEqual(outcome, EXPECTED, place);
    return { places: Object.keys(places), version: tool ? versionIn(group, tool) : null };
  } finally {
    for (const work of project.cleanUp.reverse()) await work();
  }
}
