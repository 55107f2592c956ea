// Errors for the person at the terminal: what to do, printed without a stack.
import { Advice } from "../../npm/edgegate-worker/cli/lib/advice.js";

export { Advice };

/** Thrown when a script is asked for `--help`. */
export class Help extends Error {}

/**
 * Runs a script's main function. An `Advice` becomes a message and exit code 1; any other error
 * keeps its stack.
 *
 * @param {() => Promise<number | void>} body
 */
export async function main(body) {
  try {
    process.exitCode = Number((await body()) ?? 0);
  } catch (error) {
    if (error instanceof Help) return console.log(error.message);
    console.error(error instanceof Advice ? `\nedgegate: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/**
 * Ends the script with its usage when `--help` or `-h` is among its arguments.
 *
 * @param {string} usage
 * @param {string[]} [args]
 */
export function helpIfAsked(usage, args = process.argv.slice(2)) {
  if (args.includes("--help") || args.includes("-h")) throw new Help(usage);
}
