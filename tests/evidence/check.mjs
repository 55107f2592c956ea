// The step `evidence` of `npm test`. tests/README.md, tests/findings.md and SECURITY.md make
// statements, and name tests as evidence for them. This step checks each of these tests: cargo must
// list it, or `node --test` must have reported that it passed.
//
//   node tests/evidence/check.mjs <report>
//
// Without a report it checks only the Rust tests.
import { existsSync, readFileSync } from "node:fs";
import { Advice, main } from "../../scripts/project/advice.mjs";
import { inRoot, root } from "../../scripts/project/root.mjs";
import { output } from "../../scripts/project/run.mjs";
import { testPrograms } from "../../scripts/testing/rust-tests.mjs";
import { count } from "../count.mjs";
import { evidenceIn, notRun } from "./evidence.mjs";

await main(async () => {
  const [report] = process.argv.slice(2);
  const evidence = ["tests/README.md", "tests/findings.md", "SECURITY.md"].flatMap((page) =>
    evidenceIn(page, readFileSync(inRoot(page), "utf8")),
  );
  const rust = await rustTests();
  const javascript =
    report && existsSync(report)
      ? readFileSync(report, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
      : null;
  if (report && !javascript) throw new Advice(`no report of tests is in ${report}.`);
  const faults = notRun(evidence, { rust, javascript });
  for (const fault of faults) console.log(fault);
  const line = `${evidence.length} tests named as evidence compared with ${rust.length} tests of cargo${javascript ? ` and ${javascript.length} of node` : ""}`;
  console.log(`${line}: ${faults.length === 0 ? "all ran" : `${faults.length} DID NOT RUN`}`);
  if (faults.length > 0) return 1;
  // If the JavaScript tests did not run, the count would be below the minimum. So don't record it
  // then.
  if (javascript) count("evidence", `${line}: all ran`);
  return 0;
});

/**
 * Returns every test that `cargo test` runs, except the ignored tests. Each test has the root file
 * of its crate, and its name with its modules.
 */
async function rustTests() {
  process.chdir(root);
  const tests = [];
  for (const { executable, source } of await testPrograms()) {
    const list = async (...more) =>
      names(await output(executable, ["--list", "--format", "terse", ...more]), executable);
    const ignored = new Set(await list("--ignored"));
    for (const name of await list()) if (!ignored.has(name)) tests.push({ root: source, name });
  }
  // Stop if the list is empty. Otherwise every test would be reported as missing.
  if (tests.length === 0) throw new Advice("cargo lists no test.");
  return tests;
}

function names(list, executable) {
  if (list === null) throw new Advice(`${executable} could not list its tests.`);
  return list
    .split("\n")
    .filter((line) => line.endsWith(": test"))
    .map((line) => line.slice(0, -": test".length));
}
