// Writes tests/wide.md, which lists what has passed in runs of `npm run test:wide`. A run with
// `--record` replaces the rows of the test files and counts that passed and keeps the others,
// because a run of all tests takes two hours.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "../project/root.mjs";
import { output } from "../project/run.mjs";

const RESULTS = inRoot("tests/wide.md");

/**
 * @param {string[][]} counts the counts of the steps that passed, as pairs `[slug, line]` (see
 *   project/counts.mjs)
 * @param {string} [report] the file with the outcomes of the step e2e
 */
export async function record(counts, report) {
  const commit = (await output("git", ["rev-parse", "--short", "HEAD"])) ?? "unknown";
  const when = [new Date().toISOString().slice(0, 10), commit];
  const before = existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : "";
  const lines =
    report && existsSync(report) ? readFileSync(report, "utf8").trimEnd().split("\n") : [];
  writeFileSync(RESULTS, resultsWith(before, { when, counts, lines }));
}

/**
 * Returns the new text of tests/wide.md after a run. `before` is its text before the run.
 *
 * @param {string} before
 * @param {{ when: string[], counts: string[][], lines: string[] }} run `lines`: JSON, each the
 *   outcome of one test (tests/evidence/reporter.mjs)
 */
export function resultsWith(before, { when, counts, lines }) {
  const files = passedFiles(lines).map(([file, ...ran]) => [file, ...ran, ...when]);
  const tried = counts.map(([slug, line]) => [slug, line.trim(), ...when]);
  const [oldFiles, oldTried] = [FILES, TRIED].map((head) => rowsBelow(head, before));
  return [
    "# The last results of `npm run test:wide`",
    "",
    "Each row is of the last run with `--record` in which that file or that count passed.",
    "",
    FILES,
    "|---|---|---|---|---|---|",
    ...merged(oldFiles, files),
    "",
    TRIED,
    "|---|---|---|---|",
    ...merged(oldTried, tried),
    "",
  ].join("\n");
}

const FILES = "| file | passed | skipped | longest test, in seconds | date | commit |";
const TRIED = "| count | what was tried | date | commit |";

/**
 * @param {string} head
 * @param {string} text
 */
function rowsBelow(head, text) {
  const lines = text.split("\n");
  const begin = lines.indexOf(head);
  if (begin < 0) return [];
  const rows = lines.slice(begin + 2);
  return rows.slice(0, rows.indexOf("")).map((row) => row.slice(2, -2).split(" | "));
}

/**
 * @param {string[][]} before
 * @param {string[][]} now
 */
function merged(before, now) {
  const rows = new Map([...before, ...now].map((cells) => [cells[0], cells]));
  return [...rows.values()]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map((cells) => `| ${cells.join(" | ")} |`);
}

/**
 * Returns a row for each test file in which no test failed. The row contains the file's name, how
 * many tests passed, how many were skipped, and how many seconds the longest test took.
 *
 * @param {string[]} lines
 */
function passedFiles(lines) {
  /** @type {Map<string, { passed: number, skipped: number, failed: number, ms: number }>} */
  const files = new Map();
  for (const line of lines) {
    /** @type {{ file: string, outcome: "passed" | "skipped" | "failed", ms: number }} */
    const { file, outcome, ms } = JSON.parse(line);
    const ran = files.get(file) ?? { passed: 0, skipped: 0, failed: 0, ms: 0 };
    ran[outcome] += 1;
    ran.ms = Math.max(ran.ms, ms);
    files.set(file, ran);
  }
  return [...files]
    .filter(([, { failed }]) => failed === 0)
    .map(([file, { passed, skipped, ms }]) => [
      file,
      `${passed}`,
      `${skipped}`,
      `${Math.round(ms / 1000)}`,
    ]);
}
