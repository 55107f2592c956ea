// Reads the options after `npm start --`. All options are passed on to wrangler unchanged. This
// module reads only the options that `npm start` needs itself. wrangler rejects options that it
// does not know.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { readPort, readVariable } from "../../npm/edgegate-worker/cli/lib/variables.js";
import { Advice } from "./advice.mjs";
import { chosenEnvironment } from "./config.mjs";
import { inRoot, root } from "./root.mjs";

/** @type {import("node:util").ParseArgsConfig["options"]} */
const OPTIONS = {
  port: { type: "string" },
  "persist-to": { type: "string" },
  var: { type: "string" },
  env: { type: "string", short: "e" },
  config: { type: "string", short: "c" },
  "env-file": { type: "string" },
};

/**
 * Options that need a value, each with an example for the error message. Without this check,
 * wrangler would print its whole usage.
 *
 * @type {Record<string, string>}
 */
const NEED_VALUE = {
  port: "`--port 8788`",
  "persist-to": "a folder after it",
  var: "`--var NAME:value`",
  env: "the name of an environment after it, as in `--env staging`",
  config: "a file after it",
  "env-file": "a file after it",
};

/**
 * What `npm start` needs to know: the port, the folder of the local data, the environment, the
 * configuration file, the files with variables, and the variables of the command line.
 *
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function devArguments(args, env = process.env) {
  const { last, all, vars } = wranglerArguments(args);
  const given = last("port") ?? env.PORT;
  const port = readPort(given || 8787, "PORT=8788 npm start");
  const persistTo = last("persist-to");
  return {
    port,
    state: persistTo ? resolve(root, persistTo) : inRoot(".wrangler/state"),
    environment: chosenEnvironment(last("env"), env),
    config: last("config"),
    envFiles: all("env-file"),
    vars,
  };
}

/**
 * Reads the options in OPTIONS. In the result, `last` returns the last value of an option, and
 * `all` returns all values of an option. `vars` contains the variables from the option --var.
 *
 * @param {string[]} args
 */
export function wranglerArguments(args) {
  const { tokens } = parseArgs({
    args,
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  /** @type {Record<string, string[]>} */
  const values = {};
  let option = "";
  for (const token of tokens) {
    if (token.kind === "option") {
      option = token.name;
      values[option] ??= [];
      requireValue(token);
    }
    // Several values may follow one `--var`.
    const isValue = token.kind === "option" || (token.kind === "positional" && option === "var");
    if (isValue && token.value !== undefined) values[option]?.push(token.value);
  }
  return {
    /** @param {string} name */
    last: (name) => values[name]?.at(-1),
    /** @param {string} name */
    all: (name) => values[name] ?? [],
    vars: new Map((values.var ?? []).map(readVariable)),
  };
}

/**
 * Throws if an option has no value. Without this check, the parser would use the next option as the
 * value.
 *
 * @param {{ name: string, value?: string, inlineValue?: boolean }} option
 */
function requireValue({ name, value, inlineValue }) {
  const example = NEED_VALUE[name];
  if (example && (value === undefined || (!inlineValue && value.startsWith("--"))))
    throw new Advice(`--${name} has no value: write ${example}. Nothing was started.`);
}
