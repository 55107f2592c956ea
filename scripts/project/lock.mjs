// A lock that only one process at a time can hold. It prevents two runs of `npm start`, or a build
// by hand and a build by wrangler, from writing the same files at the same time. The library
// proper-lockfile is not used, because set-up takes the lock before node_modules is installed, and
// because the lock of a dead process must be free immediately.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { inRoot } from "./root.mjs";

const POLL_MS = 100;
const STEAL_MS = 10_000;

/**
 * Runs `body` while this process holds the lock `name`. If another process holds the lock, calls
 * `onWait` once, and waits.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} body
 * @param {() => void} [onWait]
 * @returns {Promise<T>}
 */
export async function withLock(name, body, onWait = () => {}) {
  mkdirSync(inRoot(".tools"), { recursive: true });
  const path = inRoot(".tools", `${name}.lock`);
  for (let told = false; !create(path); ) {
    if (removeStale(path)) continue;
    if (!told) onWait();
    told = true;
    await sleep(POLL_MS);
  }
  const release = () => remove(path);
  process.once("exit", release);
  try {
    return await body();
  } finally {
    process.off("exit", release);
    release();
  }
}

/**
 * Takes the lock if it is free. Returns whether it was free. The lock file contains the id and the
 * start time of the process that holds the lock. The id alone is not enough, because the system
 * gives the ids of ended processes to new processes.
 *
 * @param {string} path
 */
function create(path) {
  let file;
  try {
    file = openSync(path, "wx");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  }
  writeSync(file, `${process.pid} ${startOf(process.pid)}`);
  closeSync(file);
  return true;
}

/**
 * Removes a lock whose process is dead. Only one process may do this at a time. Otherwise one
 * process could remove the stale lock and take a new one, and a second process could remove this
 * new lock.
 *
 * @param {string} path
 */
function removeStale(path) {
  if (!isStale(path)) return false;
  const steal = `${path}.steal`;
  if (!create(steal)) {
    if (age(steal) > STEAL_MS) remove(steal);
    return false;
  }
  try {
    if (isStale(path)) remove(path);
    return true;
  } finally {
    remove(steal);
  }
}

/** @param {string} path */
function isStale(path) {
  let text;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return false;
  }
  // The lock file is empty for a moment after its creation, before its text is written. If it stays
  // empty, the process that created it died in that moment.
  if (text === "") return age(path) > STEAL_MS;
  const [pid, started] = text.split(" ");
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH") return true;
  }
  return started !== startOf(pid);
}

/**
 * When a process started, in clock ticks since boot. On systems without /proc, the result is always
 * "?", so only the ids of the processes are compared.
 *
 * @param {string | number} pid
 */
function startOf(pid) {
  if (!existsSync("/proc/self/stat")) return "?";
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return "gone";
  }
}

/** @param {string} path */
function age(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** @param {string} path */
function remove(path) {
  try {
    unlinkSync(path);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
  }
}
