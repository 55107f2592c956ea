// `npm run bench:size`: compares the sizes of the Worker and of the npm package with the sizes that
// are recorded in bench/size.json. With `--record`, it records the current sizes instead. Build the
// Worker and the package before you run it. `npm test` makes the same comparison.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { main } from "../scripts/project/advice.mjs";
import { parsed } from "../scripts/project/arguments.mjs";
import { kilobytes, packageSizes } from "../scripts/project/package-size.mjs";
import { inRoot } from "../scripts/project/root.mjs";
import { workerSize } from "../scripts/project/worker-size.mjs";

const RECORD = "bench/size.json";
// The largest sizes in bytes that are allowed. edgegate promises a short cold start
// (docs/decisions/0006), and a larger Worker starts more slowly.
/** @type {Record<string, number>} */
const LIMITS = { worker: 680 * 1024, packageWasm: 64 * 1024 };
/**
 * The comparison also fails if a size is more than this many times the recorded size. If it does,
 * check that the cold start is still short enough, and then record the new size.
 */
const ALARM = 1.05;

/**
 * The gzipped sizes in bytes, keyed by name. package-size.mjs measures those of the npm package.
 */
async function measure() {
  const { wasm, js, client, redirect } = await packageSizes();
  return {
    worker: workerSize().bytes,
    packageWasm: wasm,
    packageScripts: js,
    packageClient: client,
    packageRedirect: redirect,
  };
}

/** Prints all sizes. Returns a list with a sentence for each size that is too large. */
export async function checkSizes() {
  const record = JSON.parse(readFileSync(inRoot(RECORD), "utf8"));
  const faults = [];
  for (const [name, bytes] of Object.entries(await measure())) {
    const limit = LIMITS[name];
    console.log(
      `${name.padEnd(16)} ${kilobytes(bytes)} gzipped, recorded ${kilobytes(record[name])}${limit ? `, at most ${kilobytes(limit)}` : ""}`,
    );
    if (limit && bytes > limit) faults.push(`${name} is over its limit of ${kilobytes(limit)}`);
    if (!(bytes <= record[name] * ALARM))
      faults.push(
        `${name} is more than 5 % over its record: measure the cold start with \`npm run bench -- --only cold-start\`, then record the size with \`npm run bench:size -- --record\``,
      );
  }
  return faults;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(async () => {
    const { values } = parsed(
      { options: { record: { type: "boolean", default: false } } },
      "use it as `npm run bench:size`, or with `-- --record` to write bench/size.json",
    );
    if (values.record)
      writeFileSync(inRoot(RECORD), `${JSON.stringify(await measure(), null, 2)}\n`);
    const faults = await checkSizes();
    for (const fault of faults) console.log(fault);
    return faults.length === 0 ? 0 : 1;
  });
