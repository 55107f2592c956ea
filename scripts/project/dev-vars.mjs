// .dev.vars: this machine's development secrets, and the mark DEV=1 that makes a Worker a
// development Worker. git ignores the file, and it is never deployed.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { inRoot } from "./root.mjs";
import { signingKeys, ticketSecret } from "./secrets.mjs";

const PATH = ".dev.vars";
const NEEDED = { DEV: () => "1", SIGNING_KEYS: signingKeys, TICKET_SECRET: ticketSecret };

/**
 * Adds the variables that are missing and never changes the others. Returns the names that were
 * there before.
 */
export function completeDevVars(path = PATH) {
  const text = read(path);
  const names = new Set(Object.keys(parseEnv(text)));
  const missing = Object.entries(NEEDED).filter(([name]) => !names.has(name));
  if (missing.length > 0) {
    const lines = missing.map(([name, make]) => `${name}='${make()}'\n`).join("");
    const head =
      text === ""
        ? "# Made by `npm start`. Development only; add your own settings as you like.\n"
        : "";
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    appendFileSync(inRoot(path), head + gap + lines, { mode: 0o600 });
    console.log(`▸ Secrets: made ${missing.map(([name]) => name).join(", ")} in ${path}`);
  }
  return names;
}

/**
 * The value of a variable; `undefined` when it is not there.
 *
 * @param {string} name
 */
export const devVar = (name) => parseEnv(read(PATH))[name];

/**
 * The file that wrangler reads for an environment.
 *
 * @param {string | undefined} environment
 */
export function devVarsPath(environment) {
  const own = `${PATH}.${environment}`;
  return environment && existsSync(inRoot(own)) ? own : PATH;
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(inRoot(path), "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return "";
    throw error;
  }
}
