// The repository contains charts and, next to them, the measurements that the charts must show.
// README.md and docs/performance.md show the latest charts. These two documents say that edgegate
// is ahead or behind only if the measurements show it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { comparisonsOf } from "../bench/comparisons.mjs";
import { marked } from "../bench/marked.mjs";
import { LOOPS } from "../bench/subjects/works.mjs";
import {
  drawn,
  figuresOf,
  isScaling,
  parts,
  RESULTS,
  runs as recordedRuns,
  read as text,
} from "../bench/tables.mjs";

const runs = recordedRuns();
const latest = (ofScaling) => runs.findLast((name) => isScaling(name) === ofScaling);

test("each chart is drawn from the figures beside it", () => {
  assert.ok(runs.length >= 2);
  for (const name of runs) {
    const figures = figuresOf(name);
    const svg = text(`${RESULTS}/${name.replace(/json$/, "svg")}`);
    assert.equal(svg, drawn(name), `${name}: run \`npm run bench:tables\``);
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
  const chartOf = (ofScaling) => latest(ofScaling)?.replace(/json$/, "svg");
  assert.ok(text("README.md").includes(`(${RESULTS}/${chartOf(false)})`));
  assert.ok(text("docs/performance.md").includes(`(../${RESULTS}/${chartOf(true)})`));
});

test("the documents compare edgegate with others as the latest run does", () => {
  for (const [path, name, right] of parts(figuresOf(latest(false))))
    assert.equal(marked(text(path), name), right, `${path}: run \`npm run bench:tables\``);
});

test("no other sentence of these documents calls edgegate ahead, level or behind", () => {
  const verdicts =
    /[^.|]*\b(ahead of|level with|behind (?!the|by chance)|faster than|slower than|fastest)[^.|]*/;
  for (const path of ["README.md", "docs/performance.md"]) {
    const byHand = text(path)
      .replace(marked(text(path), "comparison"), "")
      .replace(/\s+/g, " ");
    assert.equal(byHand.match(verdicts)?.[0], undefined, path);
  }
});

test("recorded comparisons are those of the recorded rounds", () => {
  for (const name of runs.filter((name) => !isScaling(name))) {
    const figures = figuresOf(name);
    const subjects = Object.values(figures.works).flatMap(({ subjects }) =>
      Object.values(subjects),
    );
    if (!figures.comparisons) {
      assert.ok(subjects.every(({ eachRound }) => !eachRound));
      continue;
    }
    assert.deepEqual(figures.comparisons, comparisonsOf(figures), name);
    for (const { eachRound } of subjects) assert.equal(eachRound.rate.length, figures.rounds);
  }
});

test("the sentences on growth say what was measured", () => {
  const readme = text("README.md").replace(/\s+/g, " ");
  const { dimensions } = figuresOf(latest(true));
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
    readme.includes(
      `With 100,000 users instead of one, a check or a renewal takes at most ${growth} % longer`,
    ),
    `${growth} %`,
  );
});
