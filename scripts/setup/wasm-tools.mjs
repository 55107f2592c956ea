// wasm-bindgen and worker-build, compiled into .tools/: no registry ships them as binaries.
import { existsSync, rmSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { inRoot } from "../project/root.mjs";
import { run } from "../project/run.mjs";
import { clearStamp, setStamp, stampIs } from "../project/stamp.mjs";
import { lockedCrate } from "../project/tools.mjs";

export const title = "wasm-bindgen and worker-build (compiled once, about two minutes)";

// The crate in the Worker and the tool that works on it must be of one version; worker-build is released with `worker`.
const tools = () => [
  { crate: "wasm-bindgen-cli", bin: "wasm-bindgen", version: lockedCrate("wasm-bindgen") },
  { crate: "worker-build", bin: "worker-build", version: lockedCrate("worker") },
];
const stampOf = ({ bin }) => `.tools/${bin}.version`;
const isInstalled = (tool) => existsSync(inRoot(".tools/bin", tool.bin)) && stampIs(stampOf(tool), tool.version);

export const isCurrent = () => tools().every(isInstalled);

export async function install() {
  const target = inRoot(".tools/target");
  for (const tool of tools().filter((tool) => !isInstalled(tool))) {
    clearStamp(stampOf(tool));
    // Without --locked: the locked install of wasm-bindgen-cli fails. As a debug build without debug info it takes a
    // third of the time and works on our small wasm just as fast. The shared target folder spares the second tool
    // their common crates; it is given to this command alone, so that no other build ends up in it.
    const { code } = await run(
      "cargo",
      ["install", "--debug", "--force", "--root", inRoot(".tools"), "--bin", tool.bin, "--version", `=${tool.version}`, tool.crate],
      { env: { CARGO_TARGET_DIR: target, CARGO_PROFILE_DEV_DEBUG: "0" } },
    );
    if (code !== 0) {
      throw new Advice(`installing ${tool.crate} ${tool.version} failed, see above: it needs crates.io and a C linker; try again when they are there.`);
    }
    setStamp(stampOf(tool), tool.version);
  }
  rmSync(target, { recursive: true, force: true });
}
