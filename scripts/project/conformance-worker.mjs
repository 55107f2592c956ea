// The Worker with the conformance suite of its session stores in it (feature `conformance`): for tests, never deployed.
// A debug build: a release one of other features would lie where the Worker's own is looked for.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { Advice } from "./advice.mjs";
import { hashOf } from "./hash.mjs";
import { withLock } from "./lock.mjs";
import { inRoot } from "./root.mjs";
import { output, run } from "./run.mjs";
import { clearStamp, setStamp, stampIs } from "./stamp.mjs";
import { builderEnv, lockedCrate, workerBuild } from "./tools.mjs";

const FOLDER = ".wrangler/conformance-worker";
const STAMP = `${FOLDER}.stamp`;
const INPUTS = ["Cargo.toml", "Cargo.lock", "src", "tests/conformance", "package-lock.json", "wrangler.toml", "scripts/project/conformance-worker.mjs"];

/** Builds it if anything changed and answers the path of a wrangler configuration that boots it. */
export async function conformanceWorker() {
  await withLock("conformance-worker", async () => {
    const wanted = hashOf(INPUTS, [await output("rustc", ["-vV"]), lockedCrate("wasm-bindgen"), lockedCrate("worker")]);
    if (stampIs(STAMP, wanted)) return;
    clearStamp(STAMP);
    rmSync(inRoot(FOLDER), { recursive: true, force: true });
    mkdirSync(inRoot(FOLDER), { recursive: true });
    const { code } = await run(workerBuild, ["--dev", "--out-dir", `${FOLDER}/build`, "--features", "conformance"], { env: builderEnv() });
    if (code !== 0) throw new Advice("the Worker with the conformance suite does not build, see above.");
    await writeConfig();
    setStamp(STAMP, wanted);
  });
  return inRoot(FOLDER, "wrangler.json");
}

// wrangler.toml, with its bindings, beside the other build.
async function writeConfig() {
  const { unstable_readConfig } = await import("wrangler");
  const config = unstable_readConfig({ config: inRoot("wrangler.toml") }, { hideWarnings: true });
  for (const name of ["configPath", "userConfigPath", "topLevelName", "definedEnvironments", "build", "dev", "assets"]) delete config[name];
  writeFileSync(inRoot(FOLDER, "wrangler.json"), JSON.stringify({ ...config, main: "build/worker/shim.mjs" }, null, 2));
}
