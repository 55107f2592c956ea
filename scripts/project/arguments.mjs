// Reads a script's arguments with node's parser. An argument that the script does not know is
// rejected, and the usage is shown.
import { parseArgs } from "node:util";
import { Advice, helpIfAsked } from "./advice.mjs";

/**
 * @template {import("node:util").ParseArgsConfig} Config
 * @param {Config} config node's
 * @param {string} usage what the script takes, for the advice: "use it as `…`"
 */
export function parsed(config, usage) {
  helpIfAsked(`${usage[0].toUpperCase()}${usage.slice(1)}.`, config.args && [...config.args]);
  try {
    return parseArgs(config);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!code?.startsWith("ERR_PARSE_ARGS")) throw error;
    // The second sentence of node's message is cut off. It explains how to pass an argument that
    // begins with a dash, which no script here has.
    throw new Advice(`${message.split(". ")[0].replace(/\.$/, "")}: ${usage}.`);
  }
}

/**
 * A whole number above zero; `undefined` when nothing was given.
 *
 * @param {string} name the option's
 * @param {string | undefined} text
 */
export function wholeNumber(name, text) {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new Advice(`--${name} is "${text}": use a whole number above zero.`);
  return Number(text);
}
