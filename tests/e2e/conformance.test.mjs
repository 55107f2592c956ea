// The conformance suite of the session store (tests/conformance) in workerd: on real KV, and on the Durable Object.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { conformanceWorker } from "../../scripts/project/conformance-worker.mjs";
import { inRoot } from "../../scripts/project/root.mjs";
import { TEST_SECRETS, TEST_VARS } from "./harness.mjs";

let server;
before(async () => {
  const [configPath, { createTestHarness }] = await Promise.all([conformanceWorker(), import("wrangler")]);
  server = createTestHarness({ root: inRoot(), workers: [{ configPath, vars: TEST_VARS, secrets: TEST_SECRETS }] });
  await server.listen();
});
after(() => server?.close());

for (const store of ["kv", "durable"]) {
  test(store, async (t) => {
    const answer = await server.fetch(new URL(`/conformance/${store}`, TEST_VARS.ISSUER));
    assert.equal(answer.status, 200, await answer.clone().text());
    const outcomes = await answer.json();
    for (const { name, state, why } of outcomes) {
      await t.test(name.replaceAll("_", " "), { skip: state === "left out" && "linearizable only" }, () => {
        assert.equal(state, "passed", why);
      });
    }
    const count = (wanted) => outcomes.filter(({ state }) => state === wanted).length;
    console.log(`conformance, ${store} in workerd: ${count("passed")} passed, ${count("left out")} left out (linearizable only)`);
    assert.ok(count("passed") > 15);
    if (store === "durable") assert.equal(count("left out"), 0);
  });
}
