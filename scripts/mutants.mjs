// `npm run mutants`: tests the tests. It puts each deliberate fault of tests/mutants/faults/ into a
// copy of the sources, one at a time, and runs the test that must notice it. If the test does not
// notice the fault, the fault has "survived", and the run fails.
//
// Only some faults, named by their ids:
//   npm run mutants -- --only decoy-skipped,verify-nothing-emptied
// Write the results to tests/mutants/README.md. With --only, the file keeps the earlier results of
// the other faults:
//   npm run mutants -- --record
//
// Your working tree is never changed: the copy is target/mutants/tree, and cargo builds it into a
// folder beside the copy.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { faults } from "../tests/mutants/faults/index.mjs";
import { applied, failuresIn, outcomesIn, readme } from "../tests/mutants/mutants.mjs";
import { Advice, main } from "./project/advice.mjs";
import { parsed } from "./project/arguments.mjs";
import { inRoot } from "./project/root.mjs";
import { output, run } from "./project/run.mjs";
import { node, toolEnv } from "./project/tools.mjs";
import { setUp } from "./setup/index.mjs";

const TREE = inRoot("target/mutants/tree");
const BUILD = inRoot("target/mutants/build");
const README = "tests/mutants/README.md";

await main(async () => {
  const { values } = parsed(
    { options: { only: { type: "string" }, record: { type: "boolean", default: false } } },
    "use it as `npm run mutants -- --only <ids> --record`",
  );
  const only = values.only?.split(",");
  const unknown = (only ?? []).filter((id) => !faults.some((fault) => fault.id === id));
  if (unknown.length > 0)
    throw new Advice(`no fault is called ${unknown.join(", ")}: see tests/mutants/faults/.`);
  const chosen = faults.filter(({ id }) => !only || only.includes(id));
  // Try all replacements before the first build. If the text to be replaced is not in the file, the
  // list of faults is wrong, and `applied` throws.
  for (const fault of chosen) applied(fault, readFileSync(inRoot(fault.file), "utf8"));

  await setUp();
  await copySources();
  const results = [];
  const good = new Map();
  for (const fault of chosen) {
    const command = fault.command.join(" ");
    if (!good.has(command)) good.set(command, await passes(fault.command));
    const result = good.get(command)
      ? await tryFault(fault)
      : { outcome: "broken", why: "its test fails without the fault" };
    results.push({ ...fault, ...result });
    console.log(`${result.outcome.padEnd(8)} ${fault.id}${result.why ? `: ${result.why}` : ""}`);
    // Write after each fault, so that an interrupted run is not wasted.
    if (values.record) record(results);
  }
  const killed = results.filter(({ outcome }) => outcome === "killed").length;
  console.log(`\n${killed} of ${results.length} faults killed`);
  return killed === results.length ? 0 : 1;
});

/**
 * Writes the results so far. For faults that this run has not tested, the file keeps the earlier
 * results.
 */
function record(results) {
  const before = existsSync(inRoot(README))
    ? outcomesIn(readFileSync(inRoot(README), "utf8"))
    : new Map();
  for (const { id, outcome } of results) before.set(id, outcome);
  writeFileSync(
    inRoot(README),
    readme(faults.map((fault) => ({ ...fault, outcome: before.get(fault.id) ?? "not tried" }))),
  );
}

/**
 * Copies the files that git tracks, and new files that git does not ignore. It writes only files
 * that differ from the last copy, so that cargo rebuilds only what has changed.
 */
async function copySources() {
  const listed = await output("git", ["ls-files", "-co", "--exclude-standard"]);
  if (listed === null)
    throw new Advice("git could not list the sources: run this in a clone of the repository.");
  const names = new Set(listed.split("\n").filter((name) => existsSync(inRoot(name))));
  const before = join(TREE, "../copied.json");
  const copied = existsSync(before) ? JSON.parse(readFileSync(before, "utf8")) : [];
  for (const name of copied) if (!names.has(name)) rmSync(join(TREE, name), { force: true });
  for (const name of names) writeIfOther(name, readFileSync(inRoot(name)));
  writeFileSync(before, JSON.stringify([...names]));
  for (const name of ["node_modules", ".tools"])
    if (!existsSync(join(TREE, name))) symlinkSync(inRoot(name), join(TREE, name));
}

function writeIfOther(name, contents) {
  const path = join(TREE, name);
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

async function passes(command) {
  const { code, text } = await runTest(command);
  if (code !== 0) console.log(text.slice(-3000));
  return code === 0;
}

/** Puts the fault in, runs its test, and takes the fault out again, even after an error. */
async function tryFault(fault) {
  const original = readFileSync(inRoot(fault.file));
  writeIfOther(fault.file, Buffer.from(applied(fault, original.toString())));
  try {
    const { code, text } = await runTest(fault.command);
    if (code === 0) return { outcome: "survived" };
    const failures = failuresIn(text);
    if (failures.length === 0)
      return {
        outcome: "broken",
        why: `no test has failed, but the command has:\n${text.slice(-2000)}`,
      };
    const killers = fault.killers.filter(
      (name) => !failures.some((failure) => failure.includes(name)),
    );
    if (killers.length > 0)
      return {
        outcome: "survived",
        why: `${killers.join(", ")} did not notice it; ${failures.join(", ")} did`,
      };
    return { outcome: "killed" };
  } finally {
    writeIfOther(fault.file, original);
  }
}

async function runTest([program, ...args]) {
  const env = { ...toolEnv(), CARGO_TARGET_DIR: BUILD, EDGEGATE_COUNTS: "", EDGEGATE_LOGS: "" };
  const { code, stdout, stderr } = await run(program === "node" ? node() : program, args, {
    cwd: TREE,
    capture: true,
    env,
  });
  return { code, text: `${stdout}\n${stderr}` };
}
