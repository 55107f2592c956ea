// `npm run mutants:cargo`: cargo-mutants makes many small changes to the code, one at a time, and
// runs the tests with each change. If no test notices a change, the run fails.
//
// All of crates/token, src/domain and src/service, which takes many hours:
//   npm run mutants:cargo
// A folder, a file, or several:
//   npm run mutants:cargo -- crates/token
// Only the fourth of eight parts (the number of the first part is 0):
//   npm run mutants:cargo -- src/domain --shard 3/8
// Only code that a diff touches:
//   npm run mutants:cargo -- src/service --in-diff my.diff
// First with only some test programs, which is faster. Then with all tests, only for the changes
// that the first run did not notice:
//   npm run mutants:cargo -- src/domain/session --tests lib,session_rotation
//   npm run mutants:cargo -- src/domain/session --again
// List the changes, and test none:
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
 * The folders whose code is changed if the command line names none. Much of the code in
 * src/adapters and src/edge is compiled for wasm32 only, and its tests run in workerd, which
 * cargo-mutants does not start. So no test would notice a change in that code.
 */
const RULES = ["crates/token", "src/domain", "src/service"];

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
  // Counts and logs are only for `npm test`, so the tests of changed code must not write any. These
  // tests try fewer generated cases than in `npm test`, because fewer cases are needed to notice a
  // change than to find an unknown fault.
  const env = { EDGEGATE_COUNTS: "", EDGEGATE_LOGS: "", PROPTEST_CASES: "32" };
  const again = values.again ? ["--iterate"] : [];
  const { code } = await run(
    cargoMutantsStep.cargoMutants,
    [
      "mutants",
      "--workspace",
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
 * The arguments with which `cargo test` runs these test programs. The examples in the documentation
 * are never run, because they only repeat what the tests check, and their build is slow.
 *
 * @param {string | undefined} names such as `lib,service`; all if it is missing
 */
function programs(names) {
  if (names === undefined) return ["--tests"];
  return names.split(",").flatMap((name) => (name === "lib" ? ["--lib"] : ["--test", name]));
}

/**
 * The pattern for cargo-mutants that matches all files of a folder, or a single file.
 *
 * @param {string} path
 */
function globOf(path) {
  if (!existsSync(inRoot(path)))
    throw new Advice(`there is no ${path}: give folders or files, such as crates/token.`);
  return statSync(inRoot(path)).isDirectory() ? `${path.replace(/\/+$/, "")}/**` : path;
}
