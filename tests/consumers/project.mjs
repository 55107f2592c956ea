// Creates projects in folders below target/consumers. A project can import the package, which is
// unpacked from the packed tarball, and can use tools with pinned versions.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inRoot } from "../../scripts/project/root.mjs";
import { run } from "../../scripts/project/run.mjs";
import { node, toolEnv } from "../../scripts/project/tools.mjs";
import { openPage, startBrowser } from "../browser/browser.mjs";
import { tarball } from "../package/package.mjs";
import { startSite } from "../package/site.mjs";
import { makeGiven } from "./given.mjs";

const WORK = "target/consumers";
const HERE = "tests/consumers";
const READY_MS = 120_000;

/** Environment variables for the tools. They switch off telemetry and colours. */
const QUIET = {
  ASTRO_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  PARCEL_DISABLE_TELEMETRY: "1",
  CI: "1",
  FORCE_COLOR: "0",
  // Node's test runner sets this variable for the programs that it starts. If a tool is a test
  // runner too, this variable would make it act as a part of the outer test run.
  NODE_TEST_CONTEXT: undefined,
};

/**
 * Installs a group of tools from its lock file, unless it is installed already. Then unpacks the
 * package's tarball into the same node_modules. Returns the folder.
 */
export async function install(group) {
  const from = inRoot(HERE, "installs", group);
  const to = inRoot(WORK, group);
  const names = ["package.json", "package-lock.json"];
  const hash = createHash("sha256");
  for (const name of names) hash.update(readFileSync(join(from, name)));
  const wanted = hash.digest("hex");
  const stamp = join(to, "installed");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to, { recursive: true });
    for (const name of names) cpSync(join(from, name), join(to, name));
    await must("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: to });
    writeFileSync(stamp, wanted);
  }
  const edgegate = join(to, "node_modules/edgegate");
  rmSync(edgegate, { recursive: true, force: true });
  mkdirSync(edgegate, { recursive: true });
  await must("tar", ["-xzf", await tarball(), "--strip-components=1", "-C", edgegate]);
  return to;
}

export const versionIn = (group, name) =>
  JSON.parse(readFileSync(inRoot(WORK, group, "node_modules", name, "package.json"), "utf8"))
    .version;

/**
 * Creates a project with the tools of `group`. A new project contains check.mjs and given.mjs, and
 * its own package.json unless `isWhole` is true. `cleanUp` is a list of functions that the caller
 * must call at the end.
 *
 * - `write(name, text)`, `copy(folder)`: add files to the project. `clear(…)`: deletes files.
 * - `read(name)`: reads a JSON file. `module(…)`: returns a path in node_modules.
 * - `tool(path, ...args)`: runs a script of the installed tools in Node.
 * - `exec(command, args, env)`: runs a program. `tool` and `exec` throw if the program fails.
 * - `start(command, args, ready)`: starts a server. Returns the text in the server's output that
 *   `ready` matched.
 * - `browse(folder, pages)`, `open(url)`: open a page, and return the outcome. The page's script
 *   stores the outcome in `globalThis.outcome`.
 */
export async function makeProject(name, group, { type = "module", isWhole = false } = {}) {
  const installed = await install(group);
  // Some frameworks require that the root of the project is the folder that contains node_modules.
  const folder = isWhole ? installed : join(installed, name);
  if (!isWhole) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const path = (...parts) => join(folder, ...parts);
  const write = (file, text) => {
    mkdirSync(dirname(path(file)), { recursive: true });
    writeFileSync(path(file), text);
    return path(file);
  };
  if (!isWhole) write("package.json", JSON.stringify({ name, private: true, type }));
  const given = JSON.stringify(makeGiven());
  write("given.mjs", `export default ${given};\n`);
  write("check.mjs", readFileSync(inRoot(HERE, "check.mjs"), "utf8"));
  if (type === "commonjs") {
    write("given.cjs", `module.exports = ${given};\n`);
    write("check.cjs", asCommonJs(readFileSync(inRoot(HERE, "check.mjs"), "utf8")));
  }
  const cleanUp = [];
  const env = { ...toolEnv(), ...QUIET };
  const exec = (command, args, more = {}) =>
    must(command, args, { cwd: folder, env: { ...env, ...more } });
  const open = async (url) => outcomeOf(cleanUp, url);
  return {
    folder,
    path,
    write,
    cleanUp,
    exec,
    open,
    copy: (from) => cpSync(inRoot(HERE, "projects", from), folder, { recursive: true }),
    clear: (...names) =>
      names.forEach((each) => void rmSync(path(each), { recursive: true, force: true })),
    read: (file) => JSON.parse(readFileSync(path(file), "utf8")),
    module: (...parts) => join(installed, "node_modules", ...parts),
    tool: (script, ...args) => exec(node(), [join(installed, "node_modules", script), ...args]),
    start: (command, args, ready, more = {}) =>
      startServer(cleanUp, command, args, ready, { cwd: folder, env: { ...env, ...more } }),
    async browse(dist, pages = {}, options = {}) {
      const site = await startSite(
        { after: (work) => cleanUp.push(work) },
        { pages, folders: { "/": path(dist) }, ...options },
      );
      return open(`${site.origin}/`);
    },
  };
}

const asCommonJs = (text) =>
  text.replace(/export async function (\w+)/, "exports.$1 = $1;\nasync function $1");

let browser;
/** All consumers share one browser. */
const theBrowser = () => (browser ??= startBrowser());
export const closeBrowser = async () => (await browser)?.close();

/**
 * Opens the page at `url`, and returns the value that its script stores in `globalThis.outcome`.
 */
async function outcomeOf(cleanUp, url) {
  const { origin, pathname } = new URL(url);
  const page = await openPage({ after: (work) => cleanUp.push(work) }, await theBrowser(), origin);
  await page.goto(pathname);
  await page.waitForFunction(() => globalThis.outcome !== undefined);
  return page.evaluate(() => globalThis.outcome);
}

/** Starts a server and waits for the line of output that says that the server is ready. */
async function startServer(cleanUp, command, args, ready, options) {
  const server = spawn(command, args, {
    ...options,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => server.once("close", resolve));
  cleanUp.push(async () => {
    try {
      process.kill(-Number(server.pid), "SIGKILL");
    } catch {
      // The server has ended already.
    }
    await ended;
  });
  let printed = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready:\n${printed}`)), READY_MS);
    const settle = (how, value) => {
      clearTimeout(timer);
      how(value);
    };
    for (const stream of [server.stdout, server.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        printed += text;
        const found = printed.match(ready);
        if (found) settle(resolve, found);
      });
    server.once("error", (error) => settle(reject, error));
    ended.then(() => settle(reject, new Error(`ended:\n${printed}`)));
  });
}

async function must(command, args, options) {
  const { code, stdout, stderr } = await run(command, args, { ...options, capture: true });
  if (code !== 0)
    throw new Error(`${command} ${args.join(" ")} failed (${code}):\n${stdout}${stderr}`);
  return stdout;
}
