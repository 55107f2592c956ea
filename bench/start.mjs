// `npm run bench:start`: measures how long each part of the start of edgegate takes, from a new
// isolate to its first answer.
//
//   npm run bench:start -- --rounds 30
import { main } from "../scripts/project/advice.mjs";
import { parsed } from "../scripts/project/arguments.mjs";
import { setUpBench } from "./set-up.mjs";

await main(async () => {
  const { values } = parsed(
    { options: { rounds: { type: "string", default: "30" } } },
    "use it as `npm run bench:start -- --rounds 30`",
  );
  const failed = await setUpBench();
  if (failed) return failed;
  const { startsByPart } = await import("./cold-start.mjs");
  const parts = await startsByPart({ rounds: Number(values.rounds) });
  const shown = (spread) =>
    spread
      ? `${spread.median.toFixed(1)} (${spread.least.toFixed(1)} to ${spread.most.toFixed(1)})`
      : "?";
  console.log("| | milliseconds | of a processor |\n| --- | --- | --- |");
  for (const [name, { milliseconds, processor }] of Object.entries(parts))
    console.log(`| ${name} | ${shown(milliseconds)} | ${shown(processor)} |`);
  return 0;
});
