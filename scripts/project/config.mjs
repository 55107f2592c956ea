// wrangler.toml for the scripts.
import { Advice } from "./advice.mjs";
import { inRoot } from "./root.mjs";
import { run } from "./run.mjs";
import { node, toolEnv } from "./tools.mjs";

/**
 * The settings of an environment (the top-level ones when none is named).
 *
 * @param {string} [environment]
 */
export async function readConfig(environment) {
  const args = [inRoot("scripts/project/print-config.mjs"), ...(environment ? [environment] : [])];
  const { code, stdout, stderr } = await run(node(), args, { env: toolEnv(), capture: true });
  if (/ERR_MODULE_NOT_FOUND/.test(stderr))
    throw new Advice("wrangler is not installed here: run `npm ci` first.");
  if (code !== 0) throw new Advice(`wrangler.toml can't be read: ${stderr.trim()}`);
  return JSON.parse(stdout);
}
