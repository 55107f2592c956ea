// Creates a project from the template, with the same packages as `npm create edgegate` would
// install, and runs commands in it.
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { inRoot } from "../../scripts/project/root.mjs";
import { node } from "../../scripts/project/tools.mjs";

const REDIRECT = pathToFileURL(inRoot("tests/deploy/redirect.mjs")).href;
const COMMAND = "edgegate-worker/cli/edgegate.js";
const WRANGLER = "wrangler/bin/wrangler.js";
const LINKED = ["commander", "jsonc-parser", "@clack"];

/**
 * @param {import("node:test").TestContext} t
 * @param {{ store?: "durable" | "kv", edit?: (text: string) => string }} [options] `edit` changes
 *   the configuration
 */
export function makeProject(t, { store = "durable", edit = (text) => text } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "edgegate deploy "));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const path = (/** @type {string[]} */ ...parts) => join(folder, ...parts);
  const read = (/** @type {string} */ name) => readFileSync(path(name), "utf8");
  const write = (/** @type {string} */ name, /** @type {string} */ text) =>
    writeFileSync(path(name), text);
  cpSync(inRoot("template"), folder, {
    recursive: true,
    filter: (from) => !/node_modules|\.edgegate|\.wrangler|\.dev\.vars/.test(from),
  });
  install(path);
  const stored =
    store === "kv"
      ? read("wrangler.jsonc")
          .replaceAll('"SESSION_STORE": "durable"', '"SESSION_STORE": "kv"')
          .replaceAll('// "kv_namespaces":', '"kv_namespaces":')
      : read("wrangler.jsonc");
  write("wrangler.jsonc", edit(stored));
  const file = (/** @type {string} */ environment) => `.edgegate/secrets.${environment}.json`;
  return {
    folder,
    path,
    read,
    write,
    exists: (/** @type {string} */ name) => existsSync(path(name)),
    /**
     * Returns the secrets in the file on this machine. Returns an empty object if there is no file.
     */
    secrets: (environment = "production") =>
      existsSync(path(file(environment))) ? JSON.parse(read(file(environment))) : {},
    secretsPath: (environment = "production") => path(file(environment)),
    /** Returns the files in the folder, except those in node_modules. */
    files: () =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => !name.startsWith("node_modules")),
    run: (
      /** @type {string[]} */ args,
      /** @type {NodeJS.ProcessEnv} */ env,
      /** @type {{ kill?: Promise<unknown> }} */ options,
    ) => runCommand(folder, COMMAND, args, env, options),
    /**
     * Runs wrangler directly, without the command `edgegate`. The PATH contains node_modules/.bin,
     * as it does when npm runs a program. So wrangler finds the `build` command that its
     * configuration names.
     */
    runWrangler: (/** @type {string[]} */ args, /** @type {NodeJS.ProcessEnv} */ env) => {
      const PATH = [path("node_modules/.bin"), process.env.PATH].join(delimiter);
      return runCommand(folder, WRANGLER, args, { ...env, PATH });
    },
  };
}

/** Puts the built package and links to its dependencies into node_modules, where npm puts them. */
function install(path) {
  const modules = path("node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  cpSync(inRoot("dist/edgegate-worker"), join(modules, "edgegate-worker"), { recursive: true });
  for (const name of LINKED) {
    const own = inRoot("npm/edgegate-worker/node_modules", name);
    symlinkSync(existsSync(own) ? own : inRoot("node_modules", name), join(modules, name));
  }
  symlinkSync(inRoot("node_modules/wrangler"), join(modules, "wrangler"));
  symlinkSync("../edgegate-worker/cli/edgegate.js", join(modules, ".bin/edgegate"));
}

/**
 * Runs a program from the project's node_modules. The program runs in the project's folder and
 * without npm. Waits until the program ends. When the promise `kill` resolves, the program is
 * killed. The programs that it has started get no signal here: leash.js stops them.
 *
 * @param {string} folder
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {{ kill?: Promise<unknown> }} [options]
 * @returns {Promise<{ code: number | null, text: string, stdout: string }>}
 */
function runCommand(folder, program, args, env = {}, { kill } = {}) {
  const child = spawn(node(), [join(folder, "node_modules", program), ...args], {
    cwd: folder,
    detached: true,
    env: {
      ...process.env,
      CLOUDFLARE_ENV: undefined,
      NODE_OPTIONS: `--import=${REDIRECT}`,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  void kill?.then(() => {
    try {
      process.kill(child.pid ?? 0, "SIGKILL");
    } catch {
      // The process has already ended.
    }
  });
  const printed = { stdout: "", stderr: "" };
  let text = "";
  for (const name of /** @type {const} */ (["stdout", "stderr"]))
    child[name].setEncoding("utf8").on("data", (chunk) => {
      printed[name] += chunk;
      text += chunk;
    });
  return new Promise((resolve, reject) =>
    child.on("error", reject).on("close", (code) => resolve({ code, text, ...printed })),
  );
}
