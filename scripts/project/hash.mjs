// Hashes files. A build step compares the hash with an earlier one to find out whether anything has
// changed since the step was last done.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./root.mjs";

/**
 * Returns one hash of several files and folders (paths relative to the project's root) and of
 * further texts. Paths that do not exist are ignored.
 *
 * @param {string[]} paths
 * @param {(string | null)[]} [texts]
 */
export function hashOf(paths, texts = []) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap(filesOf)) {
    hash.update(`${file}\0`);
    hash.update(
      createHash("sha256")
        .update(readFileSync(inRoot(file)))
        .digest(),
    );
  }
  for (const text of texts) hash.update(`\0${text}`);
  return hash.digest("hex");
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesOf(path) {
  if (!existsSync(inRoot(path))) return [];
  if (!statSync(inRoot(path)).isDirectory()) return [path];
  return readdirSync(inRoot(path))
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}
