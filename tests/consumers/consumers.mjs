// All consumers, and a function that runs one of them.
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
 * @property {string} group the folder in `installs` that pins its tools
 * @property {string | null} tool the installed package whose version the table shows
 * @property {string} how how it imports the package
 * @property {"module" | "commonjs"} [type] of its package.json
 * @property {boolean} [isWhole] it takes the folder with node_modules for its root
 * @property {boolean} [isWide] it runs in `npm run test:wide` only
 * @property {(project: Awaited<ReturnType<typeof makeProject>>) => Promise<Record<string, unknown>>} run
 *   builds and runs it, and returns the outcome in each place
 */

/** @type {Consumer[]} */
export const CONSUMERS = [...bundlers, ...frameworks, .../** @type {Consumer[]} */ (runtimes)];

/**
 * Runs a consumer. Fails unless the outcome is right in each of its places.
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
