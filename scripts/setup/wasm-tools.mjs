// Compiles the tool wasm-bindgen into .tools/, because no package registry has a compiled version
// of it.
import { existsSync, rmSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { inRoot } from "../project/root.mjs";
import { run } from "../project/run.mjs";
import { clearStamp, setStamp, stampIs } from "../project/stamp.mjs";
import { lockedCrate } from "../project/tools.mjs";

export const title = "wasm-bindgen (compiled once, about a minute)";

const STAMP = ".tools/wasm-bindgen.version";
// The crate wasm-bindgen, which the Worker uses, and the tool, which processes the Worker's wasm,
// must have the same version.
const version = () => lockedCrate("wasm-bindgen");

export const isCurrent = () =>
  existsSync(inRoot(".tools/bin/wasm-bindgen")) && stampIs(STAMP, version());

export async function install() {
  const target = inRoot(".tools/target");
  clearStamp(STAMP);
  // The option --locked is not used, because the installation fails with it. A debug build without
  // debug info takes only a third of the time to compile, and is fast enough for this small wasm.
  // CARGO_TARGET_DIR is set only for this command, so that no other build uses that folder.
  const { code } = await run(
    "cargo",
    [
      "install",
      "--debug",
      "--force",
      "--root",
      inRoot(".tools"),
      "--bin",
      "wasm-bindgen",
      "--version",
      `=${version()}`,
      "wasm-bindgen-cli",
    ],
    { env: { CARGO_TARGET_DIR: target, CARGO_PROFILE_DEV_DEBUG: "0" } },
  );
  if (code !== 0) {
    throw new Advice(
      `installing wasm-bindgen-cli ${version()} failed, see above: it needs crates.io and a C linker; try again when they are there.`,
    );
  }
  setStamp(STAMP, version());
  rmSync(target, { recursive: true, force: true });
}
