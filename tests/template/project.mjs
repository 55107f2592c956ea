// Projects that `npm create edgegate` makes from the packed packages, on a machine that has only
// Node.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { tarballOf } from "../../scripts/project/pack.mjs";
import { output } from "../../scripts/project/run.mjs";
import { node } from "../../scripts/project/tools.mjs";

/**
 * Only packages from before this day are installed. Later packages would change what the test
 * tests.
 */
const BEFORE = "2026-11-28";

/** The tarballs that the build makes. */
export const TARBALLS = {
  worker: tarballOf("edgegate-worker"),
  create: tarballOf("create-edgegate"),
};

/**
 * A folder for projects with a space in its name, and the programs of a machine without Rust. The
 * folder is removed when the test `t` ends.
 */
export async function makeMachine(t) {
  const root = mkdtempSync(join(realpathSync(tmpdir()), "edgegate projects "));
  t.after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const bin = join(root, "bin");
  mkdirSync(bin);
  // npm runs scripts with `sh`.
  const shell = (await output("/bin/sh", ["-c", "command -v sh"])) ?? "/bin/sh";
  const npm = await programsOfNpm();
  const programs = { node: realpathSync(node()), sh: shell, ...npm };
  for (const [name, path] of Object.entries(programs)) symlinkSync(path, join(bin, name));
  const env = { ...process.env, PATH: bin, npm_config_before: BEFORE, CLOUDFLARE_ENV: undefined };
  // The npm that runs these tests has set these variables.
  for (const name of Object.keys(env))
    if (/^npm_(?!config_(before|cache|registry|userconfig)$)|^(INIT_CWD|PORT)$/.test(name))
      delete env[name];
  const inRoot = (...parts) => join(root, ...parts);
  return {
    inRoot,
    bin,
    /** Starts a command. `cwd` is a folder of this machine. */
    start: (command, args, { cwd = "", env: more = {} } = {}) =>
      startProgram(join(bin, command), args, { cwd: inRoot(cwd), env: { ...env, ...more } }),
    /** Runs a command to its end. */
    run(command, args, options) {
      return this.start(command, args, options).done;
    },
  };
}

/** The two programs of npm, as the files that Node runs. */
async function programsOfNpm() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const folder of folders) {
    try {
      const npm = realpathSync(join(folder, "npm"));
      if (npm.endsWith("npm-cli.js")) return { npm, npx: join(dirname(npm), "npx-cli.js") };
    } catch {
      // This folder has none.
    }
  }
  throw new Error("npm is not on the PATH");
}

/**
 * A program and everything that it starts. Its input is closed, so it can ask no questions.
 *
 * - `done`: its exit code, its whole output, and its two outputs separately.
 * - `until(pattern)`: resolves when its output matches.
 * - `stop()`: ends it by SIGTERM.
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
