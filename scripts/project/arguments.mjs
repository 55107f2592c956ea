// What a script was called with, read by node. An argument that a script does not know is refused with its usage.
import { parseArgs } from "node:util";
import { Advice } from "./advice.mjs";

/**
 * @template {import("node:util").ParseArgsConfig} Config
 * @param {Config} config node's
 * @param {string} usage what the script takes, for the advice: "use it as `…`"
 */
export function parsed(config, usage) {
  try {
    return parseArgs(config);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!code?.startsWith("ERR_PARSE_ARGS")) throw error;
    // node's second sentence explains how to pass what begins with a dash, which no argument here does.
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
