// A chart of a run's measurements: each work has a bar for each subject.
const WIDTH = 760;
const ROW = 20;
const HEAD = 30;
const LABEL = 250;
const BAR = WIDTH - LABEL - 90;
/** The part of a run that the README shows. */
const CHOSEN = [
  "check-eddsa-repeated",
  "check-eddsa-new",
  "check-hs256-repeated",
  "login",
  "renew",
];

/** An SVG that is readable on a light and on a dark background. */
export function chart({ works, starts, sizes, date, machine, rounds, floor }) {
  const groups = CHOSEN.filter((name) => works[name]).map((name) => ({
    title: `${works[name].title}: a second, more is better`,
    rows: figures(works[name].subjects, ({ rate }) => rate.median).reverse(),
  }));
  if (starts)
    groups.push({
      title: "cold start: milliseconds to a new isolate's first answer, less is better",
      rows: figures(starts, ({ milliseconds }) => milliseconds.median, floor),
    });
  groups.push({
    title: "size: KB minified and gzipped, less is better",
    rows: figures(sizes, (bytes) => bytes / 1024),
  });
  const parts = [];
  let y = 0;
  for (const { title, rows } of groups) {
    y += HEAD;
    parts.push(`<text class="title" x="0" y="${y - 8}">${escaped(title)}</text>`);
    const most = Math.max(...rows.map(([, figure]) => figure));
    for (const [subject, figure] of rows) {
      parts.push(...bar(subject, figure, most, y));
      y += ROW;
    }
  }
  y += HEAD;
  parts.push(
    `<text class="note" x="0" y="${y - 8}">${escaped(`npm run bench, ${date}: medians of ${rounds} interleaved rounds in workerd on ${machine}`)}</text>`,
  );
  const style =
    "text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;fill:#24292f}.note{font-size:11px}rect{fill:#8c959f}.ours{fill:#1f6feb}" +
    "@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#e6edf3}rect{fill:#656d76}.ours{fill:#4493f8}}";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="edgegate beside others"><style>${style}</style>\n${parts.join("\n")}\n</svg>\n`;
}

/** The smallest first, without subjects that exist only for comparison. */
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

const escaped = (text) =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character]);
