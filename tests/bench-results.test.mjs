// The charts that are committed are those of the figures beside them, and the documents show the latest, with their date and machine.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { chart } from "../bench/chart.mjs";
import { plot } from "../bench/plot.mjs";
import { LOOPS } from "../bench/subjects/works.mjs";
import { inRoot } from "../scripts/project/root.mjs";

const RESULTS = "bench/results";
const text = (path) => readFileSync(inRoot(path), "utf8");
const runs = readdirSync(inRoot(RESULTS))
  .filter((name) => /^\d{4}-\d\d-\d\d(-scaling)?\.json$/.test(name))
  .sort();

test("each chart is drawn from the figures beside it", () => {
  assert.ok(runs.length >= 2);
  for (const name of runs) {
    const figures = JSON.parse(text(`${RESULTS}/${name}`));
    const svg = text(`${RESULTS}/${name.replace(/json$/, "svg")}`);
    assert.equal(svg, name.includes("scaling") ? plot(figures) : chart(figures), name);
    assert.ok(svg.includes(figures.date) && figures.machine.length > 10);
    assert.ok(figures.rounds >= 5);
  }
});

test("what one request verifies is counted as often as it does it", () => {
  assert.equal(text("bench/bare.rs").match(/const LOOPS: usize = (\d+);/)[1], String(LOOPS));
});

test("the documents show the latest run", () => {
  const latest = (isScaling) => runs.findLast((name) => name.includes("scaling") === isScaling).replace(/json$/, "svg");
  assert.ok(text("README.md").includes(`(${RESULTS}/${latest(false)})`));
  assert.ok(text("docs/performance.md").includes(`(../${RESULTS}/${latest(true)})`));
});
