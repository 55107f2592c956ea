// Programs that tests need in addition to Rust and Node. This module looks for them on this
// machine. If a program is missing, this module installs it, but only if the script runs as root on
// Debian.
import { Advice } from "../project/advice.mjs";
import { withLock } from "../project/lock.mjs";
import { output, run } from "../project/run.mjs";

/**
 * @typedef {object} Need a program
 * @property {(string | undefined)[]} names the names or paths to try, the preferred one first
 * @property {string[]} [otherwise] names that are good enough if the package can't be installed
 * @property {string} debianPackage
 * @property {string} advice the error message, for a person who has to install the program by hand
 * @property {(path: string) => Promise<boolean>} [suits] whether a program that was found is
 *   suitable
 */

/**
 * The path of a program. If the program is missing and the script runs as root on Debian, it is
 * installed.
 *
 * @param {Need} need
 */
export async function program(need) {
  // The lock is needed because test files run in parallel, but apt-get can't run twice at a time.
  return (
    (await find(need)) ??
    withLock("apt-get", async () => (await find(need)) ?? (await install(need)))
  );
}

/**
 * Says which Debian packages `npm test` is about to install, before it begins.
 *
 * @param {Need[]} needs
 */
export async function announce(needs) {
  if (!(await mayInstall())) return;
  const missing = [];
  for (const need of needs) if ((await find(need)) === null) missing.push(need.debianPackage);
  if (missing.length === 0) return;
  console.log(
    `This runs as root, so it will install these Debian packages with apt-get: ${[...new Set(missing)].join(", ")}.\n` +
      "To install them yourself or leave them out, press Ctrl-C and run this as another user: it then says what is missing.",
  );
}

/** @param {Need} need */
async function find({ names, suits = async () => true }, tried = names) {
  for (const name of tried) {
    if (!name) continue;
    const path = await output("/bin/sh", ["-c", 'command -v "$1"', "sh", name]);
    if (path && (await suits(path))) return path;
  }
  return null;
}

const mayInstall = async () =>
  process.getuid?.() === 0 && (await output("apt-get", ["--version"])) !== null;

/** @param {Need} need */
async function install(need) {
  if (await mayInstall()) {
    console.log(`\n▸ Set-up: installing the Debian package ${need.debianPackage}`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", need.debianPackage], {
      env,
    });
    const path = await find(need);
    if (path) return path;
  }
  const other = await find(need, need.otherwise ?? []);
  if (other) return other;
  throw new Advice(need.advice);
}
