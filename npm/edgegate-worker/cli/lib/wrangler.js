// Runs the wrangler that the project has installed.
import { createRequire } from "node:module";
import { delimiter, dirname, join, sep } from "node:path";
import { Advice } from "./advice.js";
import { firstOf } from "./passed-on.js";

/**
 * Prevents wrangler from sending requests that nobody asked for, and from writing files outside the
 * project. The user's environment variables override these values.
 */
const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  // With its banner, wrangler also looks for a newer version of itself, which takes up to three
  // seconds.
  WRANGLER_HIDE_BANNER: "true",
  // Otherwise every run writes a log into the home folder, and nothing ever deletes these logs.
  WRANGLER_WRITE_LOGS: "false",
  // Otherwise wrangler downloads the contents of `request.cf` at every start.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** @returns {NodeJS.ProcessEnv} */
export const wranglerEnv = () => ({ ...QUIET, ...process.env });

/**
 * wrangler's command line, for run(...wrangler(project, "dev", …)). It names the configuration
 * file. Otherwise wrangler would prefer a wrangler.json, even one in a parent folder, to the
 * wrangler.jsonc that this program has checked.
 *
 * @param {{ folder: string, path: string }} project
 * @param {string[]} args
 * @returns {[string, string[], import("./run.js").RunOptions]}
 */
export function wrangler({ folder, path }, ...args) {
  const bin = join(dirname(manifestOf(folder)), "bin/wrangler.js");
  const config = firstOf(args, ["--config", "-c"]) ? [] : [`--config=${path}`];
  return [process.execPath, [bin, ...args, ...config], { cwd: folder, env: withBins(folder) }];
}

/**
 * The environment with the programs of node_modules on the PATH, as npm sets it for a script.
 * wrangler runs `edgegate prepare` and must find it, even if npm has not started this command.
 *
 * @param {string} folder
 */
function withBins(folder) {
  const env = wranglerEnv();
  const name = Object.keys(env).find((each) => each.toUpperCase() === "PATH") ?? "PATH";
  const above = folder.split(sep).map((_, n, parts) => parts.slice(0, parts.length - n).join(sep));
  const bins = above.map((each) => join(each || sep, "node_modules", ".bin"));
  return { ...env, [name]: [...bins, ...(env[name] ? [env[name]] : [])].join(delimiter) };
}

/** @param {string} folder */
function manifestOf(folder) {
  try {
    return createRequire(join(folder, "package.json")).resolve("wrangler/package.json");
  } catch {
    throw new Advice("wrangler is not installed here: run `npm install` first.");
  }
}
