// `npm run bench`: compares edgegate with what you would use instead, in one run on the same
// runtime. All subjects take short turns at each work, in several rounds, so that a drift of the
// machine affects all of them.
//
// Fewer rounds, some of the work (bench/subjects/works.mjs):
//   npm run bench -- --rounds 3 --only login,renew
// The npm package beside jose, without any Worker:
//   npm run bench -- --only package
// Where to write the results, with a chart beside them; by default bench/results/latest.json:
//   npm run bench -- --json file.json
//
// Requests a second through one client do not predict what a deployment can serve: compare the
// ratios. edgegate is called ahead or behind only where the ratio's interval over the rounds does
// not contain 1 (bench/intervals.mjs).
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
