// `npm test`: runs all checks and tests, in steps. A failed step does not stop the others. The end
// of the output lists what was tested and what failed.
//   npm test -- --only clippy,e2e                          some steps
//   npm test -- --only e2e tests/e2e/healthz.test.mjs      some files of the e2e tests
//
// `npm run test:wide`: runs what takes too long for `npm test`. It fuzzes, and runs those tests
// that repeat something more often than in `npm test`, or run only here (tests/wide.mjs).
//   npm run test:wide -- --record                          writes what passed to tests/wide.md
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { checkSizes } from "../bench/size.mjs";
import { Advice, main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import {
  beginCounts,
  countInto,
  countsOf,
  faultsOf,
  readMinima,
  requiredInWide,
} from "./project/counts.mjs";
import { inRoot } from "./project/root.mjs";
import { node, toolEnv } from "./project/tools.mjs";
import { need as apache } from "./setup/apache.mjs";
import { need as caddy } from "./setup/caddy.mjs";
import { need as browser, chromium } from "./setup/chromium.mjs";
import { need as cpp } from "./setup/cpp.mjs";
import { announce } from "./setup/debian.mjs";
import { need as firefox } from "./setup/firefox.mjs";
import { BASIC, setUp } from "./setup/index.mjs";
import { need as lsof } from "./setup/lsof.mjs";
import { need as nginx } from "./setup/nginx.mjs";
import { need as python } from "./setup/schemathesis.mjs";
import { need as valgrind } from "./setup/valgrind.mjs";
import { need as zsh } from "./setup/zsh.mjs";
import { failureLines } from "./testing/failures.mjs";
import { record } from "./testing/record.mjs";
import { rustTests } from "./testing/rust-tests.mjs";
import { runStep, seconds } from "./testing/step.mjs";
import * as steps from "./testing/steps.mjs";

// The folder in which tests/logs/keep.mjs stores the logs of the Workers that the e2e tests start.
const LOGS = inRoot("target/logs");
// The file into which tests/evidence/reporter.mjs writes the outcome of each e2e test.
const REPORT = inRoot("target/e2e-report.jsonl");
// How many test files run at the same time. Two files would not keep two processors busy, because a
// test sometimes waits for a timeout, a retry or the start of a program.
const E2E_FILES_AT_ONCE = 3;
const FUZZ_SECONDS = 60;

// After this time, a test file is stopped. A test that waits forever, such as for a browser that
// was killed, must not use up the two hours that CI allows for the whole run.
const LONGEST_FILE_MS = 20 * 60_000;
const LONGEST_WIDE_FILE_MS = 120 * 60_000;

/** @typedef {{ name: string, passed: boolean, outcome: import("./testing/step.mjs").Outcome }} StepResult */
/**
 * @typedef {object} Context
 * @property {string[]} files the test files that the step `e2e` runs; all of them if it is empty
 * @property {StepResult[]} before the results of the steps that have ended
 * @property {boolean} isWide
 * @property {boolean} quiet Another step is printing its output, so the commands of this step print
 *   nothing. When the step ends, the `output` of its outcome is printed.
 * @property {NodeJS.ProcessEnv} env for the tests of this step
 */
/** @type {Record<string, (context: Context) => Promise<import("./testing/step.mjs").Outcome>>} */
const STEPS = {
  fmt: () => steps.rustFormat(),
  js: ({ quiet }) => steps.javascript({ quiet }),
  clippy: () => steps.clippy(),
  "clippy-wasm": () => steps.clippyForWasm(),
  unit: ({ env }) => rustTests({ env }),
  doc: () => steps.docs(),
  build: ({ quiet }) => runStep(node(), [inRoot("scripts/build.mjs")], { env: toolEnv(), quiet }),
  size: checkSize,
  instructions: instructions,
  "build-tests": ({ quiet }) =>
    runStep(node(), [inRoot("scripts/build-conformance-worker.mjs")], { env: toolEnv(), quiet }),
  e2e: e2e,
  logs: ({ env }) => runStep(node(), [inRoot("tests/logs/search.mjs"), LOGS], { env }),
  evidence: evidence,
  fuzz: fuzz,
};
// These steps run one after another, at the same time as the other steps before `e2e`: most cargo
// commands end with a crate that keeps only one processor busy. Cargo locks the folder of a profile.
// So the builds in this list use other profiles than the other steps, but for `build-tests`: it
// waits until the Rust tests are compiled, and builds while they run.
const BESIDE = ["js", "build", "size", "instructions", "build-tests"];
const WIDE_STEPS = ["build", "build-tests", "e2e", "fuzz"];
// `npm test` does not look for new inputs, because compiling the fuzz targets takes two minutes.
// tests/fuzz_inputs.rs runs them on the stored inputs in the step `unit`.
const NARROW_STEPS = Object.keys(STEPS).filter((name) => name !== "fuzz");

// The programs that each step needs. If the script runs as root on Debian, they are installed
// automatically.
/** @type {Record<string, import("./setup/debian.mjs").Need[]>} */
const NEEDS = {
  clippy: [cpp],
  instructions: [valgrind],
  e2e: [apache, caddy, browser, firefox, lsof, nginx, python],
  fuzz: [cpp],
};
const WIDE_NEEDS = [zsh];

await main(async () => {
  const { values, positionals: files } = parsed(
    {
      allowPositionals: true,
      options: {
        only: { type: "string" },
        wide: { type: "boolean", default: false },
        record: { type: "boolean", default: false },
      },
    },
    "use it as `npm test -- --only <steps> <test files>` or `npm run test:wide -- --record`",
  );
  const isWide = values.wide === true;
  const names = values.only?.split(",") ?? (isWide ? WIDE_STEPS : NARROW_STEPS);
  const unknown = names.filter((name) => !Object.hasOwn(STEPS, name));
  if (unknown.length > 0)
    throw new Advice(
      `there is no step ${unknown.join(", ")}: choose from ${Object.keys(STEPS).join(", ")}.`,
    );
  const others = files.filter((file) => !file.endsWith(".test.mjs"));
  if (others.length > 0) throw new Advice(`${others.join(", ")}: a test file ends in .test.mjs.`);

  const begun = performance.now();
  await announce([...names.flatMap((name) => NEEDS[name] ?? []), ...(isWide ? WIDE_NEEDS : [])]);
  // The builds install the other tools, which takes a minute, while other steps run.
  await setUp(BASIC);
  beginCounts();
  if (isWide) process.env.EDGEGATE_WIDE = "1";
  /** @type {StepResult[]} */
  const results = [];
  /** @type {(names: string[], quiet?: boolean) => Promise<void>} */
  const runAll = async (names, quiet = false) => {
    for (const name of names)
      results.push(await step(name, { files, before: results, isWide, quiet }));
  };
  const [first, rest] = atEndToEnd(names);
  const beside = first.filter((name) => BESIDE.includes(name));
  const shown = first.filter((name) => !BESIDE.includes(name));
  await Promise.all([runAll(shown), runAll(beside, shown.length > 0)]);
  await runAll(rest);
  if (values.record) {
    const passed = results.filter((result) => result.passed);
    await record(
      passed.flatMap(({ name }) => countsOf(name)),
      names.includes("e2e") ? REPORT : undefined,
    );
  }
  return summary(results, begun);
});

/**
 * The steps before `e2e`, and the others. `e2e` needs the build, and keeps all processors busy.
 *
 * @param {string[]} names
 */
function atEndToEnd(names) {
  const at = names.includes("e2e") ? names.indexOf("e2e") : names.length;
  return [names.slice(0, at), names.slice(at)];
}

/**
 * @param {string} name
 * @param {Omit<Context, "env">} context
 * @returns {Promise<StepResult>}
 */
async function step(name, context) {
  const { files, before, isWide, quiet } = context;
  if (!quiet) console.log(`\n━━ ${name}`);
  const begun = performance.now();
  // If the build failed, these steps are left out, because they would measure and test an old
  // build.
  const isPointless =
    ["size", "e2e"].includes(name) &&
    before.some(({ name, passed }) => name === "build" && !passed);
  const outcome = isPointless
    ? { code: 1, output: "left out, because the build failed" }
    : await STEPS[name]({ ...context, env: countInto(name) }).catch(failed);
  const isWhole = !outcome.leftOut && !(["e2e", "logs"].includes(name) && files.length > 0);
  // The counts of a failed step are not compared with the minima, because the step might have
  // stopped early. If only some test files ran, the count of the step `logs` is not compared
  // either, because its minimum is for all files.
  const isJudged = outcome.code === 0 && (isWhole || name !== "logs");
  const minima = readMinima(isWide)[name] ?? {};
  const required = isWide ? requiredInWide(name) : Object.keys(minima);
  const faults = isJudged ? faultsOf(name, countsOf(name), minima, isWhole ? required : []) : [];
  if (quiet) console.log(`\n━━ ${name}\n${outcome.output ?? ""}`.trimEnd());
  for (const fault of faults) console.log(fault);
  const passed = outcome.code === 0 && faults.length === 0;
  console.log(`━━ ${name} ${passed ? "passed" : "FAILED"} in ${seconds(begun)}`);
  if (faults.length > 0) outcome.output = faults.join("\n");
  return { name, passed, outcome };
}

/**
 * Turns an `Advice` that a step throws into a failed outcome, so that the other steps still run.
 *
 * @param {unknown} error
 */
function failed(error) {
  if (!(error instanceof Advice)) throw error;
  console.log(error.message);
  return { code: 1, output: error.message };
}

/**
 * Prints what was tested, then every failure, and last the names of the failed steps.
 *
 * @param {StepResult[]} results
 * @param {number} begun
 */
function summary(results, begun) {
  const failed = results.filter(({ passed }) => !passed);
  console.log(["\n━━ what was tried", ...tried(results)].join("\n"));
  for (const { name, outcome } of failed) {
    const { failures = [], output = "" } = outcome;
    console.log(`\n━━ ${name} FAILED`);
    const lines =
      failures.length > 0 ? failureLines(failures) : output.trimEnd().split("\n").slice(-30);
    console.log(lines.join("\n"));
  }
  const verdict =
    failed.length === 0
      ? `All ${results.length} steps passed`
      : `FAILED: ${failed.map(({ name }) => name).join(", ")}`;
  console.log(`\n${verdict}, ${seconds(begun)} in all`);
  return failed.length === 0 ? 0 : 1;
}

/** @param {StepResult[]} results */
function tried(results) {
  return results
    .filter(({ passed }) => passed)
    .flatMap(({ name }) => countsOf(name).map(([, line]) => line));
}

/** @param {Context} context */
async function checkSize({ quiet }) {
  const output = (await checkSizes()).join("\n");
  if (!quiet && output) console.log(output);
  return { code: output === "" ? 0 : 1, output };
}

/** @param {Context} context */
async function e2e({ files, before, isWide, env }) {
  // If this run has just built everything, the variable EDGEGATE_BUILT below tells the test files
  // not to build again.
  const isBuilt = before.some(({ name, passed }) => name === "build" && passed);
  // If the browser is missing, it is installed here, once for all test files. Otherwise, if the
  // installation failed, every test file would try it again.
  const browserOfAll = files.length > 0 ? {} : { CHROMIUM: await chromium() };
  rmSync(LOGS, { recursive: true, force: true });
  const all = isWide ? filesWithMore() : ["tests/**/*.test.mjs"];
  return steps.nodeTests(files.length > 0 ? files : all, {
    report: REPORT,
    atOnce: E2E_FILES_AT_ONCE,
    longestMs: isWide ? LONGEST_WIDE_FILE_MS : LONGEST_FILE_MS,
    env: {
      ...env,
      EDGEGATE_LOGS: LOGS,
      ...browserOfAll,
      // Node.js stores compiled code in this folder, so that other programs need not compile it
      // again. Several hundred programs of this step import wrangler, which has 15 MB of code.
      NODE_COMPILE_CACHE: inRoot("target/node-compile-cache"),
      ...(isBuilt ? { EDGEGATE_BUILT: "1" } : {}),
    },
  });
}

/**
 * The test files that do more in `npm run test:wide` than in `npm test`. `npm run test:wide` does
 * not run the other files, because they would only repeat `npm test`.
 */
function filesWithMore() {
  const names = readdirSync(inRoot("tests"), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".test.mjs"))
    .map((name) => `tests/${name}`)
    .filter((path) => /from "[./]+\/wide\.mjs"/.test(readFileSync(inRoot(path), "utf8")));
}

