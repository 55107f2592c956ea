// Makes the table of consumers in npm/edgegate/README.md from results.json.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "../../scripts/project/root.mjs";

const RESULTS = "tests/consumers/results.json";
const README = "npm/edgegate/README.md";

/**
 * Returns the results of the last run of each consumer, keyed by the consumer's name.
 *
 * @returns {Record<string, { version: string | null, places: string[], date: string }>}
 */
export const readResults = () =>
  existsSync(inRoot(RESULTS)) ? JSON.parse(readFileSync(inRoot(RESULTS), "utf8")) : {};

/** Adds the results `found` to results.json, and updates the table. */
export function record(consumers, found) {
  const all = { ...readResults(), ...found };
  const known = consumers.filter(({ name }) => all[name]);
  const results = Object.fromEntries(known.map(({ name }) => [name, all[name]]));
  writeFileSync(inRoot(RESULTS), `${JSON.stringify(results, null, 2)}\n`);
  const text = readFileSync(inRoot(README), "utf8");
  writeFileSync(
    inRoot(README),
    text.replace(tableIn(text), () => tableOf(consumers, results)),
  );
}

export function tableOf(consumers, results) {
  const rows = consumers
    .filter(({ name }) => results[name])
    .map(({ name, title, how }) => {
      const { version, places, date } = results[name];
      const code = how.replace(/(import|require\() ?"[^"]+"\)?|"[^"]+"/g, "`$&`");
      return `| ${title} | ${version ?? ""} | ${code} | ${places.join(", ")} | ${date} |`;
    });
  const head = "| used in | version | how | run in | date |";
  return [head, "|---|---|---|---|---|", ...rows].join("\n");
}

/** Returns the table that is in the README now. */
export const tableIn = (text = readFileSync(inRoot(README), "utf8")) =>
  text.match(/^\| used in .*\n(\|.*\n)+/m)?.[0].trimEnd() ?? "";
