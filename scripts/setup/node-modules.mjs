// Installs node_modules from package-lock.json. Scripts can start before node_modules exists. So no
// script imports an npm package statically (with `import … from`).
import { existsSync, readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { Advice } from "../project/advice.mjs";
import { inRoot } from "../project/root.mjs";
import { run } from "../project/run.mjs";
import { node } from "../project/tools.mjs";

export const title = "npm packages";

export function isCurrent() {
  const installed = packagesOf("node_modules/.package-lock.json");
  const wanted = packagesOf("package-lock.json");
  if (!wanted)
    throw new Advice(
      "package-lock.json is missing or broken: run `git checkout package-lock.json`.",
    );
  if (!installed) return false;
  const names = Object.keys(wanted).filter((name) => name !== "");
  // A package is allowed to be missing only if it is optional: npm leaves out the optional packages
  // of other platforms.
  const same = names.every((name) =>
    installed[name] ? installed[name].version === wanted[name].version : wanted[name].optional,
  );
  return (
    same &&
    Object.keys(installed).every((name) => wanted[name]) &&
    existsSync(inRoot("node_modules/.bin/node"))
  );
}

export async function install() {
  // node_modules/.bin is removed from the PATH. Otherwise npm would run on the Node in that folder,
  // which npm is about to delete.
  const bin = inRoot("node_modules/.bin");
  const PATH = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== bin)
    .join(delimiter);
  const { code } = await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    env: { PATH },
  });
  if (code !== 0)
    throw new Advice(
      "`npm ci` failed, see above: it needs the npm registry; try again when that can be reached.",
    );
  node(); // says what to do when npm was told to run no install scripts
}

/**
 * @param {string} path
 * @returns {Record<string, { version: string, optional?: boolean }> | null}
 */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(inRoot(path), "utf8")).packages;
  } catch {
    return null;
  }
}
