// What a deploy can ask Cloudflare before it uploads: which secrets are stored, and which
// migrations the database still lacks.
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { start } from "../project/run.mjs";
import { wrangler } from "../project/tools.mjs";

const SECONDS = 30;

/** @typedef {{ code: number, output: string }} Answer */

/**
 * wrangler's answer to a question. It may not ask back: its input is closed.
 *
 * @param {string[]} args
 * @returns {Promise<Answer>}
 */
export async function askWrangler(...args) {
  const [command, all, options] = wrangler(...args);
  const { done, stop } = start(command, all, { ...options, capture: true });
  const late = sleep(SECONDS * 1000, null, { ref: false });
  const result = await Promise.race([done, late]);
  if (result) return { code: result.code, output: result.stdout + result.stderr };
  await stop();
  return { code: 1, output: `no answer within ${SECONDS} s` };
}

/**
 * The names of the secrets that are stored: `undefined` when there is no such Worker yet. Throws
 * when Cloudflare can't be asked.
 *
 * @param {string[]} target the options that name the Worker
 * @param {{ ask?: typeof askWrangler }} [world]
 * @returns {Promise<string[] | undefined>}
 */
export async function storedSecrets(target, { ask = askWrangler } = {}) {
  const { code, output } = await ask("secret", "list", "--format", "json", ...target);
  const list = /\[[\s\S]*\]/.exec(output)?.[0];
  if (code === 0 && list)
    return JSON.parse(list).map((/** @type {{ name: string }} */ { name }) => name);
  if (/\b(10007|10090)\b|not found|does not exist/i.test(output)) return undefined;
  throw new Error(reasonIn(output));
}

/**
 * The migrations that the deployed database lacks; none when there is no database yet. Throws when
 * Cloudflare can't be asked.
 *
 * @param {string[]} target
 * @param {{ ask?: typeof askWrangler }} [world]
 * @returns {Promise<string[]>}
 */
export async function missingMigrations(target, { ask = askWrangler } = {}) {
  const { code, output } = await ask("d1", "migrations", "list", "DB", "--remote", ...target);
  if (code === 0) return [...new Set(output.match(/\b\d{4}_[\w-]+\.sql\b/g) ?? [])];
  if (/couldn't find|could not find|not found|no such database|7404/i.test(output)) return [];
  throw new Error(reasonIn(output));
}

/**
 * The error in wrangler's output, on one line: its first line, and the next one, which often says
 * why.
 *
 * @param {string} output
 */
function reasonIn(output) {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const first = Math.max(
    lines.findIndex((line) => line.includes("ERROR")),
    0,
  );
  const reason = lines.slice(first, first + 2).join(" ") || "no answer";
  const text = reason.replace(/^.*?\[?ERROR\]?\s*/, "");
  // Cut after a whole word, with a mark that the rest is missing.
  return text.length > 500 ? `${text.slice(0, 500).replace(/\S*$/, "")}…` : text;
}
