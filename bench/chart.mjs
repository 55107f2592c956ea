// A chart of a run's figures: for each work a bar for each subject, as a share of the fastest.
const WIDTH = 760;
const ROW = 20;
const HEAD = 30;
const LABEL = 240;
const BAR = WIDTH - LABEL - 90;

/** An SVG that is readable on light and on dark ground. */
export function chart({ works, date, machine, rounds }, chosen) {
  const parts = [];
  let y = 10;
  for (const name of chosen) {
    const { title, subjects } = works[name];
    const rows = Object.entries(subjects).filter(([subject]) => subject !== "an empty Worker").sort(([, a], [, b]) => b.rate.median - a.rate.median);
    const most = Math.max(...rows.map(([, { rate }]) => rate.median));
    y += HEAD;
    parts.push(`<text class="title" x="0" y="${y - 8}">${escape(title)}, requests a second</text>`);
    for (const [subject, { rate }] of rows) {
      const width = Math.max(1, (rate.median / most) * BAR);
      const ours = subject.startsWith("edgegate") ? " class=\"ours\"" : "";
      parts.push(
        `<text x="${LABEL - 8}" y="${y + 14}" text-anchor="end">${escape(subject)}</text>`,
        `<rect${ours} x="${LABEL}" y="${y + 3}" width="${width.toFixed(1)}" height="${ROW - 6}" rx="2"/>`,
        `<text x="${(LABEL + width + 6).toFixed(1)}" y="${y + 14}">${rate.median < 100 ? rate.median.toFixed(1) : Math.round(rate.median)}</text>`,
      );
      y += ROW;
    }
  }
  y += HEAD;
  parts.push(`<text class="note" x="0" y="${y - 8}">${escape(`npm run bench, ${date}: medians of ${rounds} interleaved rounds in workerd on ${machine}`)}</text>`);
  const style = "text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;fill:#24292f}.note{font-size:11px}rect{fill:#8c959f}.ours{fill:#1f6feb}" +
    "@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#e6edf3}rect{fill:#656d76}.ours{fill:#4493f8}}";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="edgegate beside others, requests a second"><style>${style}</style>\n${parts.join("\n")}\n</svg>\n`;
}

const escape = (text) => text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character]);
