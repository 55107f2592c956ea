// `npm run check`: what one wants to know after an edit, in under a minute. Formatting, lints, types and the unit tests; the
// slow ones (scripts/testing/slow-tests.mjs) and all that need a Worker or a browser are for `npm test`.
import { Advice, main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { inRoot } from "./project/root.mjs";
import { setUp } from "./setup/index.mjs";
import { failureLines } from "./testing/failures.mjs";
import { rustTests } from "./testing/rust-tests.mjs";
import { seconds } from "./testing/step.mjs";
import * as steps from "./testing/steps.mjs";

const quiet = { quiet: true };
// Cargo runs one command at a time in a target folder, so that its steps form one lane. What node does runs beside them.
const LANES = [
  {
    "format (cargo fmt)": () => steps.rustFormat(quiet),
    "lints (clippy)": () => steps.clippy(quiet),
    "tests (cargo)": () => rustTests({ quick: true, quiet: true }),
    "lints (clippy for wasm32)": () => steps.clippyForWasm(quiet),
  },
  {
    "format, lints and types (JavaScript)": () => steps.javascript(quiet),
    "tests (node)": () =>
      steps.nodeTests(steps.UNIT_TESTS, { report: inRoot("target/check-report.jsonl"), ...quiet }),
  },
];

await main(async () => {
  parsed({ options: {} }, "use it as `npm run check`, without arguments");
  const begun = performance.now();
  await setUp();
  /** @type {{ name: string, outcome: import("./testing/step.mjs").Outcome }[]} */
  const failed = [];
  await Promise.all(
    LANES.map(async (lane) => {
      for (const [name, step] of Object.entries(lane)) {
        const begun = performance.now();
        const outcome = await step().catch(failedOn);
        console.log(`${outcome.code === 0 ? "✔" : "✖"} ${name}, ${seconds(begun)}`);
        if (outcome.code !== 0) failed.push({ name, outcome });
      }
    }),
  );
  for (const { name, outcome } of failed) {
    const { failures = [], output = "" } = outcome;
    console.log(`\n━━ ${name}`);
    console.log((failures.length > 0 ? failureLines(failures) : [output.trim()]).join("\n"));
  }
  const verdict =
    failed.length === 0 ? "All passed" : `FAILED: ${failed.map(({ name }) => name).join(", ")}`;
  console.log(`\n${verdict}, ${seconds(begun)} in all`);
  return failed.length === 0 ? 0 : 1;
});

/** @param {unknown} error */
function failedOn(error) {
  if (!(error instanceof Advice)) throw error;
  return { code: 1, output: error.message };
}
