// Lists the project's own files, for tests that read many of them.
import { readdirSync, statSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";

// Files that are installed, built, or written by others.
const LEFT_OUT = new Set([
  ...[".git", ".tools", ".wrangler", "build", "dist", "node_modules", "target"],
  ...["corpus", "found", "vectors", "vendors", "wasm"],
]);
// Files that the build copies.
export const COPIES = ["www/edgegate", "www/openapi.yaml"];

/** All files in a folder of the project; "" is the root. */
export function filesUnder(folder) {
  return readdirSync(inRoot(folder)).flatMap((name) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (LEFT_OUT.has(name) || COPIES.includes(path)) return [];
    return statSync(inRoot(path)).isDirectory() ? filesUnder(path) : [path];
  });
}
