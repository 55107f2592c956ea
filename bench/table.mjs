// Writes the measurements as tables in Markdown.
import { comparisonTable, shareOf } from "./comparisons.mjs";
import { shownInterval } from "./intervals.mjs";

export function table(results) {
  const { works, sizes, starts, memory, floor, package: besideJose } = results;
  const lines = Object.values(works).flatMap((work) => workTable(work, floor));
  if (starts)
    lines.push(
      ...small(
        "cold start",
        "a new isolate to its first answer, milliseconds",
        starts,
        ({ milliseconds }) => milliseconds.median,
        ({ milliseconds }) => withSpread(milliseconds, 1),
      ),
    );
  if (memory)
    lines.push(
      ...small(
        "memory",
        "of the workerd process after a thousand light requests, its storage included, MB; measured once, so without an interval",
        memory,
        (bytes) => bytes,
        (bytes) => (bytes ? (bytes / 2 ** 20).toFixed(0) : "?"),
      ),
    );
  lines.push(
    ...small(
      "size",
      "minified and gzipped, KB",
      sizes,
      (bytes) => bytes,
      (bytes) => (bytes / 1024).toFixed(0),
    ),
  );
  if (besideJose) lines.push(...packageTables(besideJose));
  lines.push(
    "",
    "**edgegate beside the others**: the ratio and its 95 % interval; above 1 edgegate is better",
    "",
    ...comparisonTable(results),
  );
  return lines.join("\n");
}

/**
 * The tables that compare the npm package with jose. A ratio above 1 means that the npm package is
 * faster. In the records of older runs, the ratio has no interval.
 */
export function packageTables({ rates, first, bytes }) {
  const of = (figures, digits) => `${figures.median.toFixed(digits)}`;
  const rowsOf = (figures, digits) =>
    Object.entries(figures).map(([name, { edgegate, jose, ...compared }]) =>
      row([
        name,
        of(edgegate, digits),
        of(jose, digits),
        shownInterval(compared),
        compared.verdict ?? "unknown",
      ]),
    );
  const head = [
    row(["", "edgegate", "jose", "ratio, 95 % interval", "edgegate is"]),
    row(["---", "---", "---", "---", "---"]),
  ];
  return [
    "",
    "**the package: verified tokens a second**",
    "",
    ...head,
    ...rowsOf(rates, 0),
    "",
    "**the package: milliseconds to the first verified token**",
    "",
    ...head,
    ...rowsOf(first, 1),
    "",
    `**the package: KB minified and gzipped**: edgegate ${(bytes.edgegate / 1024).toFixed(1)}, jose ${(bytes.jose / 1024).toFixed(1)}`,
  ];
}

function workTable({ title, connections, subjects }, floor) {
  const rows = Object.entries(subjects).sort(([, a], [, b]) => b.rate.median - a.rate.median);
  const has = (key) => rows.some(([, row]) => row[key]);
  const heads = [
    "",
    "a second",
    "least to most",
    ...(has("share") ? [`of ${floor}, 95 % interval`] : []),
    ...(has("processor") ? ["µs of a processor"] : []),
    "p50 ms",
    "p99 ms",
  ];
  const cells = ([name, { rate, share, eachRound, processor, milliseconds }]) => [
    name,
    number(rate.median),
    `${number(rate.least)} to ${number(rate.most)}`,
    ...(has("share") ? [share ? shownInterval(shareOf({ share, eachRound })) : ""] : []),
    ...(has("processor") ? [processor ? number(processor.median * 1000) : ""] : []),
    milliseconds.p50.toFixed(2),
    milliseconds.p99.toFixed(2),
  ];
  return [
    "",
    `**${title}**, ${connections === 1 ? "1 connection" : `${connections} connections`}`,
    "",
    row(heads),
    row(heads.map(() => "---")),
    ...rows.map((entry) => row(cells(entry))),
  ];
}

/** A table with one measurement for each subject, in descending order of `sortBy`. */
function small(title, unit, figures, sortBy, shown) {
  const rows = Object.entries(figures).sort(([, a], [, b]) => sortBy(b) - sortBy(a));
  return [
    "",
    `**${title}**`,
    "",
    row(["", unit]),
    row(["---", "---"]),
    ...rows.map(([name, figure]) => row([name, shown(figure)])),
  ];
}

const row = (cells) => `| ${cells.join(" | ")} |`;
const withSpread = ({ median, least, most }, digits) =>
  `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
const number = (value) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
