// The package must work in the bundlers, frameworks and runtimes of its users. `npm test` tries
// some of them, and `npm run test:wide` tries all of them. The table in npm/edgegate/README.md
// shows the last run of tests/consumers/run.mjs for each.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isWide } from "../wide.mjs";
import { CONSUMERS, runConsumer } from "./consumers.mjs";
import { closeBrowser } from "./project.mjs";
import { readResults, tableIn, tableOf } from "./table.mjs";

after(closeBrowser);

for (const consumer of CONSUMERS.filter((one) => isWide || !one.isWide)) {
  test(`${consumer.title} verifies tokens and constructs the client`, async (t) => {
    const { places, version } = await runConsumer(consumer);
    assert.deepEqual(places, readResults()[consumer.name]?.places, "run tests/consumers/run.mjs");
    t.diagnostic(`${consumer.title} ${version ?? ""}: ${places.join(", ")}`);
  });
}

test("the README's table has every consumer, as it was run", () => {
  const results = readResults();
  assert.deepEqual(
    Object.keys(results).sort(),
    CONSUMERS.map(({ name }) => name).sort(),
    "run tests/consumers/run.mjs",
  );
  assert.equal(tableIn(), tableOf(CONSUMERS, results));
});
