// Builds the Worker in the form in which wrangler would upload it, and stores it in a folder. The
// end-to-end tests then start this Worker without building or bundling it again.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Advice } from "./advice.mjs";
import { hashOf } from "./hash.mjs";
import { withLock } from "./lock.mjs";
import { inRoot, root } from "./root.mjs";
import { run } from "./run.mjs";
import { clearStamp, setStamp, stampIs } from "./stamp.mjs";
import { node, toolEnv, wrangler } from "./tools.mjs";

const FOLDER = ".wrangler/e2e-worker";
/** The folder of the built Worker. */
export const PREBUILT = inRoot(FOLDER);
const STAMP = `${FOLDER}.stamp`;
const CONFIG = `${FOLDER}/wrangler.json`;
const FOR_MINIFLARE = `${FOLDER}/miniflare.json`;
const UP = "../..";

/**
 * Builds the Worker, if anything has changed since the last build. Returns the path of a wrangler
 * configuration with which this Worker can be run.
 */
export async function prebuiltWorker() {
  // If a run of `npm test` has built the Worker before, it sets EDGEGATE_BUILT. Otherwise, for
  // example if a person runs a single test file by hand, it is possible that the sources have
  // changed since the last build.
  if (!process.env.EDGEGATE_BUILT)
    await mustRun(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() });
  await withLock("e2e-worker", async () => {
    const inputs = [
      "build/worker.stamp",
      "wrangler.toml",
      "migrations",
      "package-lock.json",
      "scripts/project/prebuilt-worker.mjs",
    ];
    // The file for Miniflare has absolute paths, so it is wrong in a copy of the project.
    const wanted = hashOf(inputs, [root]);
    if (stampIs(STAMP, wanted)) return;
    clearStamp(STAMP);
    rmSync(inRoot(FOLDER), { recursive: true, force: true });
    mkdirSync(inRoot(FOLDER), { recursive: true });
    await mustRun(...wrangler("deploy", "--dry-run", "--outdir", FOLDER));
    await writeConfig();
    await writeForMiniflare();
    setStamp(STAMP, wanted);
  });
  return inRoot(CONFIG);
}

/**
 * What a program needs to start this Worker with Miniflare alone. It is stored in a file, because
 * importing wrangler takes more than a second.
 *
 * @typedef {object} ForMiniflare
 * @property {Record<string, any>} workerOptions the options for Miniflare that wrangler makes from
 *   the configuration
 * @property {string[][]} migrations the SQL statements of each migration, in their order
 */

/**
 * Builds the Worker like `prebuiltWorker`. Returns what Miniflare needs to run it.
 *
 * @returns {Promise<ForMiniflare>}
 */
export async function prebuiltForMiniflare() {
  await prebuiltWorker();
  return JSON.parse(readFileSync(inRoot(FOR_MINIFLARE), "utf8"));
}

// wrangler looks for .dev.vars beside its configuration and would mix a developer's settings into
// the tests. So this function writes a copy of wrangler.toml into another folder. The copy's `main`
// is the bundle, and its paths are relative to that folder.
async function writeConfig() {
  const { unstable_readConfig } = await import("wrangler");
  const config = unstable_readConfig({ config: inRoot("wrangler.toml") }, { hideWarnings: true });
  for (const name of [
    "configPath",
    "userConfigPath",
    "topLevelName",
    "definedEnvironments",
    "build",
    "dev",
    "unsafe",
  ])
    delete config[name];
  Object.assign(config, {
    main: "index.js",
    base_dir: ".",
    no_bundle: true,
    find_additional_modules: true,
  });
  config.assets.directory = join(UP, config.assets.directory);
  for (const database of config.d1_databases)
    database.migrations_dir = join(UP, database.migrations_dir ?? "migrations");
  writeFileSync(inRoot(CONFIG), JSON.stringify(config, null, 2));
}

async function writeForMiniflare() {
  const { unstable_getMiniflareWorkerOptions, unstable_splitSqlQuery } = await import("wrangler");
  const { workerOptions } = unstable_getMiniflareWorkerOptions(inRoot(CONFIG));
  const migrations = readdirSync(inRoot("migrations"))
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => unstable_splitSqlQuery(readFileSync(inRoot("migrations", name), "utf8")));
  writeFileSync(inRoot(FOR_MINIFLARE), JSON.stringify({ workerOptions, migrations }, null, 2));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import("./run.mjs").RunOptions} options
 */
async function mustRun(command, args, options) {
  const { code, stdout, stderr } = await run(command, args, { ...options, capture: true });
  if (code !== 0)
    throw new Advice(`the Worker for the e2e tests can't be made:\n${stdout}${stderr}`);
}
