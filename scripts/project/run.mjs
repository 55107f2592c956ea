// Runs other programs, in the project's folder unless the caller names another folder.
import * as programs from "../../npm/edgegate-worker/cli/lib/run.js";
import { root } from "./root.mjs";

export { guard } from "../../npm/edgegate-worker/cli/lib/run.js";

/** @typedef {programs.RunOptions} RunOptions */

/**
 * @param {string} command
 * @param {string[]} [args]
 * @param {RunOptions} [options]
 */
export const start = (command, args, options) =>
  programs.start(command, args, { cwd: root, ...options });

/**
 * @param {string} command
 * @param {string[]} [args]
 * @param {RunOptions} [options]
 */
export const run = (command, args, options) =>
  programs.run(command, args, { cwd: root, ...options });

/**
 * @param {string} command
 * @param {string[]} [args]
 * @param {RunOptions} [options]
 */
export const output = (command, args, options) =>
  programs.output(command, args, { cwd: root, ...options });
