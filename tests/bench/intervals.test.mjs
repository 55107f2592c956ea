// Tests how the benchmark decides whether one program is faster than another. Compares the
// confidence intervals with known values. Tests the verdicts (such as "ahead" and "level") both
// with and without the measurements of each round.
import assert from "node:assert/strict";
import { test } from "node:test";
import { comparisonList, comparisonsOf, comparisonTable } from "../../bench/comparisons.mjs";
import { ratioInterval, studentQuantile, verdict } from "../../bench/intervals.mjs";
import { marked, withMarked } from "../../bench/marked.mjs";
import { normal, seeded } from "../../bench/random.mjs";
import { recorded } from "../../bench/record.mjs";
import { packageTables, table } from "../../bench/table.mjs";

const near = (found, right, by = 5e-4) =>
  assert.ok(Math.abs(found - right) <= by, `${found}, not ${right}`);

const intervalOf = (numerators, denominators) => {
  const { ratio, low = Number.NaN, high = Number.NaN } = ratioInterval(numerators, denominators);
  return { ratio, low, high };
};

test("Student's t has the values of the printed tables", () => {
  // Values of Student's t for two-sided 95 %, by degrees of freedom. The single value for 4 degrees
  // of freedom, below the table, is for 99 %. All these values are from the NIST/SEMATECH
  // e-Handbook of Statistical Methods, 1.3.6.7.2.
  const printed = { 1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 8: 2.306, 14: 2.145, 29: 2.045 };
  for (const [degrees, value] of Object.entries(printed))
    near(studentQuantile(Number(degrees)), value);
  near(studentQuantile(4, 0.99), 4.604);
  near(studentQuantile(100_000), 1.96, 1e-3);
});

test("the interval of a ratio is Student's t over the logarithms, by hand", () => {
  // The ratios are 2, 4 and 8. Their logarithms have the mean ln 4 and the standard deviation ln 2.
  const half = (4.302653 * Math.LN2) / Math.sqrt(3);
  const { ratio, low, high } = intervalOf([4, 4, 16], [2, 1, 2]);
  near(ratio, 4);
  near(low, 4 * Math.exp(-half));
  near(high, 4 * Math.exp(half));
});

test("A beside B is the reciprocal of B beside A", () => {
  const [a, b] = [
    [100, 120, 90, 111, 105],
    [80, 100, 85, 90, 99],
  ];
  const [one, other] = [intervalOf(a, b), intervalOf(b, a)];
  near(one.low * other.high, 1, 1e-12);
  near(one.ratio * other.ratio, 1, 1e-12);
});

test("a drift that affects both of a round does not widen the interval", () => {
  const drift = [1, 0.5, 0.7, 0.9, 0.6];
  const { low, high } = intervalOf(
    drift.map((slow) => 150 * slow),
    drift.map((slow) => 100 * slow),
  );
  near(low, 1.5, 1e-9);
  near(high, 1.5, 1e-9);
});

test("95 of 100 intervals contain the true ratio, with three and with five rounds", () => {
  const draw = normal(seeded(18));
  const noise = () => Math.exp(0.1 * draw());
  for (const rounds of [3, 5]) {
    let contained = 0;
    for (let run = 0; run < 4_000; run++) {
      const list = (rate) => Array.from({ length: rounds }, () => rate * noise());
      const { low, high } = intervalOf(list(120), list(100));
      if (low <= 1.2 && 1.2 <= high) contained++;
    }
    near(contained / 4_000, 0.95, 0.012);
  }
});

test("only an interval that does not contain 1 is ahead or behind", () => {
  assert.equal(verdict({ low: 1.02, high: 1.4 }), "ahead");
  assert.equal(verdict({ low: 0.5, high: 0.98 }), "behind");
  assert.equal(verdict({ low: 0.9, high: 1.1 }), "level");
  // Ratios are shown with two digits after the decimal point. The limits 1.004 and 0.996 are both
  // shown as 1.00. Therefore the verdict is "level".
  assert.equal(verdict({ low: 1.004, high: 1.4 }), "level");
  assert.equal(verdict({ low: 0.8, high: 0.996 }), "level");
  assert.equal(verdict({}), "unknown");
});

test("one round shows no difference, and a missing or impossible number is an error", () => {
  assert.deepEqual(Object.keys(ratioInterval([3], [2])), ["ratio"]);
  for (const [numerators, denominators] of [
    [[], []],
    [[1, 2], [1]],
    [
      [1, 0],
      [1, 1],
    ],
    [
      [1, 1],
      [1, Number.NaN],
    ],
  ])
    assert.throws(() => ratioInterval(numerators, denominators), RangeError);
});

