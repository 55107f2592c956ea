// What the tests of one run say they tried: a file for each count, in a folder for each step. The
// first number in the file must not be below the minimum in tests/counts.json.
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
 * Tells the tests of a step where to write their counts.
 *
 * @param {string} step
 */
export function countInto(step) {
  process.env.EDGEGATE_COUNTS = join(FOLDER, step);
}

/**
 * What a step noted: `[slug, line]`, in the order of their names.
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
 * What is wrong with the counts of a step that has passed, as sentences. `minima` are `{ slug:
 * least }`. A step that ran only some of its tests may lack counts.
 *
 * @param {string} step
 * @param {string[][]} counted
 * @param {Record<string, number>} minima
 * @param {{ isWhole?: boolean }} [options]
 */
export function faultsOf(step, counted, minima, { isWhole = true } = {}) {
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
  const missed = isWhole ? Object.keys(minima).filter((slug) => !known.has(slug)) : [];
  for (const slug of missed)
    faults.push(
      `the count "${slug}" of the step ${step} is missing: its test did not run, or noted nothing`,
    );
  return faults;
}

/**
 * The minima of all steps, `{ step: { slug: least } }`. Those of `npm run test:wide` are larger.
 *
 * @param {boolean} [isWide]
 * @returns {Record<string, Record<string, number>>}
 */
export function readMinima(isWide = false) {
  const minima = JSON.parse(readFileSync(inRoot(MINIMA), "utf8"));
  if (!isWide) return minima;
  for (const [step, larger] of Object.entries(
    JSON.parse(readFileSync(inRoot(WIDE_MINIMA), "utf8")),
  ))
    Object.assign(minima[step], larger);
  return minima;
}

/** @param {string} line */
function firstNumber(line) {
  const found = line.match(/\d[\d,]*/);
  return found ? Number(found[0].replaceAll(",", "")) : null;
}
