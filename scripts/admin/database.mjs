// The database of the service, local or deployed, by wrangler.
import { Advice } from "../project/advice.mjs";
import { run } from "../project/run.mjs";
import { wrangler } from "../project/tools.mjs";

/**
 * Runs one statement; `place` is where (`--local` or `--remote`, and what belongs to it).
 *
 * @param {string} statement
 * @param {string[]} place
 */
export async function sql(statement, place) {
  const { code, stdout, stderr } = await run(
    ...quietly("d1", "execute", "DB", "--json", "--yes", "--command", statement, ...place),
  );
  const answer = parseJson(stdout);
  if (code !== 0 || !Array.isArray(answer)) {
    const reason = answer?.error?.text ?? (stderr + stdout).trim();
    const hint =
      /no such table/.test(reason) && place[0] === "--local"
        ? " Run `npm start` once: it creates the local database."
        : "";
    throw new Advice(`the database returned an error: ${reason}${hint}`);
  }
  return answer.at(-1).results;
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * A call of wrangler whose output is read.
 *
 * @param {string[]} args
 * @returns {[string, string[], import("../project/run.mjs").RunOptions]}
 */
export function quietly(...args) {
  const [command, all, options] = wrangler(...args);
  return [command, all, { ...options, capture: true }];
}
