// Puts the pages and the migrations of this package into the project's folder. The project's
// configuration can't refer to them in node_modules, because in a workspace node_modules can be in
// another folder.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { inPackage } from "./package.js";
import { PREPARED } from "./project.js";

const PUBLIC = "public";
const HEADERS = "_headers";

/**
 * Copies pages and migrations to the project's folder `.edgegate`, and adds the project's own files
 * from `public/` to the pages. A file in `public/` replaces a page with the same name. The only
 * exception is the project's file `_headers`: it is appended to the `_headers` of this package, so
 * that the pages keep their security policies. Writes only what differs, because wrangler watches
 * these files. Returns how many files there are, and how many of them were written or deleted.
 *
 * @param {import("./project.js").Project} project
 */
export function prepareProject({ inProject }) {
  const pages = contentsOf(inPackage("www"));
  const own = existsSync(inProject(PUBLIC)) ? contentsOf(inProject(PUBLIC)) : new Map();
  for (const [name, content] of own) {
    const ours = name === HEADERS ? pages.get(name) : undefined;
    pages.set(name, ours ? Buffer.concat([ours, Buffer.from("\n"), content]) : content);
  }
  const migrations = contentsOf(inPackage("migrations"));
  const changed =
    replace(inProject(PREPARED, "www"), pages) +
    replace(inProject(PREPARED, "migrations"), migrations);
  return { pages: pages.size, migrations: migrations.size, changed };
}

/**
 * The contents of a folder's files, keyed by the path in the folder. Hidden files are left out.
 *
 * @param {string} folder
 * @returns {Map<string, Buffer>}
 */
function contentsOf(folder) {
  const files = filesOf(folder).filter((path) => !/(^|[/\\])\./.test(path));
  return new Map(
    files.map((path) => [path.replaceAll("\\", "/"), readFileSync(join(folder, path))]),
  );
}

/**
 * The paths of all files in a folder, including symbolic links to files.
 *
 * @param {string} folder
 */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => relative(folder, path))
    .sort();
}

/**
 * Makes a folder contain exactly these files. Returns how many were written or deleted.
 *
 * @param {string} folder
 * @param {Map<string, Buffer>} wanted
 */
function replace(folder, wanted) {
  mkdirSync(folder, { recursive: true });
  const stale = filesOf(folder).filter((path) => !wanted.has(path.replaceAll("\\", "/")));
  for (const path of stale) rmSync(join(folder, path), { force: true });
  const edited = [...wanted].filter(([path, content]) => !isSame(join(folder, path), content));
  for (const [path, content] of edited) {
    const to = join(folder, path);
    mkdirSync(dirname(to), { recursive: true });
    // Two builds can run at the same time. Each file is replaced by a rename, so neither build sees
    // a half-written file.
    const whole = join(dirname(folder), `${process.pid}.new`);
    writeFileSync(whole, content);
    renameSync(whole, to);
  }
  return stale.length + edited.length;
}

/**
 * @param {string} path
 * @param {Buffer} content
 */
function isSame(path, content) {
  try {
    return readFileSync(path).equals(content);
  } catch {
    return false;
  }
}
