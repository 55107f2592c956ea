// Runs cargo's test programs in parallel. `cargo test` runs them one after the other, and each
// program ends with a long test that keeps only one processor busy.
import { availableParallelism } from "node:os";
import { dirname, relative } from "node:path";
import { Advice } from "../project/advice.mjs";
import { root } from "../project/root.mjs";
import { run } from "../project/run.mjs";
import { failedInRust } from "./failures.mjs";
import { SLOW } from "./slow-tests.mjs";

/**
 * @typedef {object} Program a test program of cargo's
 * @property {string} name its cargo target, such as `service`; for the tests inside `src/`, the
 *   crate's name
 * @property {string} executable
 * @property {string} source its root file, relative to the root of the repository
 * @property {string} folder the folder of its package
 */

/**
 * Builds all test programs. If the build fails, throws. With `quiet`, the thrown error contains the
 * compiler's errors; otherwise, they are printed on the terminal.
 *
 * @param {{ quiet?: boolean }} [options]
 * @returns {Promise<Program[]>}
 */
export async function testPrograms({ quiet = false } = {}) {
  const { code, stdout, stderr } = await run(
    "cargo",
    ["test", "--no-run", "--lib", "--tests", "--message-format=json-render-diagnostics"],
    { capture: quiet || "stdout" },
  );
  if (code !== 0) throw new Advice(`cargo could not build the tests:\n${stderr || "see above"}`);
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(
      ({ reason, executable, profile }) =>
        reason === "compiler-artifact" && executable && profile.test,
    )
    .map(({ executable, target, manifest_path }) => ({
      name: target.name,
      executable,
      source: relative(root, target.src_path),
      folder: dirname(manifest_path),
    }));
}

/**
 * Runs all tests. With `quick`, leaves out the tests that SLOW names and the examples in the
 * documentation. Prints the result of each program, and the whole output of each program that
 * failed. With `quiet`, prints nothing about the programs.
 *
 * @param {{ quick?: boolean, quiet?: boolean, env?: NodeJS.ProcessEnv }} [options] `env` is for the
 *   test programs
 * @returns {Promise<{ code: number, failures: import("./failures.mjs").Failure[] }>}
 */
export async function rustTests({ quick = false, quiet = false, env = {} } = {}) {
  const programs = await testPrograms({ quiet });
  const known = new Set(programs.map(({ name }) => name));
  const unknown = Object.keys(SLOW).filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new Advice(
      `scripts/testing/slow-tests.mjs names ${unknown.join(", ")}: cargo has no such test program.`,
    );
  for (const program of programs) await requireSlowTests(program);
  // The slow programs start first. Otherwise, a slow program could be the last one, and keep only
  // one processor busy.
  const waiting = programs
    .filter(({ name }) => !(quick && SLOW[name] === true))
    .sort((one, other) => rank(one) - rank(other));
  /** @type {{ code: number, failures: import("./failures.mjs").Failure[] }[]} */
  const results = [];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      results.push(await runProgram(next, quick, env, quiet ? () => {} : console.log));
  };
  // The examples in the documentation are compiled and tested while the test programs run.
  const docs = quick ? [] : [docTests()];
  await Promise.all([...docs, ...Array.from({ length: availableParallelism() }, worker)]);
  const doc = await docs[0];
  if (doc) results.push(doc);
  return {
    code: Math.max(0, ...results.map(({ code }) => code)),
    failures: results.flatMap(({ failures }) => failures),
  };
}

/**
 * Throws if SLOW names a test that the program does not have. Otherwise a slow test that was
 * renamed would run in `npm run check` unnoticed.
 *
 * @param {Program} program
 */
async function requireSlowTests({ name, executable, folder }) {
  const slow = SLOW[name];
  if (!Array.isArray(slow)) return;
  const { stdout } = await run(executable, ["--list"], { capture: true, cwd: folder });
  const tests = new Set(stdout.split("\n").map((line) => line.replace(/: test$/, "")));
  const unknown = slow.filter((test) => !tests.has(test));
  if (unknown.length > 0)
    throw new Advice(
      `scripts/testing/slow-tests.mjs names ${unknown.join(", ")}: ${name} has no such test.`,
    );
}

/** @param {Program} program */
const rank = ({ name }) => (SLOW[name] === true ? 0 : SLOW[name] ? 1 : 2);

/**
 * @param {Program} program
 * @param {boolean} quick
 * @param {NodeJS.ProcessEnv} env
 * @param {(text: string) => void} print
 */
async function runProgram({ name, executable, source, folder }, quick, env, print) {
  const slow = SLOW[name];
  const skipped = Array.isArray(slow) && quick ? slow : [];
  const begun = performance.now();
  const { code, stdout, stderr } = await run(
    executable,
    // With `--exact`, `--skip` skips only the test with exactly this name. Without `--exact`, every
    // test whose name contains the name of a slow test would also be skipped.
    skipped.length > 0 ? ["--exact", ...skipped.flatMap((test) => ["--skip", test])] : [],
    { capture: true, cwd: folder, env: { CARGO_MANIFEST_DIR: folder, ...env } },
  );
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const result = stdout.match(/^test result: (.*?);.* finished/m)?.[1] ?? `ended with ${code}`;
  if (code !== 0) print(stdout + stderr);
  print(`${source}: ${result}, ${seconds} s`);
  const failures = failedInRust(source, stdout);
  if (code !== 0 && failures.length === 0)
    failures.push({ file: source, name: "the program", error: `ended with ${code}\n${stderr}` });
  return { code, failures };
}

/** Compiles and runs the examples in the documentation of the Rust code. */
async function docTests() {
  const { code, stdout, stderr } = await run("cargo", ["test", "--doc"], { capture: true });
  if (code !== 0) console.log(stdout + stderr);
  else console.log(`examples in the documentation: ${stdout.match(/\d+ passed/g)?.join(", ")}`);
  const failures = failedInRust("documentation", stdout);
  if (code !== 0 && failures.length === 0)
    failures.push({
      file: "documentation",
      name: "cargo test --doc",
      error: stderr.slice(-1500),
    });
  return { code, failures };
}
