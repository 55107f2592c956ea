// Edits of a project's configuration that keep its comments and its layout.
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { applyEdits, findNodeAtLocation, modify, parse, parseTree } from "jsonc-parser";
import { Advice } from "./advice.js";

/** @typedef {import("jsonc-parser").JSONPath} JSONPath */

const LAYOUT = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: "\n" } };
const LOOSE = { allowTrailingComma: true };

/**
 * Sets one value in the text of a wrangler.jsonc. If the text has the setting only in a comment on
 * a line of its own, such as `// "name": …`, that comment is replaced by the setting.
 *
 * @param {string} text
 * @param {JSONPath} path
 * @param {unknown} value
 */
export function setIn(text, path, value) {
  const name = path.at(-1);
  const parent = nodeAt(text, path.slice(0, -1));
  const isThere = nodeAt(text, path) !== undefined;
  if (!isThere && parent && typeof name === "string") {
    const within = text.slice(parent.offset, parent.offset + parent.length);
    const line = new RegExp(`^([ \\t]*)//[ \\t]*"${name}"[ \\t]*:.*$`, "m").exec(within);
    if (line) {
      const at = parent.offset + line.index;
      // The setting needs a comma if other settings follow in the object.
      const ends = lastEnd(parent) > at ? "," : "";
      const edited = `${text.slice(0, at)}${line[1]}"${name}": ${JSON.stringify(value)}${ends}${text.slice(at + line[0].length)}`;
      // If the setting before this one lacks a comma, the edited text is invalid and is not used.
      const isWhole = faultsIn(edited) <= faultsIn(text);
      if (isWhole && isEqual(valueAt(edited, path), value)) return edited;
    }
  }
  return applyEdits(text, modify(text, path, value, LAYOUT));
}

/**
 * Appends a value to a list. Makes the list if it does not exist.
 *
 * @param {string} text
 * @param {JSONPath} path
 * @param {unknown} value
 */
export function appendTo(text, path, value) {
  const list = nodeAt(text, path);
  if (!list) return setIn(text, path, [value]);
  const end = list.children?.length ?? 0;
  return applyEdits(
    text,
    modify(text, [...path, end], value, { ...LAYOUT, isArrayInsertion: true }),
  );
}

/**
 * Parses the text of a configuration, without the defaults that wrangler would add.
 *
 * @param {string} text
 */
export const read = (text) => parse(text, [], LOOSE);

/**
 * How many syntax errors a JSON text has. The parser continues after each error.
 *
 * @param {string} text
 */
function faultsIn(text) {
  /** @type {import("jsonc-parser").ParseError[]} */
  const errors = [];
  parse(text, errors, LOOSE);
  return errors.length;
}

/**
 * Replaces the text of a file atomically.
 *
 * @param {string} path
 * @param {string} text
 */
export function replaceFile(path, text) {
  const whole = `${path}.${process.pid}.new`;
  writeFileSync(whole, text, { mode: statSync(path).mode & 0o777 });
  renameSync(whole, path);
}

/**
 * Sets a value of one environment in the project's configuration file.
 *
 * @param {import("./project.js").Project} project
 * @param {string | undefined} environment
 * @param {JSONPath} path
 * @param {unknown} value
 */
export function setInProject({ path: file, name }, environment, path, value) {
  const whole = [...(environment ? ["env", environment] : []), ...path];
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".toml")) {
    const edited = setInToml(text, whole, value);
    if (edited === undefined)
      throw new Advice(
        `this command can't edit ${name}. Set ${whole.join(".")} there to ${JSON.stringify(value)}, then run it again.`,
      );
    return replaceFile(file, edited);
  }
  const edited = setIn(text, whole, value);
  if (!isEqual(valueAt(edited, whole), value))
    throw new Advice(`${name}: set ${whole.join(".")} to ${JSON.stringify(value)} by hand.`);
  replaceFile(file, edited);
}

/**
 * Adds a value to an entry of a list in a wrangler.toml, such as the id of a KV namespace. Returns
 * undefined if the path does not name a value in an entry that the list has.
 *
 * @param {string} text
 * @param {JSONPath} path the list, the number of the entry, and the name
 * @param {unknown} value
 */
function setInToml(text, path, value) {
  const [n, name] = path.slice(-2);
  const list = path.slice(0, -2).join(".");
  const headers = [...text.matchAll(/^[ \t]*\[\[[ \t]*([^\]]+?)[ \t]*\]\].*$/gm)];
  const header = headers.filter(([, table]) => table === list)[Number(n)];
  if (typeof n !== "number" || header === undefined) return undefined;
  const end = header.index + header[0].length;
  return `${text.slice(0, end)}\n${name} = ${JSON.stringify(value)}${text.slice(end)}`;
}

/**
 * @param {string} text
 * @param {JSONPath} path
 */
const nodeAt = (text, path) => {
  const tree = parseTree(text, [], LOOSE);
  return tree && findNodeAtLocation(tree, path);
};

/**
 * @param {string} text
 * @param {JSONPath} path
 */
function valueAt(text, path) {
  /** @type {any} */
  let value = read(text);
  for (const part of path) value = value?.[part];
  return value;
}

/**
 * The position at which the last member of an object ends; 0 if the object has no members.
 *
 * @param {import("jsonc-parser").Node} node
 */
function lastEnd({ children = [] }) {
  const last = children.at(-1);
  return last ? last.offset + last.length : 0;
}

/**
 * @param {unknown} a
 * @param {unknown} b
 */
const isEqual = (a, b) => JSON.stringify(a) === JSON.stringify(b);
