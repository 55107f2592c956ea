// `npm run bench:instructions`: callgrind counts the instructions that each case of bench/native
// executes. The counts are compared with the recorded counts in bench/instructions.json. Unlike
// times, the counts don't depend on other work on the machine. The comparison fails if a case
// executes over 10 % more instructions than recorded, if it has no record, or if a recorded case no
// longer exists.
//
// If a change of the code makes a case slower for a good reason, record the counts again. Commit
// bench/instructions.json together with the change, and give the reason:
//   npm run bench:instructions -- --record
//
// The record is valid for one target and one compiler, because another compiler generates other
// code. With another compiler this command fails and says what to do. After an update of Rust,
// check out the commit before the update and record its counts with the new compiler.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Advice, main } from "../scripts/project/advice.mjs";
import { parsed } from "../scripts/project/arguments.mjs";
import { inRoot, root } from "../scripts/project/root.mjs";
import { output, run } from "../scripts/project/run.mjs";
import { setUp } from "../scripts/setup/index.mjs";
import * as rust from "../scripts/setup/rust.mjs";
import { valgrind } from "../scripts/setup/valgrind.mjs";
import { count } from "../tests/count.mjs";

const RECORD = "bench/instructions.json";
const TARGET_DIR = "target/native";
const OUT = "target/instructions";
// How many calls of each case are counted. The case "token-seen-before" needs this number: it looks
// up each of VERIFIED_TOKENS_MAX tokens once.
const CALLS = 256;
// By which share a count may exceed the record. Between runs on one machine, the counts differ by
// at most 0.1 %. On another processor they differ by up to 5 %, because memcpy uses other
// instructions. The malloc of another C library changes them too.
const TOLERANCE = 0.1;
const AT_ONCE = 2;

await main(async () => {
  const { values } = parsed(
    { options: { record: { type: "boolean", default: false } } },
    "use it as `npm run bench:instructions`, or with `-- --record` to write bench/instructions.json",
  );
  if (process.platform !== "linux")
    throw new Advice(`instructions are counted on Linux only, and this is ${process.platform}.`);
  await setUp([rust]);
  const record = values.record ? null : readRecord();
  const made = await madeBy();
  if (record) refuseOther(record, made);
  const callgrind = await valgrind();
  const program = await build();
  const counted = await countAll(callgrind, program);
  if (values.record) {
    writeFileSync(
      inRoot(RECORD),
      `${JSON.stringify({ ...made, instructions: rounded(counted) }, null, 2)}\n`,
    );
    console.log(`${table(counted, {})}\n\nwritten to ${RECORD}`);
    return 0;
  }
  return judge(counted, record);
});

/**
 * Builds the program in a target folder of its own. The build uses other compiler flags; in the
 * usual target folder, they would make cargo build everything else again.
 */
async function build() {
  const { code } = await run(
    "cargo",
    [
      "build",
      "--locked",
      "--package",
      "edgegate-bench",
      "--profile",
      "bench",
      "--bin",
      "instructions",
      "--target-dir",
      inRoot(TARGET_DIR),
    ],
    {
      // With this flag, the program uses the same arithmetic as the Worker, on processors with and
      // without AVX2.
      env: {
        RUSTFLAGS: '--cfg curve25519_dalek_backend="serial"',
        CARGO_ENCODED_RUSTFLAGS: undefined,
      },
    },
  );
  if (code !== 0) throw new Advice("bench/native could not be built, see above.");
  return `${TARGET_DIR}/release/instructions`;
}

/** The target and the version of the compiler. The counts depend on these and on the sources. */
async function madeBy() {
  const [compiler, lines] = await Promise.all([
    output("rustc", ["--version"]),
    output("rustc", ["-vV"]),
  ]);
  return { architecture: lines?.match(/^host: (.+)$/m)?.[1], rustc: compiler };
}

