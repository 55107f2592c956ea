// Builds the Worker in tests/conformance-worker, which contains the conformance tests of the
// service's adapters.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOf } from "./hash.mjs";
import { withLock } from "./lock.mjs";
import { inRoot } from "./root.mjs";
import { output } from "./run.mjs";
import { clearStamp, setStamp, stampIs } from "./stamp.mjs";
import { lockedCrate } from "./tools.mjs";
import { MADE_BY, SOURCES, workerModule } from "./worker-module.mjs";

const FOLDER = ".wrangler/conformance-worker";
const STAMP = `${FOLDER}.stamp`;
const INPUTS = [
  ...SOURCES,
  ...MADE_BY,
  "tests/both_ways",
  "tests/conformance",
  "tests/conformance-worker",
  "tests/vectors/agreement",
  "tests/vectors/wycheproof",
  "wrangler.toml",
  "scripts/project/conformance-worker.mjs",
];

/**
 * Builds the conformance Worker, if anything has changed since the last build. Returns the path of
 * a wrangler configuration with which this Worker can be run.
 */
export async function conformanceWorker() {
  await withLock("conformance-worker", async () => {
    const wanted = hashOf(INPUTS, [
      await output("rustc", ["-vV"]),
      lockedCrate("wasm-bindgen"),
      lockedCrate("worker"),
    ]);
    if (stampIs(STAMP, wanted)) return;
    clearStamp(STAMP);
    rmSync(inRoot(FOLDER), { recursive: true, force: true });
    mkdirSync(inRoot(FOLDER), { recursive: true });
    await workerModule({
      folder: `${FOLDER}/build`,
      name: "edgegate-conformance-worker",
      entry: "tests/conformance-worker/entry.mjs",
    });
    await writeConfig();
    setStamp(STAMP, wanted);
  });
  return inRoot(FOLDER, "wrangler.json");
}

// Writes a copy of wrangler.toml into the folder of this build. The copy has the same bindings,
// except for the static assets, and its path to the migrations is relative to that folder.
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
    "assets",
  ])
    delete config[name];
  for (const database of config.d1_databases)
    database.migrations_dir = join("../..", database.migrations_dir ?? "migrations");
  writeFileSync(
    inRoot(FOLDER, "wrangler.json"),
    JSON.stringify({ ...config, main: "build/index.js" }, null, 2),
  );
}
