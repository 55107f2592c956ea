// Builds and runs the package's consumers. Writes the results to results.json and to the table in
// npm/edgegate/README.md.
//
//   node tests/consumers/run.mjs                 all of them
//   node tests/consumers/run.mjs next-15 parcel  some of them; the other rows stay as they are
import { Advice, main } from "../../scripts/project/advice.mjs";
import { CONSUMERS, runConsumer } from "./consumers.mjs";
import { closeBrowser } from "./project.mjs";
import { record } from "./table.mjs";

await main(async () => {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !CONSUMERS.some((consumer) => consumer.name === name));
  if (unknown.length > 0)
    throw new Advice(
      `there is no consumer ${unknown.join(", ")}: choose from ${CONSUMERS.map(({ name }) => name).join(", ")}.`,
    );
  const wanted = CONSUMERS.filter(({ name }) => names.length === 0 || names.includes(name));
  const date = new Date().toISOString().slice(0, 10);
  let failed = 0;
  for (const consumer of wanted) {
    const begun = performance.now();
    const seconds = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    try {
      const { places, version } = await runConsumer(consumer);
      record(CONSUMERS, { [consumer.name]: { version, places, date } });
      console.log(`✔ ${consumer.title} ${version ?? ""} (${seconds()}): ${places.join(", ")}`);
    } catch (error) {
      failed += 1;
      console.log(`✖ ${consumer.title} (${seconds()})\n${/** @type {Error} */ (error).message}`);
    }
  }
  await closeBrowser();
  return failed === 0 ? 0 : 1;
});
