// Variables of the command line, as wrangler writes them: NAME:value.
import { Advice } from "./advice.js";

/**
 * The name and the value of `NAME:value`. wrangler ignores a variable that is written in another way,
 * such as NAME=value.
 *
 * @param {string} text
 * @returns {[string, string]}
 */
export function readVariable(text) {
  const [, name, value] = /^([A-Za-z_]\w*):([\s\S]*)$/.exec(text) ?? [];
  if (name !== undefined) return [name, value];
  // The text after the name may be a secret.
  const [shown] = /^\w*/.exec(text) ?? [""];
  throw new Advice(
    `--var ${shown}… is not NAME:value: write the name, a colon and the value, as in \`--var ${shown || "SESSION_STORE"}:<value>\`. Nothing was started.`,
  );
}

/**
 * The number of a port. `example`, for the error, shows how to give a port.
 *
 * @param {string | number} given
 * @param {string} example
 */
export function readPort(given, example) {
  const port = Number(given);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new Advice(`"${given}" is not a port: use a number from 1 to 65535, as in \`${example}\`.`);
}
