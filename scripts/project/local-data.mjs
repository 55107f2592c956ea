// Deletes the folder in which `wrangler dev` stores local data, and finds the processes that use
// it.
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join, sep } from "node:path";
import { Advice } from "./advice.mjs";
import { output } from "./run.mjs";

/**
 * Keeps a file in the folder open until this process ends, so that `clear` finds this process and
 * does not delete the folder. Otherwise, between the migrations and the start of wrangler, no
 * process would have an open file in the folder.
 *
 * @param {string} folder
 */
export function hold(folder) {
  mkdirSync(folder, { recursive: true });
  openSync(join(folder, "in-use"), "w");
}

/**
 * Deletes a folder. Throws if a process has a file in the folder open.
 *
 * @param {string} folder
 * @param {string} name the folder's name for messages
 * @param {typeof usersOf} [users]
 */
export async function clear(folder, name, users = usersOf) {
  refuseInUse(await users(folder), name);
  // The folder is renamed first. A server that starts after the rename makes a new folder. A server
  // that started just before the rename has files open in the renamed folder, so the second check
  // finds this server.
  const leaving = `${folder}.deleting`;
  rmSync(leaving, { recursive: true, force: true });
  renameSync(folder, leaving);
  try {
    refuseInUse(await users(leaving), name);
  } catch (error) {
    renameSync(leaving, folder);
    throw error;
  }
  rmSync(leaving, { recursive: true });
}

/**
 * @param {{ pid: string, command: string }[]} users
 * @param {string} name
 */
function refuseInUse(users, name) {
  if (users.length === 0) return;
  const list = users.map(({ pid, command }) => `${command} (process ${pid})`).join(", ");
  throw new Advice(
    `${name} is in use by ${list}: stop the server with Ctrl-C in its terminal, then run this again. Nothing was deleted.`,
  );
}

/**
 * The processes that have a file in `folder` open, except this process.
 *
 * @param {string} folder
 */
export async function usersOf(folder) {
  const real = realpathSync(folder);
  const pids = existsSync("/proc/self/fd") ? byProc(real) : await byLsof(real);
  return pids
    .filter((pid) => pid !== `${process.pid}`)
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

/** @param {string} folder */
function byProc(folder) {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(folder + sep);
        } catch {
          return false; // closed in the meantime
        }
      });
    } catch {
      return false; // ended in the meantime, or another user's
    }
  });
}

/**
 * Finds the processes with lsof. This is for macOS, which has no /proc. lsof exits with 1 if it
 * finds nothing, and `|| true` turns that into a success.
 *
 * @param {string} folder
 */
export const byLsof = async (folder) =>
  ((await output("/bin/sh", ["-c", 'lsof -w -t +D "$1" || true', "sh", folder])) ?? "")
    .split("\n")
    .filter((pid) => pid !== "");

/** @param {string} pid */
function commandOf(pid) {
  try {
    const [program, script] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const last = (/** @type {string} */ path) => path.split("/").at(-1) ?? path;
    return last(program) === "node" && script ? last(script) : last(program);
  } catch {
    return "a process";
  }
}
