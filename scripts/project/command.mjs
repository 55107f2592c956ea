// The command `edgegate` in this repository.
import { spawn } from "node:child_process";
import { inRoot, root } from "./root.mjs";
import { node, toolEnv } from "./tools.mjs";

/**
 * Runs the command at this terminal. Returns its exit code. This does not use leash.js: the command
 * may ask the user, and it ends its own programs.
 *
 * @param {string[]} args
 * @returns {Promise<number>}
 */
export function edgegate(args) {
  return new Promise((resolve, reject) => {
    const command = inRoot("npm/edgegate-worker/cli/edgegate.js");
    const child = spawn(node(), [command, ...args], {
      cwd: root,
      env: toolEnv(),
      stdio: "inherit",
    });
    // Ctrl-C reaches the command from the terminal. A signal to this process alone is passed on.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject).on("exit", (code) => resolve(code ?? 1));
  });
}
