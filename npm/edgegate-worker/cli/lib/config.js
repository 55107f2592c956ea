// The configuration of a Worker, read by wrangler, and the environments in it.
import { fileURLToPath } from "node:url";
import { Advice } from "./advice.js";
import { run } from "./run.js";

const PRINT = fileURLToPath(new URL("print-config.js", import.meta.url));

/**
 * `local` contains the variables of local development. `others` contains the configurations of the
 * other environments, if the caller asked for them.
 *
 * @typedef {import("wrangler").Unstable_Config & { local: Record<string, string>,
 *   others: import("wrangler").Unstable_Config[] }} Config
 */

/**
 * Reads the configuration of an environment. If no environment is named, reads the configuration at
 * the top level of the file.
 *
 * @param {object} given
 * @param {string} given.path the file
 * @param {string} [given.environment]
 * @param {string[]} [given.envFiles] the result's `local` has the variables of these files, or of
 *   .dev.vars if the list is empty
 * @param {boolean} [given.withOthers] the result's `others` has the other environments
 * @param {string} [given.node] the program that runs wrangler
 * @param {NodeJS.ProcessEnv} [given.env]
 * @param {string} [given.cwd] the folder to which paths are relative
 * @returns {Promise<Config>}
 */
export async function readConfig({
  path,
  environment,
  envFiles,
  withOthers,
  node = process.execPath,
  env,
  cwd,
}) {
  const asked = JSON.stringify({ environment, path, envFiles, withOthers });
  const { code, stdout, stderr } = await run(node, [PRINT, asked], { env, cwd, capture: true });
  if (/ERR_MODULE_NOT_FOUND/.test(stderr))
    throw new Advice("wrangler is not installed here: run `npm ci` first.");
  if (code !== 0) throw new Advice(`${path} can't be read: ${stderr.trim()}`);
  const config = JSON.parse(stdout);
  const problem = environmentProblem(environment, config.definedEnvironments ?? [], path);
  if (problem) throw new Advice(problem);
  return config;
}

/**
 * The environment that a command is for: the value of the option --env if it is given, otherwise
 * the value of the environment variable CLOUDFLARE_ENV, which wrangler also reads.
 *
 * @param {string | undefined} option
 * @param {NodeJS.ProcessEnv} [env]
 */
export const chosenEnvironment = (option, env = process.env) => option ?? env.CLOUDFLARE_ENV;

/**
 * Returns a message if the configuration has no environment with this name, otherwise null.
 * wrangler would accept an unknown name and use the top-level settings, so a misspelt name would
 * lead to the production database.
 *
 * @param {string | undefined} name
 * @param {string[]} known
 * @param {string} [path]
 */
export function environmentProblem(name, known, path = "wrangler.toml") {
  if (!name || known.includes(name)) return null;
  const nearest = known.find((other) => distance(name, other) <= Math.max(2, name.length / 3));
  const meant = nearest ? ` Did you mean "${nearest}"?` : "";
  const block = path.endsWith(".toml") ? "a block [env.<name>]" : 'a member of "env"';
  const list =
    known.length > 0
      ? `It has: ${known.map((other) => `"${other}"`).join(", ")}.`
      : `It has none: add ${block} first.`;
  return `there is no environment "${name}" in ${path}.${meant} ${list} Nothing was changed.`;
}

/**
 * How many letters must be changed, added or removed to turn `from` into `to` (the Levenshtein
 * distance).
 *
 * @param {string} from
 * @param {string} to
 */
function distance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, n) => n);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++)
      next.push(Math.min(row[j + 1] + 1, next[j] + 1, row[j] + (letter === to[j] ? 0 : 1)));
    row = next;
  }
  return row[to.length];
}
