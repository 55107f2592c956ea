// Runs the project's scripts as a user does, and finds the processes that still run after a script
// has ended.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { inRoot, root } from "../../scripts/project/root.mjs";

// How long a test waits for output. A busy machine can need all of this time.
const PATIENCE_MS = 200_000;

/**
 * Runs a script until it ends or until the test calls `stop()`.
 *
 * @param {string} script
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function runScript(script, args, env = {}) {
  const mark = randomUUID();
  const child = spawn(process.execPath, [inRoot(script), ...args], {
    cwd: root,
    env: { ...process.env, CLOUDFLARE_ENV: undefined, ...env, EDGEGATE_TEST: mark },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  /** @type {Set<() => void>} */
  const readers = new Set();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      for (const read of readers) read();
    });
  const done = new Promise((resolve) =>
    child.on("close", (code) => {
      for (const read of readers) read();
      resolve({ code, text });
    }),
  );
  return {
    /** @type {Promise<{ code: number, text: string }>} */
    done,
    text: () => text,
    /** Waits until the pattern matches in the output after the position `from`. */
    until: (/** @type {RegExp} */ pattern, from = 0) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`${pattern} did not come:\n${text}`)),
          PATIENCE_MS,
        );
        const read = () => {
          if (pattern.test(text.slice(from))) resolve(undefined);
          else if (child.exitCode !== null) reject(new Error(`it ended early:\n${text}`));
          else return;
          clearTimeout(late);
          readers.delete(read);
        };
        readers.add(read);
        read();
      }),
    stop: () => {
      child.kill("SIGTERM");
      return done;
    },
    /**
     * Returns the processes that the script has started, directly or indirectly, and that are still
     * running.
     */
    left: () => marked(mark),
  };
}

/** @param {string} mark */
function marked(mark) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
      } catch {
        return false; // The process has ended since its id was read.
      }
    });
}
