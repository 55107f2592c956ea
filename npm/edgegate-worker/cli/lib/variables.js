// Reads options of the command line: variables in wrangler's form NAME:value, and ports.
import { Advice } from "./advice.js";

/**
 * Returns the name and the value of `NAME:value`. Throws if the text has another form, such as
 * NAME=value, which wrangler would ignore.
 *
 * @param {string} text
 * @returns {[string, string]}
 */
export function readVariable(text) {
  const [, name, value] = /^([A-Za-z_]\w*):([\s\S]*)$/.exec(text) ?? [];
  if (name !== undefined) return [name, value];
  // The error shows only the name, because the text after it might be a secret.
  const [shown] = /^\w*/.exec(text) ?? [""];
  throw new Advice(
    `--var ${shown}… is not NAME:value: write the name, a colon and the value, as in \`--var ${shown || "SESSION_STORE"}:<value>\`. Nothing was started.`,
  );
}

/**
 * Reads the number of a port. The error shows `example`, which is a correct way to give a port.
 *
 * @param {string | number} given
 * @param {string} example
 */
export function readPort(given, example) {
  const port = Number(given);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new Advice(`"${given}" is not a port: use a number from 1 to 65535, as in \`${example}\`.`);
}
