// The plots of docs/scale.md.
import { monthOf, peakOf } from "./capacity.mjs";
import { CONTINENTS } from "./latencies.mjs";
import { wayOf } from "./latency-tables.mjs";
import { titleOf } from "./tables.mjs";

const STYLE =
  "text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;fill:#24292f}.note{font-size:11px}path{fill:none;stroke-width:2}.axis{stroke:#d0d7de;stroke-width:1}.all{stroke:#57606a}.limit{stroke:#cf222e;stroke-dasharray:5 4}.limited{fill:#cf222e;font-size:11px}" +
  ".s0{stroke:#bc4c00}.s1{stroke:#1f6feb}.s2{stroke:#1a7f37}.f0{fill:#bc4c00}.f1{fill:#1f6feb}.f2{fill:#1a7f37}.dashed{stroke-dasharray:2 3}" +
  "@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#e6edf3}.axis{stroke:#3d444d}.all{stroke:#9198a1}.limit{stroke:#ff7b72}.limited{fill:#ff7b72}.s0{stroke:#f0883e}.s1{stroke:#4493f8}.s2{stroke:#3fb950}.f0{fill:#f0883e}.f1{fill:#4493f8}.f2{fill:#3fb950}}";

const svg = (width, height, label, parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}"><style>${STYLE}</style>\n${parts.join("\n")}\n</svg>\n`;

const PANEL = { width: 290, height: 210, left: 52, right: 16, top: 30, bottom: 30 };
const USERS = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/**
 * Draws how the statements per second in D1, the size of D1 and the bill grow with the number of
 * users.
 *
 * @param {import("./tables.mjs").Model} model
 */
export function scalePlot({ stores, use, bytes, cost, facts }) {
  const prices = { storage: facts.STORAGE, plan: facts.PLAN_DOLLARS, gb: facts.GB, bytes };
  const month = (users, store) => monthOf(users, store, { use, cost, facts: prices });
  const line = (store, index, of) => ({
    className: `s${index}`,
    values: USERS.map((users) => of(users, store)),
  });
  /** @type {Panel[]} */
  const panels = [
    {
      title: "D1 statements a second, peak",
      range: [1e-3, 1e4],
      limit: [1000, "one database"],
      lines: stores.map((store, index) =>
        line(store, index, (users) => peakOf(users, store, use)["D1 statements"]),
      ),
    },
    {
      title: "GB in D1, any store",
      range: [1e-4, 1e2],
      limit: [10, "one database"],
      lines: [
        {
          ...line(stores[0], 0, (users) => (users * bytes["user in D1"]) / facts.GB),
          className: "all",
        },
      ],
    },
    {
      title: "dollars a month",
      range: [1, 1e6],
      lines: stores.flatMap((store, index) => [
        line(store, index, (users) => month(users, store).together),
        {
          ...line(store, index, (users) => month(users, store).verified),
          className: `s${index} dashed`,
        },
      ]),
    },
  ];
  const width = panels.length * PANEL.width;
  const height = 24 + PANEL.height + 24;
  const drawn = panels.map(
    (panel, index) => `<g transform="translate(${index * PANEL.width},24)">${drawPanel(panel)}</g>`,
  );
  const note = `<text class="note" x="0" y="${height - 8}">npm run bench:scale; across: users, both axes logarithmic. Dotted: without checks. Where lines coincide, only the last one is visible.</text>`;
  return svg(width, height, "What grows with the number of users", [
    ...legend(stores.map(titleOf)),
    ...drawn,
    note,
  ]);
}

const legend = (names) =>
  names.map(
    (name, index) =>
      `<path class="s${index}" d="M${index * 190},12h22"/><text x="${index * 190 + 28}" y="16">${name}</text>`,
  );

/**
 * @typedef {{ title: string, range: number[], limit?: [number, string],
 *   lines: { className: string, values: number[] }[] }} Panel
 * @param {Panel} panel
 */
