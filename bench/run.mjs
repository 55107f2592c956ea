// `npm run bench`: compares edgegate with the projects that you could use instead. All Workers are
// measured in one run on the same runtime. All subjects (edgegate and the other projects) take
// short turns at each kind of work, in several rounds. So if the machine gets slower or faster
// during the run, all subjects are affected.
//
// To make fewer rounds, and measure only some kinds of work (bench/subjects/works.mjs):
//   npm run bench -- --rounds 3 --only login,renew
// To compare only the npm package with jose, without starting any Worker:
//   npm run bench -- --only package
// To write the results to another file than bench/results/latest.json, and a chart beside it:
//   npm run bench -- --json file.json
//
// One client sends all requests, so the requests per second do not show how many requests a
// deployment can serve. Look at the ratios instead. edgegate is called ahead or behind only if the
// confidence interval of the ratio does not contain 1 (bench/intervals.mjs).
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { main } from "../scripts/project/advice.mjs";
import { parsed } from "../scripts/project/arguments.mjs";
import { inRoot } from "../scripts/project/root.mjs";
import { recorded } from "./record.mjs";
import { setUpBench } from "./set-up.mjs";

await main(async () => {
  const { values } = parsed(
    {
      options: {
        rounds: { type: "string", default: "5" },
        only: { type: "string" },
        json: { type: "string", default: "bench/results/latest.json" },
      },
    },
    "use it as `npm run bench -- --rounds 3 --only login,renew --json file.json`; each option may be left out",
  );
  const only = values.only?.split(",");
  const isPackageOnly = only?.join() === "package";
  const failed = await setUpBench({ isPackageOnly });
  if (failed) return failed;
  const rounds = Number(values.rounds);
  const { packageTables, table } = await import("./table.mjs");
  if (isPackageOnly) {
    const { comparePackage } = await import("./package.mjs");
    console.log(packageTables(await comparePackage({ rounds })).join("\n"));
    return 0;
  }
  const [{ compare }, { chart }] = await Promise.all([
    import("./compare.mjs"),
    import("./chart.mjs"),
  ]);
  const results = await compare({ rounds, only });
  console.log(table(results));
  const svg = values.json.replace(/(\.json)?$/, ".svg");
  mkdirSync(dirname(inRoot(values.json)), { recursive: true });
  writeFileSync(inRoot(values.json), recorded(results));
  writeFileSync(inRoot(svg), chart(results));
  console.log(`\nThe figures are in ${values.json}, drawn in ${svg}.`);
  return 0;
});
