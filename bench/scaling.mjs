// `npm run bench:scaling`: measures how the cost of a renewal and of a check changes when the
// amount of data grows, such as the number of users. Writes the measurements to a file, and a plot
// of them.
//
//   npm run bench:scaling -- --rounds 5 --only users,keys --json file.json
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { main } from "../scripts/project/advice.mjs";
import { parsed } from "../scripts/project/arguments.mjs";
import { inRoot } from "../scripts/project/root.mjs";
import { ratioInterval, shownInterval } from "./intervals.mjs";
import { machine } from "./machine.mjs";
import { plot } from "./plot.mjs";
import { recorded } from "./record.mjs";
import { setUpBench } from "./set-up.mjs";
import { spread } from "./statistics.mjs";

/**
 * The dimensions in which the data grows. A dimension has points (amounts of data) and the kinds of
 * work whose cost is measured at each point.
 */
const DIMENSIONS = {
  users: {
    title: "users in the directory",
    points: [1, 100, 10_000, 100_000],
    works: ["check-eddsa-repeated", "renew"],
  },
  sessions: {
    title: "sessions of the user, KV",
    points: [1, 10, 100, 1_000],
    works: ["check-eddsa-repeated", "renew"],
  },
  "sessions-durable": {
    title: "sessions of the user, durable",
    points: [1, 10, 100, 1_000],
    works: ["check-eddsa-repeated", "renew"],
  },
  keys: {
    title: "keys in the set",
    points: [1, 5, 10, 20],
    works: ["check-eddsa-repeated", "check-eddsa-new"],
  },
  token: {
    title: "bytes of the access token",
    points: [512, 1_024, 2_048, 4_096],
    works: ["check-eddsa-repeated", "check-eddsa-new"],
  },
  connections: {
    title: "connections",
    points: [1, 4, 16, 64, 256],
    works: ["check-eddsa-repeated", "renew"],
  },
};

await main(async () => {
  const { values } = parsed(
    {
      options: {
        rounds: { type: "string", default: "5" },
        only: { type: "string" },
        json: { type: "string", default: "bench/results/latest-scaling.json" },
      },
    },
    "use it as `npm run bench:scaling -- --rounds 5 --only users,keys --json file.json`; each option may be left out",
  );
  const failed = await setUpBench();
  if (failed) return failed;
  const [{ startPoint }, { once }] = await Promise.all([
    import("./subjects/grown.mjs"),
    import("./once.mjs"),
  ]);
  const dimensions = {};
  for (const [name, { title, points, works }] of Object.entries(DIMENSIONS)) {
    if (values.only && !values.only.split(",").includes(name)) continue;
    console.log(`${title} …`);
    dimensions[name] = {
      title,
      points,
      works: await grow(name, points, works, Number(values.rounds), startPoint, once),
    };
    for (const [work, figures] of Object.entries(dimensions[name].works)) {
      console.log(
        `  ${work}: ${figures.map(({ median }, index) => `${points[index]}: ${(median * 1000).toFixed(0)} µs`).join(", ")}`,
      );
      const [{ eachRound: first }, ...others] = figures;
      console.log(
        `    beside ${points[0]}, with 95 % intervals: ${others.map(({ eachRound }, index) => `${points[index + 1]}: ${shownInterval(ratioInterval(eachRound, first))}`).join(", ")}`,
      );
    }
  }
  const results = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    rounds: Number(values.rounds),
    dimensions,
  };
  const svg = values.json.replace(/(\.json)?$/, ".svg");
  mkdirSync(dirname(inRoot(values.json)), { recursive: true });
  writeFileSync(inRoot(values.json), recorded(results));
  writeFileSync(inRoot(svg), plot(results));
  console.log(`\nThe figures are in ${values.json}, drawn in ${svg}.`);
  return 0;
});

/**
 * Measures one dimension. All its points are measured in turns. For each kind of work and each
 * point, returns the processor milliseconds per request: those of each round, and their spread
 * (median, smallest and largest value). If the operating system does not provide the processor
 * time, returns the milliseconds of a round divided by its requests instead.
 */
async function grow(name, points, works, rounds, startPoint, once) {
  const subjects = [];
  const found = Object.fromEntries(works.map((work) => [work, points.map(() => [])]));
  try {
    for (const point of points) subjects.push(await startPoint(name, point));
    for (let round = 0; round < rounds; round++) {
      for (const work of works) {
        for (const [index, subject] of subjects.entries()) {
          const { processor, rate } = await once(work, subject, {
            connections: name === "connections" ? points[index] : undefined,
          });
          found[work][index].push(processor ?? 1000 / rate);
        }
      }
    }
  } finally {
    await Promise.all(subjects.map(({ stop }) => stop()));
  }
  return Object.fromEntries(
    works.map((work) => [
      work,
      found[work].map((values) => ({ ...spread(values), eachRound: values })),
    ]),
  );
}
