// Copies the files of the template to the project's folder. Files that exist already are not
// overwritten.
import { randomInt } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Refusal } from "./refusal.js";

const TEMPLATE = fileURLToPath(new URL("template", import.meta.url));
const NAME = "my-auth";
const PACKAGE = "edgegate-worker";
// npm never packs files that are named .gitignore or .npmrc. So these files have other names in the
// packed template: the names on the left.
const RENAMED = new Map([
  ["_gitignore", ".gitignore"],
  ["_npmrc", ".npmrc"],
]);
// Files and folders with these names are ignored when the program checks whether the project's
// folder is empty.
const IGNORED = new Set([".git", ".DS_Store", "package.json.new"]);
// The maximum length of the project's name. The names of the project's queues contain the project's
// name. The longest name of a queue is <name>-staging-notices-dead, and Cloudflare allows at most
// 63 characters in a queue's name.
const NAME_CHARS = 40;

/**
 * @param {string} to the folder
 * @param {{ store: "durable" | "kv", packed?: string }} options `packed`: the tarball of
 *   edgegate-worker
 */
export function copyTemplate(to, { store, packed }) {
  const folder = resolve(to);
  refuseForeignFolder(folder);
  const manifest = join(folder, "package.json");
  // If an earlier run has written package.json, this run uses the name in that file.
  const earlier = existsSync(manifest)
    ? JSON.parse(readFileSync(manifest, "utf8")).name
    : undefined;
  const name = nameFor(typeof earlier === "string" ? earlier : folder);
  // package.json is written first. If this run is interrupted, package.json shows the next run that
  // the folder belongs to a project of edgegate, and not to something else.
  const files = filesOf(TEMPLATE).sort((a, b) => rank(a) - rank(b));
  const written = [];
  for (const from of files) {
    const path = RENAMED.get(from) ?? from;
    const text = readFileSync(join(TEMPLATE, from), "utf8");
    const wanted = textFor(path, text.replaceAll(NAME, name), { store, packed });
    if (writeNew(join(folder, path), wanted)) written.push(path);
  }
  return { folder, written };
}

/** @param {string} path */
const rank = (path) => (path === "package.json" ? 0 : 1);

/** @param {string} folder */
function refuseForeignFolder(folder) {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw new Refusal(`${folder} is a file: name a folder.`);
  const found = readdirSync(folder).filter((name) => !IGNORED.has(name));
  if (found.length === 0 || isOurs(folder)) return;
  throw new Refusal(
    `${folder} is not empty (it has ${found.slice(0, 3).join(", ")}) and is not a project of ${PACKAGE}: name a new folder. Nothing was written.`,
  );
}

/** @param {string} folder */
function isOurs(folder) {
  try {
    const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return dependencies?.[PACKAGE] !== undefined;
  } catch {
    return false;
  }
}

/**
 * Makes a name for the Worker and its npm package from the name of the folder. It consists of
 * lower-case letters, digits and hyphens.
 *
 * @param {string} folder
 */
export function nameFor(folder) {
  const plain = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, NAME_CHARS)
    .replace(/^-+|-+$/g, "");
  if (plain === "") return NAME;
  // npm refuses to install a package in a project that has the same name as the package.
  return [PACKAGE, "wrangler"].includes(plain) ? `my-${plain}` : plain;
}

/**
 * The text of a file of the template, adapted to this project.
 *
 * @param {string} path
 * @param {string} text
 * @param {{ store: "durable" | "kv", packed?: string }} options
 */
function textFor(path, text, { store, packed }) {
  if (path === "package.json" && packed !== undefined) {
    const manifest = JSON.parse(text);
    manifest.dependencies[PACKAGE] = `file:${resolve(packed)}`;
    return `${JSON.stringify(manifest, null, 2)}\n`;
  }
  if (path !== "wrangler.jsonc") return text;
  const stored = store === "kv" ? withKv(text) : text;
  return withOwnLimits(stored);
}

/**
 * Changes the configuration so that sessions are stored in Workers KV.
 *
 * @param {string} text
 */
const withKv = (text) =>
  text
    .replaceAll('"SESSION_STORE": "durable"', '"SESSION_STORE": "kv"')
    .replaceAll('// "kv_namespaces":', '"kv_namespaces":');

/**
 * Replaces the ids of the template's rate limits by consecutive numbers with a random start. If two
 * Workers of a Cloudflare account used the same id, Cloudflare would count their requests together.
 *
 * @param {string} text
 */
function withOwnLimits(text) {
  const first = randomInt(10_000, 1_000_000_000);
  let next = first;
  return text.replace(/"namespace_id": "\d+"/g, () => `"namespace_id": "${next++}"`);
}

/**
 * Writes the file, unless it exists already. Returns whether the file was written.
 *
 * @param {string} path
 * @param {string} text
 */
function writeNew(path, text) {
  if (existsSync(path)) return false;
  mkdirSync(dirname(path), { recursive: true });
  // The text is first written to a file with another name, which is then renamed. So an interrupted
  // run leaves no half-written file at `path`.
  const whole = `${path}.new`;
  writeFileSync(whole, text);
  renameSync(whole, path);
  return true;
}

/** @param {string} folder */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
