// `npm test`: everything that must hold, each step by its name; all are run, and what failed is said at the end.
//   npm test -- --only clippy,e2e                          some steps
//   npm test -- --only e2e tests/e2e/healthz.test.mjs      some files of the e2e tests
import { rmSync } from "node:fs";
import { checkSizes } from "../bench/size.mjs";
import { Advice, main } from "./project/advice.mjs";
import { beginCounts, countInto, countsOf, faultsOf, readMinima } from "./project/counts.mjs";
import { values } from "./project/dev-arguments.mjs";
import { inRoot } from "./project/root.mjs";
import { run } from "./project/run.mjs";
import { node, toolEnv } from "./project/tools.mjs";
import { cpp } from "./setup/cpp.mjs";
import { setUp } from "./setup/index.mjs";

// What the Workers of the e2e tests printed, kept by tests/logs/keep.mjs.
const LOGS = inRoot("target/logs");
// What became of each e2e test, written by tests/evidence/reporter.mjs.
const REPORT = inRoot("target/e2e-report.jsonl");
const WASM = ["--target", "wasm32-unknown-unknown"];
// The others are for the host: fuzz and bench/native.
const MEMBERS_FOR_WASM = [
  "edgegate",
  "edgegate-token",
  "edgegate-browser",
  "edgegate-bare-worker",
  "edgegate-conformance-worker",
].flatMap((name) => ["--package", name]);
const DENY = ["--", "-D", "warnings"];

// Flags go to the command and never into RUSTFLAGS: that would throw away everything cargo has built.
const STEPS = {
  fmt: () => cargo("fmt", "--all", "--check"),
  clippy: async () => {
    // libFuzzer is C++.
    await cpp();
    return cargo("clippy", "--workspace", "--all-targets", ...DENY);
  },
  "clippy-wasm": () => cargo("clippy", ...MEMBERS_FOR_WASM, ...WASM, ...DENY),
  unit: () => cargo("test"),
  instructions: instructions,
  doc: () => run("cargo", ["doc", "--no-deps"], { env: { RUSTDOCFLAGS: "-D warnings" } }),
  "doc-wasm": () =>
    run("cargo", ["doc", "--no-deps", ...WASM], {
      env: { RUSTDOCFLAGS: "-D warnings" },
    }),
  build: () => run(node(), [inRoot("scripts/build.mjs")], { env: toolEnv() }),
  size: checkSize,
  e2e: e2e,
  logs: () => run(node(), [inRoot("tests/logs/search.mjs"), LOGS]),
  evidence: evidence,
  fuzz: () => run(node(), [inRoot("scripts/fuzz.mjs"), "--seconds", "10"]),
};

await main(async () => {
  const args = process.argv.slice(2);
  const only = values(args, "--only")[0]?.split(",") ?? Object.keys(STEPS);
  const unknown = only.filter((name) => !STEPS[name]);
  if (unknown.length > 0)
    throw new Advice(
      `no step is called ${unknown.join(", ")}: there are ${Object.keys(STEPS).join(", ")}.`,
    );
  const files = args.filter((arg) => arg.endsWith(".mjs"));

  const begun = performance.now();
  await setUp();
  beginCounts();
  const results = [];
  for (const name of only) results.push(await step(name, files, results));
  return summary(results, begun);
});

async function step(name, files, before) {
  console.log(`\n━━ ${name}`);
  const begun = performance.now();
  countInto(name);
  // Without a build there is nothing to weigh or to ask, or, worse, an old one.
  const pointless =
    ["size", "e2e"].includes(name) &&
    before.some(({ name, passed }) => name === "build" && !passed);
  if (pointless) console.log("left out: nothing was built");
  const { code, leftOut = false } = pointless ? { code: 1 } : await STEPS[name](files, before);
  const isWhole = !leftOut && !(["e2e", "logs"].includes(name) && files.length > 0);
  // The counts of a failed step mean nothing. The logs of a few test files are shorter than the minimum for all.
  const isJudged = code === 0 && (isWhole || name !== "logs");
  const faults = isJudged
    ? faultsOf(name, countsOf(name), readMinima()[name] ?? {}, { isWhole })
    : [];
  for (const fault of faults) console.log(fault);
  const passed = code === 0 && faults.length === 0;
  console.log(`━━ ${name} ${passed ? "passed" : "FAILED"} in ${seconds(begun)}`);
  return { name, passed };
}

function summary(results, begun) {
  const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
  const tried = results
    .filter(({ passed }) => passed)
    .flatMap(({ name }) => countsOf(name).map(([, line]) => line));
  console.log(["\n━━ what was tried", ...tried].join("\n"));
  console.log(
    `\n${failed.length === 0 ? `All ${results.length} steps passed` : `FAILED: ${failed.join(", ")}`}, ${seconds(begun)} in all`,
  );
  return failed.length === 0 ? 0 : 1;
}

function cargo(...args) {
  return run("cargo", args);
}

async function checkSize() {
  const faults = await checkSizes();
  for (const fault of faults) console.log(fault);
  return { code: faults.length === 0 ? 0 : 1 };
}

// Every test file starts Workers of its own and would build again; only a build of this very run spares that. Two files at once, on
// any machine: much of a file's time is spent waiting, and tests that pass only when they are alone should be found.
function e2e(files, before) {
  const built = before.some(({ name, passed }) => name === "build" && passed);
  rmSync(LOGS, { recursive: true, force: true });
  rmSync(REPORT, { force: true });
  const tests = files.length > 0 ? files : ["tests/**/*.test.mjs"];
  const reporters = [
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${inRoot("tests/evidence/reporter.mjs")}`,
    `--test-reporter-destination=${REPORT}`,
  ];
  return run(node(), ["--test", "--test-concurrency=2", ...reporters, ...tests], {
    env: { ...toolEnv(), EDGEGATE_LOGS: LOGS, ...(built ? { EDGEGATE_BUILT: "1" } : {}) },
  });
}

/** Callgrind counts instructions on Linux alone. */
function instructions() {
  if (process.platform === "linux")
    return run(node(), [inRoot("bench/instructions.mjs")], { env: toolEnv() });
  console.log(`left out: instructions are counted on Linux only, and this is ${process.platform}`);
  return { code: 0, leftOut: true };
}

/** Compares the tests that the documents name with those that ran: all of JavaScript's only when all of them did. */
async function evidence(files, before) {
  const isWhole = files.length === 0 && before.some(({ name, passed }) => name === "e2e" && passed);
  if (!isWhole)
    console.log("the step e2e has not run whole and passed: only the Rust tests are compared");
  const { code } = await run(node(), [
    inRoot("tests/evidence/check.mjs"),
    ...(isWhole ? [REPORT] : []),
  ]);
  return { code, leftOut: !isWhole };
}

function seconds(begun) {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`;
}
