// Runs other programs, and makes sure that they end when this one ends: on Ctrl-C, SIGTERM, SIGHUP,
// or when the parent (usually npm) is gone. A killed npm does not pass the signal on, so this
// module watches whether the parent still runs. The library execa is not used for two reasons: the
// repository's set-up runs programs before node_modules exists, and when a script is killed, the
// programs that it started must also end (tests/setup/stopping.test.mjs).
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const LEASH = fileURLToPath(new URL("leash.js", import.meta.url));
const PARENT_CHECK_MS = 250;
/** How long a function given to `whenStopped` may take. */
const CLEAR_MS = 5000;
/** @typedef {"stdout" | "stderr"} Output */
/** @type {Output[]} */
const OUTPUTS = ["stdout", "stderr"];

/** @type {NodeJS.Signals[]} */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** @type {Set<() => Promise<unknown>>} */
const running = new Set();
let stopping = false;
let guarded = false;

/**
 * @typedef {object} RunOptions
 * @property {NodeJS.ProcessEnv} [env] added to this process's environment
 * @property {string} [cwd] the folder in which the command runs; by default that of this process
 * @property {boolean | "stdout" | "stderr"} [capture] which output is returned as text; the rest
 *   goes straight to the terminal
 * @property {boolean} [echo] also prints the captured output
 * @property {boolean} [toStderr] sends the command's standard output to standard error
 */

/** @typedef {{ code: number, stdout: string, stderr: string }} Result */

/**
 * Starts a command. `done` resolves at its end. `stop()` ends it and everything that it started.
 *
 * @param {string} command
 * @param {string[]} [args]
 * @param {RunOptions} [options]
 * @returns {{ done: Promise<Result>, stop: () => Promise<unknown> }}
 */
export function start(
  command,
  args = [],
  { env = {}, cwd = process.cwd(), capture = false, echo = false, toStderr = false } = {},
) {
  guard();
  if (stopping) return { done: new Promise(() => {}), stop: async () => {} };
  const captured = OUTPUTS.filter((name) => capture === true || capture === name);
  const to = (/** @type {Output} */ name) => {
    if (captured.includes(name)) return "pipe";
    return name === "stdout" && toStderr ? 2 : "inherit";
  };
  const leash = spawn(process.execPath, [LEASH, command, ...args], {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", to("stdout"), to("stderr"), "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  for (const name of captured) {
    leash[name]?.setEncoding("utf8").on("data", (chunk) => {
      text[name] += chunk;
      if (echo) process[name].write(chunk);
    });
  }
  const pipe = /** @type {import("node:net").Socket} */ (leash.stdio[3]);
  // If the process `leash` ends before this process closes the pipe, this is not an error.
  pipe.on("error", () => {});

  /** @type {Promise<Result>} */
  const ended = new Promise((resolve, reject) => {
    leash.on("error", reject);
    leash.on("exit", () => killGroup(leash.pid)); // ends what a crashed wrangler left running
    leash.on("close", (code, signal) => resolve({ code: code ?? exitCode(signal), ...text }));
  });
  const stop = () => {
    pipe.destroy();
    return ended;
  };
  running.add(stop);
  const done = ended.then((result) => {
    running.delete(stop);
    // While this process is being stopped, the promise never resolves. Otherwise a command that was
    // stopped would look like a command that failed.
    return stopping ? new Promise(() => {}) : result;
  });
  return { done, stop };
}

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {string[]} [args]
 * @param {RunOptions} [options]
 */
export const run = (command, args, options) => start(command, args, options).done;

/**
 * Runs a command that should succeed. Returns what it printed to standard output, without the white
 * space around it. Returns null if it failed or does not exist.
 *
 * @param {string} command
 * @param {string[]} [args]
 * @param {RunOptions} [options]
 */
export async function output(command, args, options) {
  const { code, stdout } = await run(command, args, { ...options, capture: true });
  return code === 0 ? stdout.trim() : null;
}

/**
 * After this call, this process ends when its parent ends or when it gets SIGINT, SIGTERM or
 * SIGHUP. Before it ends, it stops everything that it started.
 */
export function guard() {
  if (guarded) return;
  guarded = true;
  const parent = process.ppid;
  for (const signal of SIGNALS) {
    process.on(signal, () => stopAll(exitCode(signal)));
  }
  setInterval(() => {
    if (process.ppid !== parent) stopAll(exitCode("SIGHUP"));
  }, PARENT_CHECK_MS).unref();
  // If the program that reads this process's output has ended, such as a killed npm or `head`,
  // writing must not crash this process.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

/**
 * Registers `clear` to be called when this process is stopped, such as by Ctrl-C. Returns a
 * function that cancels the registration.
 *
 * @param {() => Promise<unknown>} clear must not run other programs, and may take five seconds
 */
export function whenStopped(clear) {
  const bounded = () => Promise.race([clear(), sleep(CLEAR_MS)]);
  running.add(bounded);
  return () => void running.delete(bounded);
}

/** @param {number} code */
async function stopAll(code) {
  if (stopping) return;
  stopping = true;
  await Promise.allSettled([...running].map((stop) => stop()));
  process.exit(code);
}

/** @param {number | undefined} pid */
function killGroup(pid) {
  try {
    if (pid) process.kill(-pid, "SIGKILL");
  } catch {
    // No process of the group was left.
  }
}

/**
 * The exit code that shells report for a process that was ended by this signal.
 *
 * @param {NodeJS.Signals | null} signal
 */
const exitCode = (signal) => 128 + (signal ? constants.signals[signal] : 0);