const spread = (list) => ({
  median: [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)],
  least: Math.min(...list),
  most: Math.max(...list),
});
const subject = (rate, processor) => ({
  rate: spread(rate),
  processor: spread(processor),
  milliseconds: { p50: 1, p99: 2 },
  eachRound: { rate, processor },
});
const RUN = {
  floor: "an empty Worker",
  rounds: 3,
  sizes: { edgegate: 2048, jose: 1024 },
  works: {
    renew: {
      title: "renew",
      connections: 8,
      subjects: {
        "an empty Worker": subject([900, 910, 905], [1, 1, 1]),
        edgegate: subject([150, 153, 148], [2, 2.02, 2]),
        "edgegate, durable": subject([50, 51, 49], [3, 3, 3.1]),
        jose: subject([100, 101, 99], [4, 4, 4.1]),
        level: subject([140, 165, 150], [2, 2.1, 1.9]),
      },
    },
    verify: {
      title: "verify",
      connections: 1,
      subjects: {
        "edgegate, bare work": subject([10, 11, 10], [1, 1.1, 1]),
        jose: subject([20, 21, 20], [0.5, 0.5, 0.5]),
      },
    },
  },
  starts: {
    edgegate: { milliseconds: spread([10, 11, 10]), eachRound: { milliseconds: [10, 11, 10] } },
    slow: { milliseconds: spread([30, 31, 33]), eachRound: { milliseconds: [30, 31, 33] } },
  },
};

test("each configuration of edgegate is compared with each other subject", () => {
  const found = comparisonsOf(RUN).map(({ work, ours, other, verdict, processor }) =>
    [work, ours, other, verdict, processor?.verdict].join(" | "),
  );
  assert.deepEqual(found, [
    "renew | edgegate | jose | ahead | ahead",
    "renew | edgegate | level | level | level",
    "renew | edgegate, durable | jose | behind | ahead",
    "renew | edgegate, durable | level | behind | behind",
    "verify | edgegate, bare work | jose | behind | behind",
    // These measurements are in milliseconds, so a smaller number is better.
    "cold-start | edgegate | slow | ahead | ",
  ]);
});

test("the printed table and list call a row what its interval says", () => {
  const lines = comparisonTable(RUN);
  assert.ok(
    lines.some((line) =>
      /^\| renew \| edgegate \| level \| level: 0\.99 \(0\.8\d to 1\.\d+\)/.test(line),
    ),
    lines.join("\n"),
  );
  assert.match(
    comparisonList(RUN, ["renew"]).join(" "),
    /- renew: ahead of jose 1\.50 \(1\.4\d to 1\.5\d\); level with level 0\.99/,
  );
  assert.match(table(RUN), /edgegate is/);
});

test("a run that was recorded without rounds has ratios and no verdict", () => {
  const old = JSON.parse(JSON.stringify(RUN), (key, value) =>
    key === "eachRound" ? undefined : value,
  );
  for (const { verdict, low } of comparisonsOf(old))
    assert.deepEqual([verdict, low], ["unknown", undefined]);
  const text = [...comparisonTable(old), ...comparisonList(old, ["renew"]), table(old)].join(" ");
  assert.match(text, /recorded without its rounds/);
  assert.doesNotMatch(text, /\b(ahead of|ahead:|behind|level:|level with)/);
  const figures = { edgegate: spread([3]), jose: spread([2]), ratio: 1.5 };
  const oldPackage = { rates: { EdDSA: figures }, first: {}, bytes: { edgegate: 1, jose: 1 } };
  assert.ok(packageTables(oldPackage).includes("| EdDSA | 3 | 2 | 1.50 (no interval) | unknown |"));
});

test("a record can be read back, and its rounds take one line", () => {
  const text = recorded(RUN);
  assert.deepEqual(JSON.parse(text), RUN);
  assert.ok(text.includes('"rate": [150, 153, 148]'), text);
});

test("a program replaces only its part of a document", () => {
  const document = "before\n<!-- x: written by a program -->\nold\n<!-- end of x -->\nafter\n";
  const changed = withMarked(document, "x", "new $& text");
  assert.equal(marked(changed, "x"), "new $& text");
  assert.equal(changed.replace("new $& text", "old"), document);
  assert.throws(() => marked(document, "y"), /no part "y"/);
});
