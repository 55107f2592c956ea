// Draws a chart of the measurements of one run of the bench: some kinds of work (such as a login),
// the cold start, and the sizes. For each of these, the chart has one bar per subject (edgegate or
// another project). Beside the bar of another project, it says whether edgegate is ahead, level or
// behind, except for the sizes and for runs that were recorded without their rounds.
import { comparisonsOf } from "./comparisons.mjs";
import { shownInterval } from "./intervals.mjs";

const WIDTH = 900;
const ROW = 20;
const HEAD = 30;
const LABEL = 250;
const FIGURE = 60;
const VERDICT = 210;
const BAR = WIDTH - LABEL - FIGURE - VERDICT;
/** The kinds of work that this chart and the README show. */
export const CHOSEN = [
  "check-eddsa-repeated",
  "check-eddsa-new",
  "check-hs256-repeated",
  "login",
  "renew",
];

/** The chart as an SVG that is readable on a light and on a dark background. */
export function chart({ works, starts, sizes, date, machine, rounds, floor }) {
  const comparisons = comparisonsOf({ works, starts, floor });
  const verdictsOf = (name) => {
    const those = comparisons.filter(({ work, low }) => work === name && low !== undefined);
    return Object.fromEntries(
      those
        .filter(({ ours }) => ours === those[0].ours)
        .map((compared) => [
          compared.other,
          `edgegate ${compared.verdict} ${shownInterval(compared)}`,
        ]),
    );
  };
  const groups = CHOSEN.filter((name) => works[name]).map((name) => ({
    title: `${works[name].title}: a second, more is better`,
    rows: figures(works[name].subjects, ({ rate }) => rate.median).reverse(),
    verdicts: verdictsOf(name),
  }));
  if (starts)
    groups.push({
      title: "cold start: milliseconds to a new isolate's first answer, less is better",
      rows: figures(starts, ({ milliseconds }) => milliseconds.median, floor),
      verdicts: verdictsOf("cold-start"),
    });
  groups.push({
    title: "size: KB minified and gzipped, less is better",
    rows: figures(sizes, (bytes) => bytes / 1024),
    verdicts: {},
  });
  const parts = [];
  let y = 0;
  for (const { title, rows, verdicts } of groups) {
    y += HEAD;
    parts.push(`<text class="title" x="0" y="${y - 8}">${escaped(title)}</text>`);
    const most = Math.max(...rows.map(([, figure]) => figure));
    for (const [subject, figure] of rows) {
      parts.push(...bar(subject, figure, most, y), ...words(verdicts[subject], y));
      y += ROW;
    }
  }
  const hasIntervals = comparisons.some(({ low }) => low !== undefined);
  const notes = [
    `npm run bench, ${date}: medians of ${rounds} interleaved rounds in workerd on ${machine}`,
    hasIntervals
      ? "right: whether edgegate, as configured by default, is ahead of this one: the ratio and its 95 % interval over the rounds; above 1 edgegate is better"
      : "recorded without its rounds: no intervals, so the chart can't say which differences are real",
  ];
  y += 6;
  for (const note of notes) {
    y += 18;
    parts.push(`<text class="note" x="0" y="${y - 4}">${escaped(note)}</text>`);
  }
  const style =
    "text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;fill:#24292f}.note{font-size:11px}rect{fill:#8c959f}.ours{fill:#1f6feb}" +
    "@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#e6edf3}rect{fill:#656d76}.ours{fill:#4493f8}}";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="edgegate beside others"><style>${style}</style>\n${parts.join("\n")}\n</svg>\n`;
}

/**
 * The measured number of each subject, the smallest first. The floor (an empty Worker) and the bare
 * work (bench/bare-worker) are left out, because they are not projects.
 */
function figures(subjects, figureOf, floor) {
  return Object.entries(subjects)
    .filter(([name]) => name !== floor && !name.includes("bare"))
    .map(([name, figure]) => [name, figureOf(figure)])
    .sort(([, a], [, b]) => a - b);
}

function bar(subject, figure, most, y) {
  const width = Math.max(1, (figure / most) * BAR);
  const ours = subject.startsWith("edgegate") ? ' class="ours"' : "";
  return [
    `<text x="${LABEL - 8}" y="${y + 14}" text-anchor="end">${escaped(subject)}</text>`,
    `<rect${ours} x="${LABEL}" y="${y + 3}" width="${width.toFixed(1)}" height="${ROW - 6}" rx="2"/>`,
    `<text x="${(LABEL + width + 6).toFixed(1)}" y="${y + 14}">${figure < 100 ? figure.toFixed(1) : Math.round(figure)}</text>`,
  ];
}

const words = (verdict, y) =>
  verdict
    ? [`<text class="note" x="${WIDTH - VERDICT}" y="${y + 14}">${escaped(verdict)}</text>`]
    : [];

const escaped = (text) =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character]);
