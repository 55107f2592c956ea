// Reads and completes the file .dev.vars. The file contains the secrets of local development, and
// the variable DEV=1, which tells the Worker that it runs for development. git ignores this file,
// and it is never deployed.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { signingKeys, ticketSecret } from "./secrets.js";

const NEEDED = { DEV: () => "1", SIGNING_KEYS: signingKeys, TICKET_SECRET: ticketSecret };

/**
 * The path of the file from which wrangler reads the local variables of an environment. This is
 * `.dev.vars.<environment>` if that file exists, otherwise .dev.vars.
 *
 * @param {import("./project.js").Project} project
 * @param {string} [environment]
 */
export function devVarsOf({ inProject }, environment) {
  const own = inProject(`.dev.vars.${environment}`);
  return environment && existsSync(own) ? own : inProject(".dev.vars");
}

/**
 * Adds the variables that are missing and never changes the others. Returns the names that it added.
 *
 * @param {string} path
 */
export function completeDevVars(path) {
  const text = textOf(path);
  const names = new Set(Object.keys(parseEnv(text)));
  const missing = Object.entries(NEEDED).filter(([name]) => !names.has(name));
  if (missing.length > 0) {
    const lines = missing.map(([name, make]) => `${name}='${make()}'\n`).join("");
    const head =
      text === ""
        ? "# Made by `npm start`. Development only; add your own settings as you like.\n"
        : "";
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    appendFileSync(path, head + gap + lines, { mode: 0o600 });
  }
  return missing.map(([name]) => name);
}

/**
 * The text of a file; empty if the file does not exist.
 *
 * @param {string} path
 */
export function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return "";
    throw error;
  }
}
