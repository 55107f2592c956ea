// `npm run bench`: edgegate beside what one would use instead, in one run on the same runtime. Each work is done by each in turn, a
// short time each, and over again in several rounds, so that a machine that drifts drifts for all.
//
//   npm run bench -- --rounds 3 --only login,renew       fewer rounds, some of the work (bench/subjects/works.mjs)
//   npm run bench -- --json file.json                    where the figures go, and a chart beside them; by default bench/results/latest.json
//
// Requests a second through one client are no promise of what a deployment serves: compare the ratios.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { main } from "../scripts/project/advice.mjs";
import { inRoot } from "../scripts/project/root.mjs";
import { setUpBench } from "./set-up.mjs";

await main(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      only: { type: "string" },
      json: { type: "string", default: "bench/results/latest.json" },
    },
  });
  const failed = await setUpBench();
  if (failed) return failed;
  const { compare } = await import("./compare.mjs");
  const [{ table }, { chart }] = await Promise.all([import("./table.mjs"), import("./chart.mjs")]);
  const results = await compare({ rounds: Number(values.rounds), only: values.only?.split(",") });
  console.log(table(results));
  const svg = values.json.replace(/(\.json)?$/, ".svg");
  mkdirSync(dirname(inRoot(values.json)), { recursive: true });
  writeFileSync(inRoot(values.json), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(inRoot(svg), chart(results));
  console.log(`\nThe figures are in ${values.json}, drawn in ${svg}.`);
  return 0;
});
