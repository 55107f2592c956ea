// Lists the project's own files, for tests that read many of them.
import { readdirSync, statSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";

// Folders that are not listed. Their files are installed, built, generated, or written by other
// people.
const LEFT_OUT = new Set([
  ...[".git", ".tools", ".wrangler", "build", "dist", "node_modules", "target"],
  ...["corpus", "found", "vectors", "vendors", "wasm"],
]);
// Files that the build creates as copies of other files.
export const COPIES = ["www/edgegate", "www/openapi.yaml"];

/** Returns all files in a folder of the project. "" is the root of the project. */
export function filesUnder(folder) {
  return readdirSync(inRoot(folder)).flatMap((name) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (LEFT_OUT.has(name) || COPIES.includes(path)) return [];
    return statSync(inRoot(path)).isDirectory() ? filesUnder(path) : [path];
  });
}