async function countAll(callgrind, program) {
  const names = (await output(inRoot(program)))?.split("\n") ?? [];
  if (names.length === 0) throw new Advice(`${program} names no case.`);
  mkdirSync(inRoot(OUT), { recursive: true });
  const counted = new Map(names.map((name) => [name, 0]));
  const queue = [...names];
  const worker = async () => {
    for (let name = queue.shift(); name; name = queue.shift())
      counted.set(name, await instructions(callgrind, program, name));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return counted;
}

/**
 * How many instructions one call of a case executes. Only instructions in the function
 * `measured_calls` and in the functions that it calls are counted.
 */
async function instructions(callgrind, program, name) {
  const options = [
    "--tool=callgrind",
    "--toggle-collect=*measured_calls*",
    `--callgrind-out-file=${OUT}/${name}.out`,
  ];
  // `env -i` runs the program without environment variables, because VALGRIND_OPTS and the
  // variables that tune the C library would change the count.
  const { code, stderr } = await run(
    "env",
    ["-i", callgrind, ...options, program, name, `${CALLS}`],
    { cwd: root, capture: true },
  );
  const total = Number(stderr.match(/Collected : (\d+)/)?.[1] ?? 0);
  // If the compiler has given the function `measured_calls` another name, the total is 0.
  if (code !== 0 || total === 0) throw new Advice(`${name} was not counted:\n${stderr}`);
  return total / CALLS;
}

function readRecord() {
  try {
    return JSON.parse(readFileSync(inRoot(RECORD), "utf8"));
  } catch (error) {
    throw new Advice(
      `${RECORD} can't be read (${/** @type {Error} */ (error).message}): write it by \`npm run bench:instructions -- --record\`.`,
    );
  }
}

/**
 * Fails if the record is from another target or compiler, because counts of different targets or
 * compilers can't be compared. It does not just skip the comparison, because that would look like
 * success.
 */
function refuseOther(record, made) {
  if (record.architecture !== made.architecture) {
    throw new Advice(
      `${RECORD} is of ${record.architecture}, and this machine is ${made.architecture}: count on such a machine, or leave this step out by \`npm test -- --only\`.`,
    );
  }
  if (record.rustc === made.rustc) return;
  const [version] = record.rustc.match(/\d+\.\d+\.\d+/);
  throw new Advice(
    `${RECORD} is of ${record.rustc}, and this is ${made.rustc}. Count with the recorded compiler: \`rustup toolchain install ${version} --target wasm32-unknown-unknown\`, ` +
      `then \`RUSTUP_TOOLCHAIN=${version} npm run bench:instructions\`. Or, to go on with ${made.rustc}: \`npm run bench:instructions -- --record\` on the commit before your change.`,
  );
}

function judge(counted, { instructions }) {
  console.log(table(counted, instructions));
  const names = [...counted.keys()];
  const unknown = names.filter((name) => !Object.hasOwn(instructions, name));
  const slower = names.filter((name) => counted.get(name) > instructions[name] * (1 + TOLERANCE));
  const faster = names.filter((name) => counted.get(name) < instructions[name] * (1 - TOLERANCE));
  const gone = Object.keys(instructions).filter((name) => !counted.has(name));
  const tell = (list, text) => list.length > 0 && console.log(`\n${list.join(", ")}: ${text}`);
  tell(
    slower,
    `more than ${TOLERANCE * 100} % above the record. Where: \`callgrind_annotate ${OUT}/${slower[0]}.out\`. If it is meant: \`npm run bench:instructions -- --record\`, and the reason in the commit.`,
  );
  tell(unknown, "without a record: `npm run bench:instructions -- --record`.");
  tell(gone, `in ${RECORD} and no case any more: \`npm run bench:instructions -- --record\`.`);
  tell(
    faster,
    `more than ${TOLERANCE * 100} % below the record. Record it, or that much may be lost again unseen.`,
  );
  const wrong = new Set([...slower, ...unknown, ...gone]);
  const outcome =
    wrong.size === 0
      ? `none more than ${TOLERANCE * 100} % above its record`
      : `FAILED: ${[...wrong].join(", ")}`;
  const line = `${names.length} cases counted in instructions, ${outcome}`;
  console.log(`\n${line}`);
  count("instructions", line);
  return wrong.size === 0 ? 0 : 1;
}

function rounded(counted) {
  return Object.fromEntries([...counted].map(([name, number]) => [name, Math.round(number)]));
}

function table(counted, recorded) {
  const widest = Math.max(...[...counted.keys()].map((name) => name.length));
  const number = (value) => Math.round(value).toLocaleString("en").padStart(12);
  const line = ([name, value]) => {
    const before = recorded[name];
    const percent = (value / before - 1) * 100;
    const change = percent.toFixed(1);
    const beside =
      before === undefined
        ? ""
        : `${number(before)} ${`${percent >= 0.05 ? "+" : ""}${change}`.replace("-0.0", "0.0").padStart(7)} %`;
    return `${name.padEnd(widest)} ${number(value)} ${beside}`.trimEnd();
  };
  return [
    `${"".padEnd(widest)} ${"now, a call".padStart(12)} ${"recorded".padStart(12)}   change`,
    ...[...counted].map(line),
  ].join("\n");
}
