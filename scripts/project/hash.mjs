// Hashes files, to find out whether anything has changed since a step was last done.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./root.mjs";

/**
 * One hash of files and folders, given by their paths in the project, and of further texts. A
 * missing file adds nothing.
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