function drawPanel({ title, range: [low, high], limit, lines }) {
  const across = PANEL.width - PANEL.left - PANEL.right;
  const down = PANEL.height - PANEL.top - PANEL.bottom;
  const x = (index) => PANEL.left + (index / (USERS.length - 1)) * across;
  const y = (value) =>
    PANEL.top + down - (Math.log10(Math.max(value, low) / low) / Math.log10(high / low)) * down;
  const powers = Array.from(
    { length: Math.round(Math.log10(high / low)) + 1 },
    (_, at) => low * 10 ** at,
  );
  return [
    `<text class="title" x="${PANEL.left}" y="18">${title}</text>`,
    ...powers.map(
      (power) =>
        `<path class="axis" d="M${PANEL.left},${y(power).toFixed(1)}H${PANEL.width - PANEL.right}"/><text x="${PANEL.left - 6}" y="${(y(power) + 4).toFixed(1)}" text-anchor="end">${tick(power)}</text>`,
    ),
    ...USERS.map(
      (users, index) =>
        `<text x="${x(index).toFixed(1)}" y="${PANEL.height - PANEL.bottom + 16}" text-anchor="middle">${tick(users)}</text>`,
    ),
    ...(limit
      ? [
          `<path class="limit" d="M${PANEL.left},${y(limit[0]).toFixed(1)}H${PANEL.width - PANEL.right}"/><text class="limited" x="${PANEL.left + 4}" y="${(y(limit[0]) - 5).toFixed(1)}">${limit[1]}</text>`,
        ]
      : []),
    ...lines.map(
      ({ className, values }) =>
        `<path class="${className}" d="M${values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join("L")}"/>`,
    ),
  ].join("");
}

function tick(value) {
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e3) return `${value / 1e3}k`;
  return String(Number(value.toPrecision(1)));
}

const ROW = 18;
const LABEL = 330;
const RIGHT = 40;
const WIDTH = 870;

/**
 * Draws the latencies. For each act, continent, store and place of the Durable Object, the plot has
 * a dot at p50, a line to p95, and a thinner line to p99.
 */
export function latencyPlot(found) {
  const most = Math.ceil(Math.max(...found.map(({ p99 }) => p99)) / 100) * 100;
  const x = (time) => LABEL + (time / most) * (WIDTH - LABEL - RIGHT);
  const ways = [...new Set(found.map(wayOf))];
  const stores = [...new Set(found.map(({ store }) => store))];
  const parts = [];
  let y = 0;
  const grid = [];
  for (const act of [...new Set(found.map(({ act }) => act))]) {
    y += 30;
    parts.push(
      `<text class="title" x="0" y="${y - 8}">${act}: milliseconds that the user waits</text>`,
    );
    const top = y;
    for (const continent of CONTINENTS) {
      for (const way of ways) {
        const one = found.find(
          (each) => each.act === act && each.continent === continent && wayOf(each) === way,
        );
        parts.push(range(one, way, x, y, stores.indexOf(one.store), way === ways[0] && continent));
        y += ROW;
      }
      y += 6;
    }
    for (let time = 0; time <= most; time += 100)
      grid.push(
        `<path class="axis" d="M${x(time).toFixed(1)},${top}V${y - 4}"/><text class="note" x="${x(time).toFixed(1)}" y="${y + 8}" text-anchor="middle">${time}</text>`,
      );
    y += 14;
  }
  const notes = [
    "dot: p50; thick line: to p95; thin line: to p99. A simulation with stated and assumed latencies, no measurement: npm run bench:latency",
  ];
  for (const note of notes) {
    y += 18;
    parts.push(`<text class="note" x="0" y="${y - 4}">${note}</text>`);
  }
  return svg(WIDTH, y + 4, "How long logins, renewals and checks take on three continents", [
    ...grid,
    ...parts,
  ]);
}

function range({ p50, p95, p99 }, way, x, y, store, continent) {
  const middle = y + ROW / 2;
  return [
    ...(continent ? [`<text x="0" y="${middle + 4}">${continent}</text>`] : []),
    `<text x="${LABEL - 8}" y="${middle + 4}" text-anchor="end">${way}</text>`,
    `<path class="s${store}" style="stroke-width:1.5" d="M${x(p95).toFixed(1)},${middle}H${x(p99).toFixed(1)}"/>`,
    `<path class="s${store}" style="stroke-width:5" d="M${x(p50).toFixed(1)},${middle}H${x(p95).toFixed(1)}"/>`,
    `<circle class="f${store}" cx="${x(p50).toFixed(1)}" cy="${middle}" r="5"/>`,
  ].join("");
}
