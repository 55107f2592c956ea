// Builds and runs the package's consumers, and writes the table of npm/edgegate/README.md when all
// of them were run.
//
//   node tests/consumers/run.mjs                 all of them
//   node tests/consumers/run.mjs next-15 parcel  some of them; the table stays as it is
import { Advice, main } from "../../scripts/project/advice.mjs";
import { CONSUMERS, runConsumer } from "./consumers.mjs";
import { closeBrowser } from "./project.mjs";
import { writeTable } from "./table.mjs";

await main(async () => {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !CONSUMERS.some((consumer) => consumer.name === name));
  if (unknown.length > 0)
    throw new Advice(
      `there is no consumer ${unknown.join(", ")}: choose from ${CONSUMERS.map(({ name }) => name).join(", ")}.`,
    );
  const wanted = CONSUMERS.filter(({ name }) => names.length === 0 || names.includes(name));
  const rows = [];
  let failed = 0;
  for (const consumer of wanted) {
    const begun = performance.now();
    const seconds = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    try {
      const found = await runConsumer(consumer);
      rows.push({ ...consumer, ...found });
      console.log(
        `✔ ${consumer.title} ${found.version ?? ""} (${seconds()}): ${found.places.join(", ")}`,
      );
    } catch (error) {
      failed += 1;
      console.log(`✖ ${consumer.title} (${seconds()})\n${error.message}`);
    }
  }
  await closeBrowser();
  if (failed > 0) return 1;
  if (names.length === 0) writeTable(rows);
});
