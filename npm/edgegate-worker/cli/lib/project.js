// The project in which the command runs: a folder with a configuration of wrangler.
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Advice } from "./advice.js";
import { readConfig } from "./config.js";
import { wranglerEnv } from "./wrangler.js";

const CONFIGURATIONS = ["wrangler.jsonc", "wrangler.json", "wrangler.toml"];

/**
 * The folder into which `edgegate prepare` copies pages and migrations. It also has the secrets and
 * the records of deploys. git ignores it.
 */
export const PREPARED = ".edgegate";

/**
 * The project of a folder. Throws when there is none.
 *
 * - `folder`, `path`: the absolute paths of the folder and of the configuration file. `name`: the
 *   name of that file.
 * - `inProject(…)`: a path in the folder.
 * - `config(environment)`: the configuration. Throws when there is no such environment.
 *
 * @param {string} [from]
 */
export function projectOf(from = process.cwd()) {
  const folder = resolve(from);
  const inProject = (/** @type {string[]} */ ...parts) => join(folder, ...parts);
  const path = CONFIGURATIONS.map((name) => inProject(name)).find(existsSync);
  if (path === undefined)
    throw new Advice(
      `${folder} has no ${CONFIGURATIONS[0]}: run this in the folder of your service. \`npm create edgegate@latest my-auth\` makes one.`,
    );
  return {
    folder,
    path,
    name: basename(path),
    inProject,
    /**
     * @param {string} [environment]
     * @param {{ envFiles?: string[], withOthers?: boolean }} [options]
     */
    config: (environment, options = {}) =>
      readConfig({ path, environment, ...options, cwd: folder, env: wranglerEnv() }),
  };
}

/** @typedef {ReturnType<typeof projectOf>} Project */
