// `npm run fuzz`: runs the fuzz targets with libFuzzer, guided by coverage, on stable Rust.
//   npm run fuzz                               all targets, ten seconds each
//   npm run fuzz -- ticket --seconds 300       one target, or several
//
// An input that makes a target fail is saved in fuzz/found/<target>. From then on, `cargo test`
// also tries this input, and fails until the fault is fixed. If targets are named, the inputs that
// reach new code without a failure are saved in target/fuzz/corpus, for the next run that names
// these targets.
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { count } from "../tests/count.mjs";
import { Advice, main } from "./project/advice.mjs";
import { parsed, wholeNumber } from "./project/arguments.mjs";
import { inRoot, root } from "./project/root.mjs";
import { output, run } from "./project/run.mjs";
import { cpp } from "./setup/cpp.mjs";

// The maximum length of the inputs for each target, in bytes. If the tested code rejects inputs
// above a certain length, most of these numbers are slightly above it, so that this limit is also
// tested.
/** @type {Record<string, number>} */
const TARGETS = {
  access_token: 4200,
  authorization: 8300,
  body: 16500,
  cookie: 16500,
  email: 300,
  json: 4096,
  key_set: 33000,
  mail_job: 1024,
  password_hash: 256,
  query: 1024,
  request: 16500,
  rpc: 4096,
  settings: 4096,
  ticket: 1700,
  values: 512,
};

// The compiler flags with which cargo-fuzz measures coverage. Its sanitizers are left out, because
// they need nightly Rust. With these flags, the program counts how often each edge of the control
// flow is taken, and reports the values of comparisons to libFuzzer.
const RUSTFLAGS = [
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
].join(" ");

const AT_ONCE = 2;
const TARGET_DIR = inRoot("target/fuzz");

await main(async () => {
  const { values, positionals: named } = parsed(
    { allowPositionals: true, options: { seconds: { type: "string" } } },
    "use it as `npm run fuzz -- <targets> --seconds 300`",
  );
  const seconds = wholeNumber("seconds", values.seconds) ?? 10;
  const unknown = named.filter((name) => !Object.hasOwn(TARGETS, name));
  if (unknown.length > 0)
    throw new Advice(
      `there is no target ${unknown.join(", ")}: choose from ${Object.keys(TARGETS).join(", ")}.`,
    );

  const program = await build();
  const waiting = named.length > 0 ? named : Object.keys(TARGETS);
  /** @type {{ name: string, passed: boolean, executions: number }[]} */
  const results = [];
  const queue = [...waiting];
  const worker = async () => {
    for (let name = queue.shift(); name; name = queue.shift())
      // If targets are named, the run continues with the inputs that earlier runs have saved in
      // target/fuzz/corpus. A run of all targets does not use these inputs, so that its result does
      // not depend on them.
      results.push(await fuzz(program, name, seconds, named.length > 0));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));

  const failed = results.filter(({ passed }) => !passed);
  const executions = results.reduce((sum, result) => sum + result.executions, 0);
  const outcome =
    failed.length === 0 ? "no panic" : `FAILED: ${failed.map(({ name }) => name).join(", ")}`;
  const line = `${executions.toLocaleString("en")} fuzz executions over ${results.length} targets, ${outcome}`;
  console.log(`\n${line}`);
  count("fuzz-executions", line);
  return failed.length === 0 ? 0 : 1;
});

/**
 * Builds all targets into one program. The program has a build folder of its own, because no other
 * build uses its compiler flags.
 */
async function build() {
  await cpp();
  const host = (await output("rustc", ["-vV"]))?.match(/^host: (.+)$/m)?.[1];
  if (!host) throw new Advice("`rustc -vV` names no host: is Rust installed?");
  // The option --target is given because cargo then does not use RUSTFLAGS for build scripts and
  // macros.
  const { code } = await run(
    "cargo",
    [
      "build",
      "--locked",
      "--package",
      "edgegate-fuzz",
      "--profile",
      "fuzz",
      "--target",
      host,
      "--target-dir",
      TARGET_DIR,
    ],
    { env: { RUSTFLAGS } },
  );
  if (code !== 0) throw new Advice("the fuzz targets could not be built, see above.");
  return join(TARGET_DIR, host, "fuzz/edgegate-fuzz");
}

/**
 * @param {string} program
 * @param {string} name
 * @param {number} seconds
 * @param {boolean} keeps whether new inputs are saved for the next run
 */
async function fuzz(program, name, seconds, keeps) {
  const corpus = join(TARGET_DIR, keeps ? "corpus" : "fresh", name);
  if (!keeps) rmSync(corpus, { recursive: true, force: true });
  const found = inRoot("fuzz/found", name);
  mkdirSync(corpus, { recursive: true });
  mkdirSync(found, { recursive: true });
  const before = new Set(readdirSync(found));
  const begun = performance.now();
  const { code, stderr } = await run(
    program,
    [
      corpus,
      inRoot("fuzz/corpus", name),
      found,
      `-max_total_time=${seconds}`,
      `-max_len=${TARGETS[name]}`,
      "-seed=1",
      "-timeout=5",
      "-rss_limit_mb=512",
      // With this limit of an hour, libFuzzer saves no inputs for being slow, only inputs that make
      // a target fail.
      "-report_slow_units=3600",
      `-artifact_prefix=${found}/`,
    ],
    { capture: true, env: { EDGEGATE_FUZZ_TARGET: name } },
  );
  const lines = stderr.split("\n");
  const cov = lines
    .filter((line) => line.includes(" cov: "))
    .map((line) => line.match(/^#(\d+)\s.* cov: (\d+) /))
    .filter((found) => found !== null);
  const executions = Number(cov.at(-1)?.[1] ?? 0);
  // If the program was built without the coverage counters, libFuzzer can only guess inputs, and
  // reports a coverage of at most one edge. Such a run is treated as failed.
  const passed = code === 0 && Number(cov.at(-1)?.[2] ?? 0) > 50;
  const took = ((performance.now() - begun) / 1000).toFixed(0);
  console.log(
    `${passed ? "ok  " : "FAIL"} ${name}: ${executions.toLocaleString("en")} executions in ${took} s, coverage ${cov[0]?.[2]} → ${cov.at(-1)?.[2]}`,
  );
  if (!passed) tell(name, lines, found, before);
  return { name, passed, executions };
}

/**
 * @param {string} name
 * @param {string[]} lines
 * @param {string} found
 * @param {Set<string>} before
 */
function tell(name, lines, found, before) {
  const at = lines.findIndex((line) => /panicked at|ERROR: libFuzzer/.test(line));
  console.log(lines.slice(Math.max(at, 0), at < 0 ? undefined : at + 12).join("\n"));
  for (const file of readdirSync(found).filter((file) => !before.has(file))) {
    const path = join(found, file);
    console.log(
      `kept in ${relative(root, path)}; base64:\n${readFileSync(path).toString("base64")}`,
    );
    console.log(
      `once it is mended: git add ${relative(root, path)}, and \`cargo test --test fuzz_inputs\` holds it; alone: npm run fuzz -- ${name} --seconds 1`,
    );
  }
}
