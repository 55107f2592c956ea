// One step of `npm test` or `npm run check`: its result, and how it runs commands.
import { run } from "../project/run.mjs";

/**
 * @typedef {object} Outcome
 * @property {number} code 0 when it passed
 * @property {import("./failures.mjs").Failure[]} [failures] the tests that failed
 * @property {string} [output] the end of what it printed
 * @property {boolean} [leftOut] the step was left out, or only a part of it was done
 */

const MOST_OUTPUT = 4000;

/**
 * Runs a command, shows its output and keeps the end of it, for the list of failures at the end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import("../project/run.mjs").RunOptions & { quiet?: boolean }} [options]
 *   `quiet` hides the output
 * @returns {Promise<Outcome>}
 */
export async function runStep(command, args, { quiet = false, env = {}, ...options } = {}) {
  // Programs leave colours out when their output is read by another program.
  const color =
    !quiet && process.stdout.isTTY ? { CARGO_TERM_COLOR: "always", FORCE_COLOR: "1" } : {};
  const { code, stdout, stderr } = await run(command, args, {
    ...options,
    capture: true,
    echo: !quiet,
    env: { ...color, ...env },
  });
  return { code, output: (stdout + stderr).slice(-MOST_OUTPUT) };
}

/**
 * Runs steps one after the other. All of them run, even if the first one fails.
 *
 * @param {(() => Promise<Outcome>)[]} steps
 * @returns {Promise<Outcome>}
 */
export async function all(...steps) {
  /** @type {Outcome[]} */
  const outcomes = [];
  for (const step of steps) outcomes.push(await step());
  return {
    code: Math.max(...outcomes.map(({ code }) => code)),
    failures: outcomes.flatMap(({ failures = [] }) => failures),
    output: outcomes
      .filter(({ code }) => code !== 0)
      .map(({ output = "" }) => output)
      .join("\n"),
  };
}

/** @param {number} begun */
export const seconds = (begun) => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
