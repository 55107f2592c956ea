// Steps of `npm test` and of `npm run check`. Some of them belong to both.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Advice } from "../project/advice.mjs";
import { inRoot } from "../project/root.mjs";
import { node, toolEnv } from "../project/tools.mjs";
import { cpp } from "../setup/cpp.mjs";
import { failedIn } from "./failures.mjs";
import { SLOW_FILES } from "./slow-tests.mjs";
import { all, runStep } from "./step.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];
// Packages of the workspace that are compiled to wasm. Packages such as fuzz and bench/native are
// left out, because they run on the machine that compiles them.
const MEMBERS_FOR_WASM = [
  "edgegate",
  "edgegate-token",
  "edgegate-browser",
  "edgegate-bare-worker",
  "edgegate-conformance-worker",
].flatMap((name) => ["--package", name]);
const DENY = ["--", "-D", "warnings"];

/** The tests that need neither a Worker nor a browser nor the built package. */
const UNIT_TESTS = [
  "tests/client/*.test.mjs",
  "tests/docs/layout.test.mjs",
  "tests/docs/links.test.mjs",
  "tests/docs/quotes.test.mjs",
  "tests/docs/recipes.test.mjs",
  "tests/docs/stores.test.mjs",
  "tests/docs/walks.test.mjs",
  "tests/edge/*.test.mjs",
  "tests/evidence/*.test.mjs",
  "tests/mutants/*.test.mjs",
  "tests/bench-results.test.mjs",
  "tests/bench/*.test.mjs",
  "tests/browser/words.test.mjs",
  "tests/package/error-codes.test.mjs",
  "tests/setup/devcontainer.test.mjs",
  "tests/setup/platform-logs.test.mjs",
  "tests/setup/programs.test.mjs",
  "tests/template/template.test.mjs",
];

/** The files of UNIT_TESTS, without the slow ones. */
export function quickFiles() {
  const files = UNIT_TESTS.flatMap((path) => {
    const [folder, isFolder] = path.split("/*.test.mjs");
    if (isFolder === undefined) return [path];
    const names = readdirSync(inRoot(folder)).filter((name) => name.endsWith(".test.mjs"));
    return names.map((name) => `${folder}/${name}`);
  });
  // Without this check, a slow file that was renamed would run in `npm run check` unnoticed.
  const unknown = SLOW_FILES.filter((file) => !files.includes(file));
  if (unknown.length > 0)
    throw new Advice(
      `scripts/testing/slow-tests.mjs names ${unknown.join(", ")}: UNIT_TESTS in scripts/testing/steps.mjs has no such file.`,
    );
  return files.filter((file) => !SLOW_FILES.includes(file));
}

/** @typedef {import("../project/run.mjs").RunOptions & { quiet?: boolean }} Options */

/** @param {Options} [options] */
export const rustFormat = (options = {}) => runStep("cargo", ["fmt", "--all", "--check"], options);

/**
 * Runs clippy. Flags are given as arguments of the command, and never in RUSTFLAGS: with other
 * RUSTFLAGS, cargo would compile everything once more.
 *
 * @param {Options} [options]
 */
export async function clippy(options = {}) {
  // The fuzz targets link libFuzzer, which is C++ code, so a C++ compiler is needed.
  await cpp();
  return runStep("cargo", ["clippy", "--workspace", "--all-targets", ...DENY], options);
}

/** @param {Options} [options] */
export const clippyForWasm = (options = {}) =>
  runStep("cargo", ["clippy", ...MEMBERS_FOR_WASM, ...WASM, ...DENY], options);

/** @param {Options} [options] */
export const docs = (options = {}) =>
  all(
    () => doc([], options),
    () => doc(WASM, options),
  );

/**
 * @param {string[]} target
 * @param {Options} options
 */
const doc = (target, options) =>
  runStep("cargo", ["doc", "--no-deps", ...target], {
    ...options,
    env: { RUSTDOCFLAGS: "-D warnings" },
  });

/**
 * The checks of JavaScript and CSS that don't run the code: formatting, lints and types.
 *
 * @param {Options} [options]
 */
export const javascript = (options = {}) =>
  all(
    () => npmScript("lint", options),
    () => npmScript("types", options),
  );

/**
 * Runs a script of package.json.
 *
 * @param {string} name
 * @param {Options} options
 */
const npmScript = (name, options) =>
  runStep("npm", ["run", "--silent", name], { ...options, env: toolEnv() });

/**
 * Runs test files, two at a time unless `atOnce` says otherwise. A line with the outcome of each
 * test is written to the file `report`.
 *
 * @param {string[]} files
 * @param {Options & { report: string, atOnce?: number, longestMs?: number }} options
 */
export async function nodeTests(files, { report, atOnce = 2, longestMs, env = {}, ...options }) {
  rmSync(report, { force: true });
  const reporters = [
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${inRoot("tests/evidence/reporter.mjs")}`,
    `--test-reporter-destination=${report}`,
  ];
  const limits = [`--test-concurrency=${atOnce}`];
  if (longestMs !== undefined) limits.push(`--test-timeout=${longestMs}`);
  const args = ["--test", ...limits, ...reporters, ...files];
  const outcome = await runStep(node(), args, { ...options, env: { ...toolEnv(), ...env } });
  const failures = existsSync(report) ? failedIn(readFileSync(report, "utf8")) : [];
  return { ...outcome, failures };
}
