// Errors for the person at the terminal. Their messages say what to do, and are printed without a
// stack trace.
import { Advice } from "../../npm/edgegate-worker/cli/lib/advice.js";

export { Advice };

/** Thrown when a script is asked for `--help`. */
export class Help extends Error {}

/**
 * Runs a script's main function. An `Advice` becomes a message and exit code 1; any other error is
 * printed with its stack trace.
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
 * If `--help` or `-h` is among the script's arguments, throws an error with which `main` shows the
 * usage and ends the script.
 *
 * @param {string} usage
 * @param {string[]} [args]
 */
export function helpIfAsked(usage, args = process.argv.slice(2)) {
  if (args.includes("--help") || args.includes("-h")) throw new Help(usage);
}
