// Runs the commands of one step of `npm test` or `npm run check`, and describes the result of a
// step.
import { run } from "../project/run.mjs";

/**
 * @typedef {object} Outcome
 * @property {number} code 0 if the step passed
 * @property {import("./failures.mjs").Failure[]} [failures] the tests that failed
 * @property {string} [output] the end of what the step printed
 * @property {boolean} [leftOut] whether the step, or a part of it, was left out
 */

const MOST_OUTPUT = 4000;

/**
 * Runs a command and shows its output. The result contains the end of the output, which is printed
 * again in the list of failures.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import("../project/run.mjs").RunOptions & { quiet?: boolean }} [options]
 *   `quiet` hides the output
 * @returns {Promise<Outcome>}
 */
export async function runStep(command, args, { quiet = false, env = {}, ...options } = {}) {
  // Programs print no colours if their output goes to another program, so colours are switched on
  // here.
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
