// Runs one part of `npm run check`: clippy, clippy-wasm, rust or node. The scripts in package.json
// call this module. It prints only the failures.
import { Advice, main } from "../project/advice.mjs";
import { inRoot } from "../project/root.mjs";
import { failureLines } from "./failures.mjs";
import { rustTests } from "./rust-tests.mjs";
import * as steps from "./steps.mjs";

const quiet = { quiet: true };
/** @type {Record<string, () => Promise<import("./step.mjs").Outcome>>} */
const PARTS = {
  clippy: () => steps.clippy(quiet),
  "clippy-wasm": () => steps.clippyForWasm(quiet),
  rust: () => rustTests({ quick: true, quiet: true }),
  node: () =>
    steps.nodeTests(steps.quickFiles(), { report: inRoot("target/check-report.jsonl"), ...quiet }),
};

await main(async () => {
  const part = PARTS[process.argv[2]];
  if (!part) throw new Advice(`choose from ${Object.keys(PARTS).join(", ")}.`);
  const { code, failures = [], output = "" } = await part();
  if (code !== 0) console.log(failures.length > 0 ? failureLines(failures).join("\n") : output);
  return code;
});
