// The paths of the programs that the scripts run, and the environment variables for them.
import { existsSync, readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { Advice } from "./advice.mjs";
import { inRoot } from "./root.mjs";

const BIN = inRoot("node_modules/.bin");

/**
 * Settings for wrangler. Without them, wrangler starts more slowly, uses the network and writes
 * outside the project, although nobody asked for that. The user's environment variables override
 * these values.
 */
const WRANGLER_ENV = {
  WRANGLER_SEND_METRICS: "false",
  // With its banner, wrangler also looks for a newer version of itself, which takes up to three
  // seconds.
  WRANGLER_HIDE_BANNER: "true",
  // Otherwise every run writes a debug log into the home folder, and nothing ever deletes these
  // logs.
  WRANGLER_WRITE_LOGS: "false",
  // Otherwise wrangler downloads the contents of `request.cf` at every start.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // Otherwise Node compiles wrangler again at every start, which takes a sixth of its start time.
  NODE_COMPILE_CACHE: inRoot("node_modules/.cache/node"),
};

/** The environment for programs that can run wrangler or a tool of node_modules. */
export const toolEnv = () => ({
  ...WRANGLER_ENV,
  ...process.env,
  PATH: `${BIN}${delimiter}${process.env.PATH}`,
});

/**
 * The path of a Node that is new enough for wrangler. This is the Node in node_modules, if it is
 * installed, otherwise the Node that runs this script.
 */
export function node() {
  if (existsSync(`${BIN}/node`)) return `${BIN}/node`;
  if (Number(process.versions.node.split(".")[0]) >= 22) return process.execPath;
  throw new Advice(
    "wrangler needs Node 22 or newer and npm did not run the install script that brings it: run `npm ci --ignore-scripts=false`.",
  );
}

/**
 * wrangler's command line, for run(...wrangler("dev", …)).
 *
 * @param {string[]} args
 * @returns {[string, string[], { env: NodeJS.ProcessEnv }]}
 */
export const wrangler = (...args) => [
  node(),
  [inRoot("node_modules/wrangler/bin/wrangler.js"), ...args],
  { env: toolEnv() },
];

/** The tools that turn the wasm from cargo into a Worker. */
export const wasmBindgen = inRoot(".tools/bin/wasm-bindgen");
export const wasmOpt = `${BIN}/wasm-opt`;
export const esbuild = `${BIN}/esbuild`;

/**
 * The version of a crate in Cargo.lock.
 *
 * @param {string} name
 */
export function lockedCrate(name) {
  const found = readFileSync(inRoot("Cargo.lock"), "utf8").match(
    new RegExp(`^name = "${name}"\\nversion = "([^"]+)"`, "m"),
  );
  if (!found) throw new Advice(`Cargo.lock holds no ${name}: run \`cargo generate-lockfile\`.`);
  return found[1];
}
