// Reads wrangler.toml for the scripts.
import * as configuration from "../../npm/edgegate-worker/cli/lib/config.js";
import { root } from "./root.mjs";
import { node, toolEnv } from "./tools.mjs";

export { chosenEnvironment, environmentProblem } from "../../npm/edgegate-worker/cli/lib/config.js";

/** @typedef {configuration.Config} Config */

/**
 * Reads the configuration of an environment. If no environment is named, reads the configuration at
 * the top level of the file.
 *
 * @param {string} [environment]
 * @param {{ path?: string, envFiles?: string[] }} [options] `path`: another file instead of
 *   wrangler.toml. `envFiles`: the member `local` of the result contains the variables of these
 *   files, or of .dev.vars if the list is empty
 */
export const readConfig = (environment, { path = "wrangler.toml", envFiles } = {}) =>
  configuration.readConfig({
    path,
    environment,
    envFiles,
    node: node(),
    env: toolEnv(),
    cwd: root,
  });
