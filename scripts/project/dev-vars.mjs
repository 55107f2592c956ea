// Reads and completes the .dev.vars of this repository.
import { existsSync } from "node:fs";
import { parseEnv } from "node:util";
import * as devVars from "../../npm/edgegate-worker/cli/lib/dev-vars.js";
import { inRoot } from "./root.mjs";

const PATH = ".dev.vars";

/**
 * Adds the secrets of local development and `DEV=1`, if they are missing in the file. Never changes
 * values that the file already has.
 */
export function completeDevVars(path = PATH) {
  const made = devVars.completeDevVars(inRoot(path));
  if (made.length > 0) console.log(`▸ Secrets: made ${made.join(", ")} in ${path}`);
}

/**
 * The value of a variable in .dev.vars; `undefined` if the file does not have it.
 *
 * @param {string} name
 */
export const devVar = (name) => parseEnv(devVars.textOf(inRoot(PATH)))[name];

/**
 * The path of the file from which wrangler reads the local variables of an environment. This is
 * `.dev.vars.<environment>` if that file exists, otherwise .dev.vars.
 *
 * @param {string | undefined} environment
 */
export function devVarsPath(environment) {
  const own = `${PATH}.${environment}`;
  return environment && existsSync(inRoot(own)) ? own : PATH;
}
