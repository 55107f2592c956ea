// Reads a script's arguments with Node's `parseArgs`. If an argument is unknown, the error shows
// how to use the script.
import { parseArgs } from "node:util";
import { Advice, helpIfAsked } from "./advice.mjs";

/**
 * @template {import("node:util").ParseArgsConfig} Config
 * @param {Config} config the configuration of `parseArgs`
 * @param {string} usage how to use the script, for the error message, in the form "use it as `…`"
 */
export function parsed(config, usage) {
  helpIfAsked(`${usage[0].toUpperCase()}${usage.slice(1)}.`, config.args && [...config.args]);
  try {
    return parseArgs(config);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!code?.startsWith("ERR_PARSE_ARGS")) throw error;
    // The second sentence of Node's message is cut off. That sentence explains how to pass an
    // argument that begins with a dash, but no script here takes such an argument.
    throw new Advice(`${message.split(". ")[0].replace(/\.$/, "")}: ${usage}.`);
  }
}

/**
 * The value of an option that takes a whole number above zero; `undefined` if the option was not
 * given.
 *
 * @param {string} name the name of the option
 * @param {string | undefined} text
 */
export function wholeNumber(name, text) {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new Advice(`--${name} is "${text}": use a whole number above zero.`);
  return Number(text);
}
