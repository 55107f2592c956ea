// Builds the Worker into build/. wrangler calls this ([build] in wrangler.toml), and so does `npm run build`.
import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { main, Advice } from "./project/advice.mjs";
import { hashOf } from "./project/hash.mjs";
import { withLock } from "./project/lock.mjs";
import { inRoot } from "./project/root.mjs";
import { output, run } from "./project/run.mjs";
import { clearStamp, setStamp, stampIs } from "./project/stamp.mjs";
import { builderEnv, lockedCrate, toolEnv, wasmOpt, workerBuild } from "./project/tools.mjs";
import { workerSize } from "./project/worker-size.mjs";
import { setUp } from "./setup/index.mjs";

const STAMP = "build/worker.stamp";
const INPUTS = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "src", "package-lock.json", "scripts/build-worker.mjs"];
const OUTPUTS = ["build/worker/shim.mjs", "build/index.js", "build/index_bg.wasm"];
// Classes of the crate `worker` that nothing here makes, and that wasm-bindgen exports all the same.
const UNUSED = ["containerstartupoptions", "minifyconfig", "r2range"];

await main(async () => {
  await setUp();
  publishContract();
  await withLock("build", build, () => console.log("▸ Worker: waiting for another build"));
});

async function build() {
  const inputs = hashOf(INPUTS, [await output("rustc", ["-vV"]), lockedCrate("wasm-bindgen"), lockedCrate("worker"), process.env.RUSTFLAGS ?? ""]);
  if (stampIs(STAMP, inputs) && OUTPUTS.every((path) => existsSync(inRoot(path)))) {
    console.log(`▸ Worker: unchanged, ${workerSize().text}`);
    return;
  }
  console.log("▸ Worker: building");
  const begun = performance.now();
  clearStamp(STAMP);
  const built = await run(workerBuild, ["--release", "--features", "edge"], { env: builderEnv() });
  if (built.code !== 0) throw new Advice("the Worker does not build, see above.");
  await strip(inRoot("build/index_bg.wasm"));
  setStamp(STAMP, inputs);
  console.log(`▸ Worker: built in ${((performance.now() - begun) / 1000).toFixed(0)} s, ${workerSize().text}`);
}

// worker-build keeps the wasm's names section, a tenth of the download; `strip` in Cargo.toml upsets wasm-bindgen. What it
// optimised for speed is optimised for size after that, 1 KB gzipped; without the unused exports another 2 KB less.
async function strip(wasm) {
  const unexport = UNUSED.map((name) => `--remove-exports=__wbg_*${name}_*`);
  const options = ["--all-features", ...unexport, "-Os", "--strip-debug"];
  const { code } = await run(wasmOpt, [...options, wasm, "-o", `${wasm}.stripped`], { env: toolEnv() });
  if (code !== 0) throw new Advice("wasm-opt can't strip the Worker's wasm, see above.");
  renameSync(`${wasm}.stripped`, wasm);
}

// The contract at the root is served as a static asset. The folder must be there even before the first page is.
function publishContract() {
  mkdirSync(inRoot("www"), { recursive: true });
  if (existsSync(inRoot("openapi.yaml"))) copyFileSync(inRoot("openapi.yaml"), inRoot("www/openapi.yaml"));
}
