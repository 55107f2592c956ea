// A stamp is a small file that stores a hash of the inputs with which a build step was last done.
// If the inputs still have this hash, the step can be skipped. `npm run check` uses the tool wireit
// for the same purpose. wireit can't be used here, because set-up needs stamps even if wireit is
// not installed, because wrangler also starts builds, and because a build depends on the versions
// of programs, not only on files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { inRoot } from "./root.mjs";

/**
 * @param {string} path
 * @param {string} value
 */
export const stampIs = (path, value) => {
  try {
    return readFileSync(inRoot(path), "utf8") === value;
  } catch {
    return false;
  }
};

/**
 * Removes the stamp. Call this before a step begins, so that an interrupted step is done again.
 *
 * @param {string} path
 */
export const clearStamp = (path) => rmSync(inRoot(path), { force: true });

/**
 * @param {string} path
 * @param {string} value
 */
export function setStamp(path, value) {
  mkdirSync(dirname(inRoot(path)), { recursive: true });
  writeFileSync(inRoot(path), value);
}
