// An error for the person at the terminal: one sentence on what to do, printed without a stack.

export class Advice extends Error {}

/**
 * Runs a script's main function. An `Advice` becomes one line and exit code 1; any other error
 * keeps its stack.
 *
 * @param {() => Promise<number | void>} body
 */
export async function main(body) {
  try {
    process.exitCode = Number((await body()) ?? 0);
  } catch (error) {
    console.error(error instanceof Advice ? `\nedgegate: ${error.message}` : error);
    process.exitCode = 1;
  }
}
