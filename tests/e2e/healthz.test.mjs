// GET /healthz: what `npm start` and a monitor wait for.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWorker } from "./harness.mjs";

let edge;
before(async () => {
  edge = await startWorker();
});
after(() => edge?.stop());

test("GET /healthz answers 200", async () => {
  const answer = await edge.fetch("/healthz");
  assert.equal(answer.status, 200, await answer.text());
});
