// Where a setting's value comes from, so that a message can say where to change it.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

/** @typedef {{ name: string, value: string | undefined, place: string }} Found */

/**
 * Something that sets variables, such as a file or the command line. In a list of sources, the
 * first source that sets a variable determines its value.
 *
 * @typedef {object} Source
 * @property {Record<string, unknown>} values
 * @property {(name: string) => string} place says where a name is set, in words for a person
 */

/**
 * The variables that were given on the command line, with the option --var.
 *
 * @param {Map<string, string>} vars
 * @returns {Source}
 */
export const fromOptions = (vars) => ({
  values: Object.fromEntries(vars),
  place: (name) => `on the command line: --var ${name}:…`,
});

/**
 * The variables of a file whose lines have the form NAME=value.
 *
 * @param {string} path
 * @param {Record<string, unknown>} values
 * @returns {Source}
 */
export const fromEnvFile = (path, values) => ({
  values,
  place: (name) =>
    at(
      path,
      lineOf(path, (line) => new RegExp(`^\\s*(export\\s+)?${name}\\s*[=:]`).test(line)),
    ),
});

// Matches a setting in a file of variables. wrangler reads such files with the library dotenv, so
// this pattern matches what dotenv accepts.
const ENTRY =
  /^\s*(?:export\s+)?[\w.-]+(?:\s*=\s*?|:\s+?)(?:\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/gm;

/**
 * Finds the lines of a file of variables that are neither a setting nor a comment, because wrangler
 * would silently ignore them. Returns a message for each line. The messages do not show text that
 * might be a secret.
 *
 * @param {string} path
 */
export function ignoredLines(path) {
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // The file can't be read: wrangler reports that, or the secrets in it are reported as missing.
  }
  const rest = text.replace(ENTRY, (entry) => entry.replace(/[^\n]/g, ""));
  return [...rest.split("\n").entries()]
    .filter(([, line]) => /^\s*[^#\s]/.test(line))
    .map(([n, line]) => {
      const [, name] = /^\s*(?:export\s+)?(\w+)\s/.exec(line) ?? [];
      const what = name ? ` (it begins with ${name})` : "";
      return `  ${shown(path)}, line ${n + 1}${what}, is not a setting, so it would be ignored.\n    Write it as NAME=value, or put a # in front of it.`;
    });
}

/**
 * The variables of wrangler's configuration.
 *
 * @param {string} path
 * @param {Record<string, unknown>} values
 * @param {string | undefined} environment
 * @returns {Source}
 */
export function fromConfig(path, values, environment) {
  const table = tableOf(environment);
  if (!path.endsWith(".toml")) return fromJson(path, values, environment);
  return {
    values,
    place: (name) => {
      let current = "";
      const line = lineOf(path, (text) => {
        current = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(text)?.[1] ?? current;
        return current === table && new RegExp(`^\\s*"?${name}"?\\s*=`).test(text);
      });
      return `${at(path, line)}, under [${table}]`;
    },
  };
}

/**
 * The variables of a wrangler.jsonc. Usually, the environments come after the variables of the top
 * level in this file. So if several lines set a variable, the last of them is assumed to belong to
 * the environment.
 *
 * @param {string} path
 * @param {Record<string, unknown>} values
 * @param {string | undefined} environment
 * @returns {Source}
 */
const fromJson = (path, values, environment) => ({
  values,
  place: (name) => {
    const isSetting = (/** @type {string} */ line) => new RegExp(`^\\s*"${name}"\\s*:`).test(line);
    const line = environment ? lineOf(path, isSetting) : firstLineOf(path, isSetting);
    return `${at(path, line)}, under ${tableOf(environment)}`;
  },
});

/** @param {string | undefined} environment */
export const tableOf = (environment) => (environment ? `env.${environment}.vars` : "vars");

/**
 * @param {string} path
 * @param {number | undefined} line
 */
const at = (path, line) => `in ${shown(path)}${line === undefined ? "" : `, line ${line}`}`;

/**
 * A path relative to the folder in which the command runs.
 *
 * @param {string} path
 */
const shown = (path) => relative(process.cwd(), path) || path;

/**
 * The number of the last line that a test accepts, counted from 1.
 *
 * @param {string} path
 * @param {(line: string) => boolean} accepts
 */
const lineOf = (path, accepts) => linesOf(path, accepts).at(-1);

/**
 * The number of the first line that a test accepts.
 *
 * @param {string} path
 * @param {(line: string) => boolean} accepts
 */
const firstLineOf = (path, accepts) => linesOf(path, accepts).at(0);

/**
 * @param {string} path
 * @param {(line: string) => boolean} accepts
 */
function linesOf(path, accepts) {
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // If the file can't be read, messages name the file without a line.
  }
  return [...text.split("\n").entries()].filter(([, line]) => accepts(line)).map(([n]) => n + 1);
}
