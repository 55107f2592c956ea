// The steps that `npm test` and `npm run check` share.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { inRoot } from "../project/root.mjs";
import { node, toolEnv } from "../project/tools.mjs";
import { cpp } from "../setup/cpp.mjs";
import { failedIn } from "./failures.mjs";
import { all, runStep } from "./step.mjs";

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

/** The tests that need neither a Worker nor a browser nor the built package. */
export const UNIT_TESTS = [
  "tests/client/*.test.mjs",
  "tests/edge/*.test.mjs",
  "tests/evidence/*.test.mjs",
  "tests/mutants/*.test.mjs",
  "tests/bench-results.test.mjs",
  "tests/browser/words.test.mjs",
  "tests/package/error-codes.test.mjs",
];

/** @typedef {import("./step.mjs").RunOptions} Options */

export const rustFormat = (options = {}) => runStep("cargo", ["fmt", "--all", "--check"], options);

// Flags go to the command and never into RUSTFLAGS: that would throw away everything that cargo has built.
export async function clippy(options = {}) {
  // The fuzz targets link libFuzzer, which is C++.
  await cpp();
  return runStep("cargo", ["clippy", "--workspace", "--all-targets", ...DENY], options);
}

export const clippyForWasm = (options = {}) =>
  runStep("cargo", ["clippy", ...MEMBERS_FOR_WASM, ...WASM, ...DENY], options);

export const docs = (options = {}) =>
  all(
    () => doc([], options),
    () => doc(WASM, options),
  );

const doc = (target, options) =>
  runStep("cargo", ["doc", "--no-deps", ...target], {
    ...options,
    env: { RUSTDOCFLAGS: "-D warnings" },
  });

/** Formatting and lints of all JavaScript and CSS, as biome.json says. */
export const javascriptStyle = (options = {}) =>
  runStep(inRoot("node_modules/.bin/biome"), ["ci", "--colors=off", "."], options);

/** Everything that looks at JavaScript and CSS without running it. */
export const javascript = (options = {}) => all(() => javascriptStyle(options));

/** A script of package.json. */
export const npmScript = (name, options = {}) =>
  runStep("npm", ["run", "--silent", name], { ...options, env: toolEnv() });

/**
 * Runs test files, two at once unless `atOnce` says otherwise. `report` is the file that gets a line for each test.
 */
export async function nodeTests(files, { report, atOnce = 2, env = {}, ...options }) {
  rmSync(report, { force: true });
  const reporters = [
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${inRoot("tests/evidence/reporter.mjs")}`,
    `--test-reporter-destination=${report}`,
  ];
  const args = ["--test", `--test-concurrency=${atOnce}`, ...reporters, ...files];
  const outcome = await runStep(node(), args, { ...options, env: { ...toolEnv(), ...env } });
  const failures = existsSync(report) ? failedIn(readFileSync(report, "utf8")) : [];
  return { ...outcome, failures };
}
