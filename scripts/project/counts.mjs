// Tests count what they try, such as generated cases, and write each count to a file. So a run of
// the tests notices when a test tries less than it should. Each step of the run has its own folder
// for these files. The first number in a file must not be below the minimum for that count in
// tests/counts.json.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./root.mjs";

const FOLDER = inRoot("target/counts");
export const MINIMA = "tests/counts.json";
export const WIDE_MINIMA = "tests/counts-wide.json";

/** Deletes the counts of an earlier run. */
export function beginCounts() {
  rmSync(FOLDER, { recursive: true, force: true });
}

/**
 * The environment variable that tells the tests of a step where to write their counts.
 *
 * @param {string} step
 */
export const countInto = (step) => ({ EDGEGATE_COUNTS: join(FOLDER, step) });

/**
 * The counts that the tests of a step have written, as pairs `[slug, line]`: the name of the file
 * and its text. They are sorted by name.
 *
 * @param {string} step
 */
export function countsOf(step) {
  try {
    const folder = join(FOLDER, step);
    return readdirSync(folder)
      .sort()
      .map((slug) => [slug, readFileSync(join(folder, slug), "utf8")]);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return [];
    throw error;
  }
}

/**
 * Returns sentences that say what is wrong with the counts of a step that has passed. `minima`
 * contains the smallest allowed number for each slug. `required` contains the slugs of the counts
 * that must exist. If a step ran only some of its tests, the other counts are allowed to be
 * missing.
 *
 * @param {string} step
 * @param {string[][]} counted
 * @param {Record<string, number>} minima
 * @param {string[]} [required]
 */
export function faultsOf(step, counted, minima, required = Object.keys(minima)) {
  const faults = [];
  for (const [slug, line] of counted) {
    const number = firstNumber(line);
    const least = minima[slug];
    if (number === null) faults.push(`the count "${slug}" has no number: ${line}`);
    else if (least === undefined)
      faults.push(
        `the count "${slug}" has no minimum: add "${slug}": ${number} under "${step}" in ${MINIMA}`,
      );
    else if (number < least)
      faults.push(
        `the count "${slug}" is ${number} and must not be below ${least} (${MINIMA}): ${line}`,
      );
  }
  const known = new Set(counted.map(([slug]) => slug));
  const missed = required.filter((slug) => !known.has(slug));
  for (const slug of missed)
    faults.push(
      `the count "${slug}" of the step ${step} is missing: its test did not run, or noted nothing`,
    );
  return faults;
}

/**
 * The minima of all steps, as `{ step: { slug: minimum } }`. With `isWide`, returns the larger
 * minima of `npm run test:wide`.
 *
 * @param {boolean} [isWide]
 * @returns {Record<string, Record<string, number>>}
 */
export function readMinima(isWide = false) {
  const minima = readCounts(MINIMA);
  if (!isWide) return minima;
  for (const [step, larger] of Object.entries(readCounts(WIDE_MINIMA)))
    Object.assign(minima[step], larger);
  return minima;
}

/**
 * The slugs of the counts that a step of `npm run test:wide` must write. In that run, a step runs
 * only those tests that try more in `npm run test:wide` than in `npm test`.
 *
 * @param {string} step
 */
export const requiredInWide = (step) => Object.keys(readCounts(WIDE_MINIMA)[step] ?? {});

/**
 * @param {string} path
 * @returns {Record<string, Record<string, number>>}
 */
const readCounts = (path) => JSON.parse(readFileSync(inRoot(path), "utf8"));

/** @param {string} line */
function firstNumber(line) {
  const found = line.match(/\d[\d,]*/);
  return found ? Number(found[0].replaceAll(",", "")) : null;
}
