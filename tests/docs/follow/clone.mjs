// Makes a copy of the project in another folder. The copy is in the state in which a reader has the
// project after `git clone` and a first build. Other programs on this machine might use the ports
// that the documents name. Therefore the ports in the copy are replaced with free ports.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { inRoot } from "../../../scripts/project/root.mjs";
import { node } from "../../../scripts/project/tools.mjs";
import { freePort } from "../../browser/edgegate.mjs";
import { readersEnvironment } from "./terminal.mjs";

// The ports that the documents and examples name.
const PORTS = [8787, 8788, 8790, 8791, 8080, 3000, 5173];
// The files that `npm start` builds from the sources. A build takes minutes, so the copy gets the
// results of the project's own build. It also gets the stamps, which are files that say from which
// sources the results were built.
const BUILT = ["build", "dist", "www/edgegate", "www/openapi.yaml", "npm/edgegate/wasm"];
// Folders that are copied as hard links if the file system allows it. If a file in the copy is
// deleted, the project still has it.
const INSTALLED = ["node_modules", ".tools"];
// Files in which the ports are replaced. The first file contains the default port of `npm start`,
// and the second contains the default port of the command `edgegate`.
const WITH_PORTS = new Set([
  "scripts/project/dev-arguments.mjs",
  "npm/edgegate-worker/cli/lib/service.js",
  "wrangler.toml",
]);
const hasPorts = (path) => WITH_PORTS.has(path) || path.startsWith("examples/");

/** @returns {Promise<Clone>} */
export async function makeClone() {
  const folder = mkdtempSync(join(tmpdir(), "edgegate-reader-"));
  // Let other users read the folder: nginx runs as another user and serves the example from this
  // folder.
  chmodSync(folder, 0o755);
  const root = join(folder, "edgegate");
  const home = join(folder, "home");
  mkdirSync(home);
  const ports = new Map();
  for (const port of PORTS) ports.set(port, await freePort());
  const move = (text) => text.replace(/\b\d{4}\b/g, (port) => ports.get(Number(port)) ?? port);

  for (const path of filesOfProject()) {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    // Copy symbolic links as links. If a link were missing, `npm start` would find that the sources
    // have changed since the build, and would spend minutes on a new build.
    cpSync(inRoot(path), target, { verbatimSymlinks: true });
    if (hasPorts(path)) writeFileSync(target, move(readFileSync(target, "utf8")));
  }
  const git = (...args) => {
    const { status, stdout, stderr } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  git("init", "--quiet");
  git("add", "--all");
  const author = ["-c", "user.name=reader", "-c", "user.email=reader@example.com"];
  git(...author, "commit", "--quiet", "--no-gpg-sign", "--message", "As cloned");
  for (const path of BUILT)
    if (existsSync(inRoot(path))) cpSync(inRoot(path), join(root, path), { recursive: true });
  for (const path of INSTALLED) copyTree(inRoot(path), join(root, path));
  return {
    root,
    home,
    move,
    port: (port) => ports.get(port) ?? port,
    origin: `http://127.0.0.1:${ports.get(8787)}`,
    environmentFor: (document) => environmentFor(readFileSync(join(root, document), "utf8"), home),
    /** Returns the new and changed files, as `git status` lists them. */
    changes: () => git("status", "--porcelain", "--untracked-files=all").trim(),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/**
 * @typedef {object} Clone
 * @property {string} root
 * @property {string} home
 * @property {(text: string) => string} move replaces the ports in a text with free ports
 * @property {(port: number) => number} port
 * @property {string} origin the address at which `npm start` answers
 * @property {(document: string) => NodeJS.ProcessEnv} environmentFor returns environment variables
 *   for a reader of the document, so that the reader has a version of Node that is new enough for
 *   the document
 * @property {() => string} changes
 * @property {() => void} remove
 */

function copyTree(from, to) {
  for (const options of ["-al", "-a"]) {
    if (spawnSync("cp", [options, from, to]).status === 0) return;
    rmSync(to, { recursive: true, force: true });
  }
  throw new Error(`${from} can't be copied to ${to}`);
}

/** Returns every file and link that git tracks, and those that `git add` would add. */
function filesOfProject() {
  const { status, stdout, stderr } = spawnSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: inRoot(), encoding: "utf8", maxBuffer: 1e8 },
  );
  if (status !== 0) throw new Error(`git ls-files: ${stderr}`);
  const isCopied = (path) => existsSync(inRoot(path)) && !lstatSync(inRoot(path)).isDirectory();
  return stdout.split("\0").filter((path) => path !== "" && isCopied(path));
}

/**
 * If the text says, for example, "You need Node 22", and the Node of this machine is older, puts
 * the project's own Node into the PATH.
 */
function environmentFor(text, home) {
  const [, needed] = /You need Node (\d+)/.exec(text) ?? [];
  const { PATH } = readersEnvironment(home);
  const { stdout } = spawnSync("node", ["--version"], { encoding: "utf8", env: { PATH } });
  if (!needed || Number(/\d+/.exec(stdout)?.[0]) >= Number(needed)) return {};
  const bin = join(home, "node-bin");
  mkdirSync(bin, { recursive: true });
  if (!existsSync(join(bin, "node"))) symlinkSync(node(), join(bin, "node"));
  return { PATH: `${bin}${delimiter}${PATH}` };
}
