// The list of all consumers (bundlers, frameworks and runtimes that use the package), and a
// function that runs a consumer.
import assert from "node:assert/strict";
import { bundlers } from "./bundlers.mjs";
import { frameworks } from "./frameworks.mjs";
import { EXPECTED } from "./given.mjs";
import { makeProject, versionIn } from "./project.mjs";
import { runtimes } from "./runtimes.mjs";

/**
 * A consumer, which is a row of the table in npm/edgegate/README.md.
 *
 * @typedef {object} Consumer
 * @property {string} name
 * @property {string} title
 * @property {string} group the folder in `installs` that pins the versions of the consumer's tools
 * @property {string | null} tool the installed package whose version the table shows
 * @property {string} how the way in which the consumer imports the package
 * @property {"module" | "commonjs"} [type] of its package.json
 * @property {boolean} [isWhole] whether the root of its project must be the folder that contains
 *   node_modules
 * @property {boolean} [isWide] whether the consumer runs only in `npm run test:wide`
 * @property {(project: Awaited<ReturnType<typeof makeProject>>) => Promise<Record<string, unknown>>} run
 *   builds and runs the project, and returns an outcome for each place in which it ran, such as "a
 *   page"
 */

/** @type {Consumer[]} */
export const CONSUMERS = [...bundlers, ...frameworks, .../** @type {Consumer[]} */ (runtimes)];

/**
 * Runs a consumer. Throws an error unless the outcome is right in each place in which the consumer
 * ran.
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
