// Tests how `npm test` lists the tests that failed. Also tests two other reasons why `npm test`
// fails: a document names a test as evidence, but this test did not run and pass; or a count of
// tried inputs is missing, has no minimum, or is below its minimum.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { faultsOf, readMinima, WIDE_MINIMA } from "../../scripts/project/counts.mjs";
import { inRoot, root } from "../../scripts/project/root.mjs";
import { node } from "../../scripts/project/tools.mjs";
import { failedIn, failedInRust, failureLines } from "../../scripts/testing/failures.mjs";
import { resultsWith } from "../../scripts/testing/record.mjs";
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
  { root: "crates/token/src/lib.rs", name: "algorithm::tests::e_f" },
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

test("a test named as evidence that ran is not reported", () => {
  assert.deepEqual(
    evidence.map(({ title }) => title),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as the documents write it
    ["a_b", "c_d", "one, two: ${mode}", "moves_by_one", "e_f", "none-*"],
  );
  assert.deepEqual(faults(RUST, JAVASCRIPT), []);
  assert.deepEqual(
    faults(RUST, null),
    [],
    "without a report of JavaScript's tests only Rust's are compared",
  );
});

test("a test named as evidence is reported when it was ignored, moved, skipped, failed or left out for one mode", () => {
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

test("the tests of x.rs may be in x_tests.rs", () => {
  const path = "src/domain/authorization/request_tests.rs";
  const page = `| 1 | asked | met | \`${path}\` a_complete_request |`;
  const name = "domain::authorization::request::tests::a_complete_request";
  const rust = [{ root: "src/lib.rs", name }];
  const faultsIn = (text) =>
    notRun(evidenceIn("tests/README.md", text), { rust, javascript: null }).length;
  assert.equal(faultsIn(page), 0);
  assert.equal(faultsIn(page.replace("_tests.rs", ".rs")), 1);
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
  // Remove this variable. If it were set, node would treat the new test run as a part of the
  // current test run.
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
    report = /** @type {{ stdout: Buffer }} */ (error).stdout.toString();
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
    faultsOf("e2e", good.slice(1), minima, []),
    [],
    "of some files no count is missed",
  );
  assert.match(
    faultsOf("e2e", [...good, ["other", "7 others"]], minima).join(),
    /add "other": 7 under "e2e"/,
  );
  assert.match(faultsOf("e2e", [["pairs", "none"], good[0]], minima).join(), /has no number/);
});

test("a record keeps the rows of what did not run, and has no row of a file that failed", () => {
  const line = (file, outcome, ms) => JSON.stringify({ file, name: "x", outcome, ms });
  const first = resultsWith("", {
    when: ["2026-01-01", "aaa"],
    counts: [["pairs", "6 pairs\n"]],
    lines: [
      line("a", "passed", 1000),
      line("a", "passed", 61_000),
      line("a", "skipped", 0),
      line("b", "passed", 2000),
      line("c", "failed", 1),
      line("c", "passed", 1),
    ],
  });
  assert.match(first, /\| a \| 2 \| 1 \| 61 \| 2026-01-01 \| aaa \|/);
  assert.doesNotMatch(first, /\| c /);
  const run = {
    when: ["2026-02-02", "bbb"],
    counts: [["guesses", "7 guesses"]],
    lines: [line("b", "passed", 3000), line("c", "passed", 0), line("a", "failed", 0)],
  };
  const second = resultsWith(first, run);
  assert.deepEqual(
    second.split("\n").filter((row) => /^\| (a|b|c|pairs|guesses) /.test(row)),
    [
      "| a | 2 | 1 | 61 | 2026-01-01 | aaa |",
      "| b | 1 | 0 | 3 | 2026-02-02 | bbb |",
      "| c | 1 | 0 | 0 | 2026-02-02 | bbb |",
      "| guesses | 7 guesses | 2026-02-02 | bbb |",
      "| pairs | 6 pairs | 2026-01-01 | aaa |",
    ],
  );
  assert.equal(resultsWith(second, run), second, "the same run again");
});

test("every minimum is a whole number above zero, under a step that there is", () => {
  const steps = readFileSync(inRoot("scripts/test.mjs"), "utf8");
  const usual = readMinima();
  const inWide = readMinima(true);
  for (const [step, minima] of [...Object.entries(usual), ...Object.entries(inWide)]) {
    assert.ok(steps.includes(`\n  ${step}: `) || steps.includes(`\n  "${step}": `), step);
    for (const [slug, least] of Object.entries(minima))
      assert.ok(Number.isInteger(least) && least > 0, slug);
  }
  const larger = Object.entries(JSON.parse(readFileSync(inRoot(WIDE_MINIMA), "utf8")));
  assert.ok(larger.length > 0);
  for (const [step, minima] of larger)
    for (const [slug, least] of Object.entries(minima))
      assert.ok(least > (usual[step][slug] ?? 0), slug);
});

test("at the end of a run each failed test has its file, its name, its message and the cause", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-failures-"));
  try {
    const program = join(folder, "x.test.mjs");
    const broken = join(folder, "y.test.mjs");
    writeFileSync(
      program,
      `import { describe, test } from "node:test";
      describe("outer", () => {
        test("good", () => {});
        test("bad", () => { throw new Error("no answer", { cause: new Error("ECONNREFUSED") }); });
      });`,
    );
    writeFileSync(broken, 'throw new Error("at its first line");');
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = spawnSync(
      node(),
      ["--test", `--test-reporter=${inRoot("tests/evidence/reporter.mjs")}`, program, broken],
      { env, encoding: "utf8" },
    );
    const [inTest, inFile, ...others] = failedIn(stdout);
    assert.deepEqual(others, [], "the suite around a failed test is not listed again");
    assert.equal(inTest.name, "outer > bad");
    assert.match(inTest.file, /x\.test\.mjs$/);
    assert.match(inTest.error, /^no answer\ncaused by: ECONNREFUSED/);
    assert.match(inFile.error, /^the file ended with exit code 1\n[\s\S]*at its first line/);
    const lines = failureLines([inTest]);
    assert.match(lines.join("\n"), /✖ .*x\.test\.mjs: outer > bad\n {4}no answer\n {4}caused by: /);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the failed tests of cargo's programs are listed in the same way", () => {
  const printed = `
running 3 tests
test a::b ... FAILED
test c - should panic ... FAILED
test d ... ok

failures:

---- a::b stdout ----

thread 'a::b' (7) panicked at tests/x.rs:3:5:
assertion \`left == right\` failed: it
  left: 1
 right: 2
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace

---- c - should panic stdout ----
note: test did not panic as expected at tests/x.rs:9:4

failures:
    a::b
    c

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
`;
  const failures = failedInRust("tests/x.rs", printed);
  assert.deepEqual(
    failures.map(({ name }) => name),
    ["a::b", "c"],
  );
  assert.match(
    failures[0].error,
    /panicked at tests\/x\.rs:3:5:\n.*failed: it\n {2}left: 1\n right: 2$/,
  );
  assert.match(failures[1].error, /did not panic as expected/);
});
