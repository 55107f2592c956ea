// Builds the Worker into build/; `npm run build` calls this.
import { copyFileSync, existsSync, mkdirSync, utimesSync } from "node:fs";
import { main } from "./project/advice.mjs";
import { hashOf } from "./project/hash.mjs";
import { withLock } from "./project/lock.mjs";
import { inRoot } from "./project/root.mjs";
import { output } from "./project/run.mjs";
import { clearStamp, setStamp, stampIs } from "./project/stamp.mjs";
import { lockedCrate } from "./project/tools.mjs";
import { MADE_BY, SOURCES, workerModule } from "./project/worker-module.mjs";
import { workerSize } from "./project/worker-size.mjs";
import { setUp } from "./setup/index.mjs";

const STAMP = "build/worker.stamp";
const OUTPUTS = ["build/index.js", "build/check.js", "build/index_bg.wasm"];

await main(async () => {
  await setUp();
  publishContract();
  await withLock("build", build, () => console.log("▸ Worker: waiting for another build"));
});

async function build() {
  const inputs = hashOf(
    [...SOURCES, ...MADE_BY],
    [await output("rustc", ["-vV"]), lockedCrate("wasm-bindgen"), lockedCrate("worker")],
  );
  if (stampIs(STAMP, inputs) && OUTPUTS.every((path) => existsSync(inRoot(path)))) {
    // A git checkout makes the sources newer than the build, even if their text is the same.
    // So check.js gets a new modification time. Otherwise `checkerIsCurrent` would think that the
    // build is old, and `npm start` would always build before it checks the settings.
    utimesSync(inRoot("build/check.js"), new Date(), new Date());
    console.log(`▸ Worker: unchanged, ${workerSize().text}`);
    return;
  }
  console.log("▸ Worker: building");
  const begun = performance.now();
  clearStamp(STAMP);
  await workerModule({ folder: "build", check: "src/edge/check.mjs", optimised: true });
  setStamp(STAMP, inputs);
  console.log(
    `▸ Worker: built in ${((performance.now() - begun) / 1000).toFixed(0)} s, ${workerSize().text}`,
  );
}

// Copies openapi.yaml, which describes the service's HTTP API, from the root to www/. The service
// serves the files of www/ as static assets. This function also creates www/, because wrangler
// needs that folder even if it contains no page yet.
function publishContract() {
  mkdirSync(inRoot("www"), { recursive: true });
  if (existsSync(inRoot("openapi.yaml")))
    copyFileSync(inRoot("openapi.yaml"), inRoot("www/openapi.yaml"));
}
