// What `npm test` fails on beside failing tests: evidence that did not run, and counts that are low or missing.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { faultsOf } from "../../scripts/project/counts.mjs";
import { inRoot, root } from "../../scripts/project/root.mjs";
import { node } from "../../scripts/project/tools.mjs";
import { evidenceIn, notRun } from "./evidence.mjs";

process.chdir(root);

const PAGE = `
| 1 | asked | met | \`tests/service/guessing.rs\` a_b, c_d<br>\`tests/e2e/x.test.mjs\` one, two: \${mode} |
| 2 | asked | met | \`tests/conformance/users/cases/counters.rs\` moves_by_one |
| 3 | asked | met | \`crates/token/src/algorithm.rs\` e_f<br>\`tests/vectors/agreement/tokens.json\` none-* |
`;
const RUST = [
  { root: "tests/service/main.rs", name: "guessing::a_b" },
  { root: "tests/service/main.rs", name: "guessing::inner::c_d" },
  { root: "src/lib.rs", name: "domain::token::algorithm::tests::e_f" },
];
const passed = (file, name) => ({ file, name, outcome: "passed" });
const JAVASCRIPT = [
  passed("tests/e2e/x.test.mjs", "one, two: kv"),
  passed("tests/e2e/x.test.mjs", "one, two: durable"),
  passed("tests/e2e/conformance.test.mjs", "moves by one"),
  { file: "tests/e2e/conformance.test.mjs", name: "moves by one", outcome: "skipped" },
];
const evidence = evidenceIn("tests/README.md", PAGE);
const faults = (rust, javascript) => notRun(evidence, { rust, javascript });

test("evidence that ran is evidence", () => {
  assert.deepEqual(
    evidence.map(({ title }) => title),
    ["a_b", "c_d", "one, two: ${mode}", "moves_by_one", "e_f", "none-*"],
  );
  assert.deepEqual(faults(RUST, JAVASCRIPT), []);
  assert.deepEqual(
    faults(RUST, null),
    [],
    "without a report of JavaScript's tests only Rust's are compared",
  );
});

test("evidence that did not run is none: ignored, in another file, skipped, failed, or for one mode only", () => {
  for (const left of [0, 1, 2]) assert.equal(faults(RUST.toSpliced(left, 1), JAVASCRIPT).length, 1);
  const moved = { root: "tests/service/main.rs", name: "register::a_b" };
  assert.match(
    faults([moved, ...RUST.slice(1)], JAVASCRIPT).join(),
    /a_b: cargo runs no such test/,
  );
  for (const outcome of ["skipped", "failed"]) {
    const other = JAVASCRIPT.with(1, { ...JAVASCRIPT[1], outcome });
    assert.match(
      faults(RUST, other).join(),
      /one, two: \$\{mode\}: no such test has run and passed/,
      outcome,
    );
  }
  assert.equal(faults(RUST, JAVASCRIPT.slice(2)).length, 1);
  assert.equal(
    faults(RUST, JAVASCRIPT.toSpliced(2, 1)).length,
    1,
    "every adapter left the case out",
  );
  assert.throws(
    () => evidenceIn("tests/README.md", "| 1 | a | met | `x.rs` a<br>b |"),
    /names no file/,
  );
});

test("the reporter tells a test that passed from one that was skipped, is still to do, or failed", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-report-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "x.test.mjs");
  writeFileSync(
    program,
    `import { test } from "node:test"; import assert from "node:assert";
    test("good", () => {}); test("left out", { skip: true }, () => {}); test("left out within", (t) => t.skip());
    test("to do", { todo: true }, () => {}); test("bad", () => assert.fail()); // test("a comment", () => {});`,
  );
  // Or node would take it for a part of this run.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  let report = "";
  try {
    execFileSync(
      node(),
      ["--test", `--test-reporter=${inRoot("tests/evidence/reporter.mjs")}`, program],
      { env },
    );
    assert.fail("a test failed");
  } catch (error) {
    report = error.stdout.toString();
  }
  const outcomes = report
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .map(({ name, outcome }) => [name, outcome]);
  assert.deepEqual(outcomes, [
    ["good", "passed"],
    ["left out", "skipped"],
    ["left out within", "skipped"],
    ["to do", "skipped"],
    ["bad", "failed"],
  ]);
});

test("a count that is below its minimum, missing, or without a minimum is a fault", () => {
  const minima = { guesses: 1000, pairs: 5 };
  const good = [
    ["guesses", "1,000 guesses, 3 hashed"],
    ["pairs", "6 pairs"],
  ];
  assert.deepEqual(faultsOf("e2e", good, minima), []);
  assert.match(
    faultsOf("e2e", [["guesses", "999 guesses"], good[1]], minima).join(),
    /"guesses" is 999 and must not be below 1000/,
  );
  assert.match(
    faultsOf("e2e", good.slice(1), minima).join(),
    /"guesses" of the step e2e is missing/,
  );
  assert.deepEqual(
    faultsOf("e2e", good.slice(1), minima, { isWhole: false }),
    [],
    "of some files no count is missed",
  );
  assert.match(
    faultsOf("e2e", [...good, ["other", "7 others"]], minima).join(),
    /add "other": 7 under "e2e"/,
  );
  assert.match(faultsOf("e2e", [["pairs", "none"], good[0]], minima).join(), /has no number/);
});

test("every minimum is a whole number above zero, under a step that there is", () => {
  const steps = readFileSync(inRoot("scripts/test.mjs"), "utf8");
  for (const [step, minima] of Object.entries(
    JSON.parse(readFileSync(inRoot("tests/counts.json"), "utf8")),
  )) {
    assert.ok(steps.includes(`\n  ${step}: `) || steps.includes(`\n  "${step}": `), step);
    for (const [slug, least] of Object.entries(minima))
      assert.ok(Number.isInteger(least) && least > 0, slug);
  }
});
