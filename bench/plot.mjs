// Draws how the cost of a request grows with the amount of data, such as the number of users. Each
// kind of data has a panel. A panel shows the cost at each amount, divided by the cost at the
// panel's smallest amount. A flat line means that the cost does not depend on the amount.
const PANEL = { width: 250, height: 170, left: 34, right: 22, top: 34, bottom: 30 };
const COLUMNS = 3;
const NAMES = {
  "check-eddsa-repeated": "check, token seen before",
  "check-eddsa-new": "check, every token new",
  renew: "renew",
};
const LINES = ["check-eddsa-repeated", "check-eddsa-new", "renew"];

/** The plot as an SVG that is readable on a light and on a dark background. */
export function plot({ dimensions, date, machine, rounds }) {
  const panels = Object.values(dimensions);
  const width = COLUMNS * PANEL.width;
  const legend = LINES.map(
    (work, index) =>
      `<path class="l${index}" d="M${index * 190},12h22"/><text x="${index * 190 + 28}" y="16">${NAMES[work]}</text>`,
  );
  const drawn = panels.map(
    (panel, index) =>
      `<g transform="translate(${(index % COLUMNS) * PANEL.width},${24 + Math.floor(index / COLUMNS) * PANEL.height})">${draw(panel)}</g>`,
  );
  const height = 24 + Math.ceil(panels.length / COLUMNS) * PANEL.height + 36;
  const notes = [
    "processor time for a request, over that at the first point",
    `npm run bench:scaling, ${date}: medians of ${rounds} rounds on ${machine.replace(/[&<>]/g, "")}`,
  ];
  const note = notes
    .map((text, index) => `<text class="note" x="0" y="${height - 20 + index * 14}">${text}</text>`)
    .join("\n");
  const style =
    "text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;fill:#24292f}.note{font-size:11px}.axis{stroke:#d0d7de;fill:none}path{fill:none;stroke-width:2}" +
    ".l0{stroke:#1f6feb}.l1{stroke:#bc4c00}.l2{stroke:#1a7f37}" +
    "@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#e6edf3}.axis{stroke:#3d444d}.l0{stroke:#4493f8}.l1{stroke:#f0883e}.l2{stroke:#3fb950}}";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="How the cost of a check and of a renewal grows"><style>${style}</style>\n${legend.join("\n")}\n${drawn.join("\n")}\n${note}\n</svg>\n`;
}

function draw({ title, points, works }) {
  const relative = Object.entries(works).map(([work, figures]) => [
    work,
    figures.map(({ median }) => median / figures[0].median),
  ]);
  const most = Math.max(2, Math.ceil(Math.max(...relative.flatMap(([, values]) => values))));
  const [low, high] = [Math.log(points[0]), Math.log(points.at(-1))];
  const x = (point) =>
    PANEL.left +
    ((Math.log(point) - low) / (high - low)) * (PANEL.width - PANEL.left - PANEL.right);
  const y = (value) =>
    PANEL.height - PANEL.bottom - (value / most) * (PANEL.height - PANEL.top - PANEL.bottom);
  const steps = most <= 4 ? Array.from({ length: most + 1 }, (_, at) => at) : [0, 1, most];
  const grid = steps.map(
    (value) =>
      `<path class="axis" stroke-width="1" d="M${PANEL.left},${y(value)}H${PANEL.width - PANEL.right}"/><text x="${PANEL.left - 6}" y="${y(value) + 4}" text-anchor="end">${value}×</text>`,
  );
  const ticks = points.map(
    (point) =>
      `<text x="${x(point)}" y="${PANEL.height - PANEL.bottom + 16}" text-anchor="middle">${short(point)}</text>`,
  );
  const lines = relative.map(
    ([work, values]) =>
      `<path class="l${LINES.indexOf(work)}" d="M${values.map((value, index) => `${x(points[index]).toFixed(1)},${y(value).toFixed(1)}`).join("L")}"/>`,
  );
  return [
    `<text class="title" x="${PANEL.left}" y="20">${title}</text>`,
    ...grid,
    ...ticks,
    ...lines,
  ].join("");
}

const short = (value) => (value >= 10_000 ? `${value / 1_000}k` : String(value));
