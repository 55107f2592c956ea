// Runs the command `edgegate` in this repository.
import { spawn } from "node:child_process";
import { inRoot, root } from "./root.mjs";
import { node, toolEnv } from "./tools.mjs";

/**
 * Runs the command at this terminal. Returns its exit code. The command is not started with
 * run.mjs, for two reasons. The command can ask the user questions, but a program that run.mjs
 * starts gets no input. And the command itself stops the programs that it has started.
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
    // At Ctrl-C, the terminal itself sends the signal to the command, so this process ignores it. A
    // SIGTERM reaches only this process, so it is passed on to the command.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject).on("exit", (code) => resolve(code ?? 1));
  });
}
