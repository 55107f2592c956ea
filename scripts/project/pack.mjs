// Packs a folder as npm would publish it. The same files, packed by the same npm and Node, give a
// tarball with the same bytes on every machine.
import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Advice } from "./advice.mjs";
import { inRoot } from "./root.mjs";
import { output, run } from "./run.mjs";
import { lockedCrate, toolEnv } from "./tools.mjs";

const DIST = "dist";
export const LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"];

/**
 * The path of the tarball of a package in npm/.
 *
 * @param {string} name
 */
export function tarballOf(name) {
  const { version } = JSON.parse(readFileSync(inRoot("npm", name, "package.json"), "utf8"));
  return inRoot(DIST, `${name}-${version}.tgz`);
}

/**
 * Packs a folder into dist/. Removes the earlier tarballs of the package.
 *
 * @param {string} name the name of the package
 * @param {string} stage the folder, which contains exactly the files of the package
 */
export async function pack(name, stage) {
  const { bin = {} } = JSON.parse(readFileSync(inRoot(stage, "package.json"), "utf8"));
  setModes(inRoot(stage), new Set(Object.values(bin).map((path) => inRoot(stage, String(path)))));
  for (const file of readdirSync(inRoot(DIST)))
    if (new RegExp(`^${name}-\\d.*\\.tgz$`).test(file)) rmSync(inRoot(DIST, file));
  const { code, stderr } = await run(
    "npm",
    ["pack", "--ignore-scripts", "--pack-destination", inRoot(DIST)],
    { cwd: inRoot(stage), capture: true, env: toolEnv() },
  );
  if (code !== 0) throw new Advice(`npm can't pack ${name}:\n${stderr}`);
}

/**
 * Sets the file modes (permissions), so that they are the same on every machine. npm stores them in
 * the tarball, and in a git checkout they depend on the user's umask.
 *
 * @param {string} folder
 * @param {Set<string>} programs
 */
function setModes(folder, programs) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    chmodSync(path, entry.isDirectory() || programs.has(path) ? 0o755 : 0o644);
    if (entry.isDirectory()) setModes(path, programs);
  }
}

/**
 * The versions of the tools with which a package is built. With the same versions, the same sources
 * give a package with the same bytes.
 */
export async function builtWith() {
  const rustc = (await output("rustc", ["-vV"])) ?? "";
  const of = (/** @type {string} */ name) => new RegExp(`^${name}: (.+)$`, "m").exec(rustc)?.[1];
  const { devDependencies } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  return {
    rustc: of("release"),
    rustcCommit: of("commit-hash"),
    llvm: of("LLVM version"),
    wasmBindgen: lockedCrate("wasm-bindgen"),
    binaryen: devDependencies.binaryen,
    esbuild: devDependencies.esbuild,
  };
}
