// `npm run bench:tables`: draws the charts of the recorded runs, and writes the parts of README.md
// and docs/performance.md that are about the latest run. tests/bench-results.test.mjs checks that
// the charts and these parts agree with the records.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { helpIfAsked, main } from "../scripts/project/advice.mjs";
import { inRoot } from "../scripts/project/root.mjs";
import { CHOSEN, chart } from "./chart.mjs";
import { comparisonList, comparisonTable } from "./comparisons.mjs";
import { withMarked } from "./marked.mjs";
import { plot } from "./plot.mjs";

export const RESULTS = "bench/results";

/** The file names of the recorded runs that have a chart, the latest run last. */
export const runs = () =>
  readdirSync(inRoot(RESULTS))
    .filter((name) => /^\d{4}-\d\d-\d\d(-scaling)?\.json$/.test(name))
    .sort();

export const isScaling = (name) => name.includes("scaling");
export const read = (path) => readFileSync(inRoot(path), "utf8");
export const figuresOf = (name) => JSON.parse(read(`${RESULTS}/${name}`));

/** The chart of a run. */
export const drawn = (name) => (isScaling(name) ? plot : chart)(figuresOf(name));

/**
 * The parts of documents that are about a run. Each entry has the path of a document, the name of
 * the part (see marked.mjs), and its text.
 */
export const parts = (results) => [
  ["README.md", "comparison", comparisonList(results, [...CHOSEN, "cold-start"]).join("\n")],
  ["docs/performance.md", "comparison", comparisonTable(results).join("\n")],
];

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    helpIfAsked("Use it as `npm run bench:tables`, without arguments.");
    for (const name of runs())
      writeFileSync(inRoot(RESULTS, name.replace(/json$/, "svg")), drawn(name));
    const latest = runs().findLast((name) => !isScaling(name));
    for (const [path, name, text] of parts(figuresOf(latest)))
      writeFileSync(inRoot(path), withMarked(read(path), name, text));
    return 0;
  });
}
