// Makes projects with `npm create edgegate` and the packed packages. It simulates a machine on
// which a command finds only Node, npm and a shell.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { tarballOf } from "../../scripts/project/pack.mjs";
import { output } from "../../scripts/project/run.mjs";
import { node } from "../../scripts/project/tools.mjs";

/**
 * npm installs only packages that were published before this day. If npm also installed later
 * packages, the test would use other packages every day.
 */
const BEFORE = "2026-11-28";

/** The tarballs that the build has made. */
export const TARBALLS = {
  worker: tarballOf("edgegate-worker"),
  create: tarballOf("create-edgegate"),
};

/**
 * Makes a folder for projects and a PATH. The folder has a space in its name. The PATH contains
 * only Node, npm and a shell. The folder is deleted when the test `t` ends.
 */
export async function makeMachine(t) {
  const root = mkdtempSync(join(realpathSync(tmpdir()), "edgegate projects "));
  t.after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const bin = join(root, "bin");
  mkdirSync(bin);
  // npm needs `sh` to run scripts.
  const shell = (await output("/bin/sh", ["-c", "command -v sh"])) ?? "/bin/sh";
  const npm = await programsOfNpm();
  const programs = { node: realpathSync(node()), sh: shell, ...npm };
  for (const [name, path] of Object.entries(programs)) symlinkSync(path, join(bin, name));
  const env = { ...process.env, PATH: bin, npm_config_before: BEFORE, CLOUDFLARE_ENV: undefined };
  // Remove the variables that the npm of this test run has set.
  for (const name of Object.keys(env))
    if (/^npm_(?!config_(before|cache|registry|userconfig)$)|^(INIT_CWD|PORT)$/.test(name))
      delete env[name];
  const inRoot = (...parts) => join(root, ...parts);
  return {
    inRoot,
    bin,
    /** Starts a command. `cwd` is a path in the machine's folder. */
    start: (command, args, { cwd = "", env: more = {} } = {}) =>
      startProgram(join(bin, command), args, { cwd: inRoot(cwd), env: { ...env, ...more } }),
    /** Runs a command until it ends. */
    run(command, args, options) {
      return this.start(command, args, options).done;
    },
  };
}

/** Returns the files of the programs `npm` and `npx`. Node runs these files. */
async function programsOfNpm() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const folder of folders) {
    try {
      const npm = realpathSync(join(folder, "npm"));
      if (npm.endsWith("npm-cli.js")) return { npm, npx: join(dirname(npm), "npx-cli.js") };
    } catch {
      // This folder contains no npm.
    }
  }
  throw new Error("npm is not on the PATH");
}

/**
 * Starts a program. Its input is closed, so it can't ask questions.
 *
 * - `done`: a promise that resolves when the program has ended. Its value has the exit code, the
 *   complete output, and the standard output and error output separately.
 * - `until(pattern)`: returns a promise that resolves when the pattern matches the program's
 *   output.
 * - `stop()`: ends the program with SIGTERM.
 */
function startProgram(command, args, { cwd, env }) {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  let text = "";
  const readers = new Set();
  const told = () => {
    for (const read of readers) read();
  };
  for (const name of ["stdout", "stderr"])
    child[name].setEncoding("utf8").on("data", (chunk) => {
      printed[name] += chunk;
      text += chunk;
      told();
    });
  const done = new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      told();
      resolve({ code, text, ...printed });
    });
  });
  return {
    /** @type {Promise<{ code: number, text: string, stdout: string, stderr: string }>} */
    done,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const read = () => {
          if (pattern.test(text)) resolve(text);
          else if (child.exitCode !== null) reject(new Error(`it ended early:\n${text}`));
          else return;
          readers.delete(read);
        };
        readers.add(read);
        read();
      }),
    stop: () => {
      child.kill("SIGTERM");
      return done;
    },
  };
}
