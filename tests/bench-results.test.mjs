// The committed charts show the measurements beside them, and the documents show the latest chart
// with its date and machine.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
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
  assert.equal(
    text("bench/bare-worker/src/lib.rs").match(/const LOOPS: usize = (\d+);/)?.[1],
    String(LOOPS),
  );
});

test("the documents show the latest run", () => {
  const latest = (isScaling) =>
    runs.findLast((name) => name.includes("scaling") === isScaling)?.replace(/json$/, "svg");
  assert.ok(text("README.md").includes(`(${RESULTS}/${latest(false)})`));
  assert.ok(text("docs/performance.md").includes(`(../${RESULTS}/${latest(true)})`));
});

const spreadOf = (subjects) =>
  Math.ceil(
    100 *
      Math.max(
        ...Object.values(subjects).flatMap(({ rate: { least, median, most } }) => [
          1 - least / median,
          most / median - 1,
        ]),
      ),
  );

test("the sentences that compare say what was measured", () => {
  const { works } = JSON.parse(
    text(`${RESULTS}/${runs.findLast((name) => !name.includes("scaling"))}`),
  );
  const { subjects } = works["check-hs256-repeated"];
  const median = (subject, what) => subjects[subject][what].median;
  const rate = (subject) => Math.round(median(subject, "rate")).toLocaleString("en");
  const readme = text("README.md").replace(/\s+/g, " ");
  const rates = `${rate("edgegate, HS256")} with HS256; the next, hono/jwt, had ${rate("hono/jwt")}. Each round was within ${spreadOf(subjects)} % of its median.`;
  assert.ok(readme.includes(rates), rates);
  const shares = `${median("hono/jwt", "share").toFixed(2)} to ${median("edgegate, HS256", "share").toFixed(2)}.`;
  assert.ok(readme.includes(`hono/jwt with HS256 was ahead: ${shares}`), shares);

  const { dimensions } = JSON.parse(
    text(`${RESULTS}/${runs.findLast((name) => name.includes("scaling"))}`),
  );
  const performance = text("docs/performance.md").replace(/\s+/g, " ");
  const relative = (names, work) =>
    names.flatMap((name) =>
      dimensions[name].works[work].map(({ median }, _, [first]) => median / first.median),
    );
  const between = (numbers) =>
    `between ${Math.min(...numbers).toFixed(2)} and ${Math.max(...numbers).toFixed(2)}`;
  for (const sentence of [
    `the median of a check stays ${between(relative(["users", "sessions"], "check-eddsa-repeated"))} of what it is with one`,
    `that of a renewal ${between(relative(["users", "sessions"], "renew"))}`,
    `in the object a check stays ${between(relative(["sessions-durable"], "check-eddsa-repeated"))}`,
    `a renewal ${between(relative(["sessions-durable"], "renew"))}`,
    `a new token costs ${Math.round((relative(["keys"], "check-eddsa-new").at(-1) - 1) * 100)} % more`,
  ]) {
    assert.ok(performance.includes(sentence), sentence);
  }
  const spread = ["users", "sessions", "sessions-durable"].flatMap((name) =>
    Object.values(dimensions[name].works).flat(),
  );
  const least = Math.min(...spread.map(({ least, median }) => least / median)).toFixed(2);
  const most = Math.max(...spread.map(({ most, median }) => most / median)).toFixed(2);
  assert.ok(
    performance.includes(`a round lies between ${least} and ${most} of its median`),
    `${least} and ${most}`,
  );
  const growth = Math.round(
    (Math.max(...relative(["users"], "renew"), ...relative(["users"], "check-eddsa-repeated")) -
      1) *
      100,
  );
  assert.ok(
    readme.includes(`from 1 to 100,000 users, a check or a renewal costs ${growth} % more at most`),
    `${growth} %`,
  );
});