/** @param {Context} context */
function fuzz({ env }) {
  return runStep(node(), [inRoot("scripts/fuzz.mjs"), "--seconds", `${FUZZ_SECONDS}`], { env });
}

/**
 * Counts instructions with Callgrind, but only on Linux.
 *
 * @param {Context} context
 */
async function instructions({ env, quiet }) {
  if (process.platform === "linux")
    return runStep(node(), [inRoot("bench/instructions.mjs")], {
      env: { ...toolEnv(), ...env },
      quiet,
    });
  const output = `left out: instructions are counted on Linux only, and this is ${process.platform}`;
  if (!quiet) console.log(output);
  return { code: 0, leftOut: true, output };
}

/**
 * Compares the tests that the documents name with the tests that ran. The JavaScript tests are
 * compared only if the step `e2e` has run all of them in this run, and has passed.
 *
 * @param {Context} context
 */
async function evidence({ files, before, env }) {
  const isWhole = files.length === 0 && before.some(({ name, passed }) => name === "e2e" && passed);
  if (!isWhole)
    console.log("the step e2e has not run whole and passed: only the Rust tests are compared");
  const args = [inRoot("tests/evidence/check.mjs"), ...(isWhole ? [REPORT] : [])];
  const outcome = await runStep(node(), args, { env });
  return { ...outcome, leftOut: !isWhole };
}
