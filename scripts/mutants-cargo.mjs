// `npm run mutants:cargo`: cargo-mutants changes the code in many small ways, and runs the tests of
// the code's package after each change. If no test notices a change, the run fails.
//
// crates/token, src/domain and src/service; takes many hours:
//   npm run mutants:cargo
// A folder, a file, or several:
//   npm run mutants:cargo -- crates/token
// The fourth of eight parts (the first is 0):
//   npm run mutants:cargo -- src/domain --shard 3/8
// Only code that a diff touches:
//   npm run mutants:cargo -- src/service --in-diff my.diff
// Only some test programs, which is faster, and then all tests for the changes that these did not
// notice:
//   npm run mutants:cargo -- src/domain/session --tests lib,session_rotation
//   npm run mutants:cargo -- src/domain/session --again
// Only lists the changes:
//   npm run mutants:cargo -- crates/token --list
//
// `--jobs 2` tests two changes at a time. Your working tree is never changed: cargo-mutants works
// in copies. The results are in target/mutants/cargo/mutants.out; tests/mutants/cargo.md explains
// each change that survives.
import { existsSync, mkdirSync, statSync } from "node:fs";
import { Advice, main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { inRoot } from "./project/root.mjs";
import { run } from "./project/run.mjs";
import * as cargoMutantsStep from "./setup/cargo-mutants.mjs";
import { setUp } from "./setup/index.mjs";

const OUTPUT = inRoot("target/mutants/cargo");

/**
 * The code that is changed. Changes in other code would always survive: that code is compiled for
 * wasm32 only, and its tests run in workerd, which cargo-mutants does not start.
 */
const RULES = ["crates/token", "src/domain", "src/service"];
/** The packages whose tests run after each change. The model checks are a package of their own. */
const TESTING = ["edgegate", "edgegate-token", "edgegate-models"];

await main(async () => {
  const { values, positionals } = parsed(
    {
      allowPositionals: true,
      options: {
        jobs: { type: "string", default: "1" },
        shard: { type: "string" },
        "in-diff": { type: "string" },
        tests: { type: "string" },
        again: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
      },
    },
    "use it as `npm run mutants:cargo -- <folders or files> --jobs 2 --shard 0/8`",
  );
  const paths = positionals.length > 0 ? positionals : RULES;
  const files = paths.map(globOf).flatMap((glob) => ["--file", glob]);
  /** @param {"shard" | "in-diff"} name */
  const passedOn = (name) => (values[name] === undefined ? [] : [`--${name}`, values[name]]);
  const chosen = [...passedOn("shard"), ...passedOn("in-diff")];
  await setUp([cargoMutantsStep]);
  mkdirSync(OUTPUT, { recursive: true });
  const how = values.list ? ["--list"] : ["--jobs", values.jobs, "--output", OUTPUT];
  // Tests of changed code must not write their counts and logs, which are for `npm test`. To notice
  // a change, they need fewer generated cases than to find an unknown fault.
  const env = { EDGEGATE_COUNTS: "", EDGEGATE_LOGS: "", PROPTEST_CASES: "32" };
  const again = values.again ? ["--iterate"] : [];
  const { code } = await run(
    cargoMutantsStep.cargoMutants,
    [
      "mutants",
      "--workspace",
      "--test-package",
      TESTING.join(","),
      ...how,
      ...again,
      ...files,
      ...chosen,
      "--",
      ...programs(values.tests),
    ],
    { env },
  );
  return code;
});

/**
 * The test programs, as arguments of `cargo test`. The examples in the documentation are left out,
 * because they repeat what the tests check, and build slowly.
 *
 * @param {string | undefined} names such as `lib,service`; all if it is missing
 */
function programs(names) {
  if (names === undefined) return ["--tests"];
  return names.split(",").flatMap((name) => (name === "lib" ? ["--lib"] : ["--test", name]));
}

/**
 * The pattern by which cargo-mutants finds the files of this folder, or this file.
 *
 * @param {string} path
 */
function globOf(path) {
  if (!existsSync(inRoot(path)))
    throw new Advice(`there is no ${path}: give folders or files, such as crates/token.`);
  return statSync(inRoot(path)).isDirectory() ? `${path.replace(/\/+$/, "")}/**` : path;
}
