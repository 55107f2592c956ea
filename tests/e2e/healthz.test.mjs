import assert from "node:assert/strict";
import { test } from "node:test";
import { clientOf } from "./client.mjs";
import { startWorker } from "./harness.mjs";

test("healthy when configured and the database answers", async (t) => {
  const edge = await startWorker();
  t.after(() => edge.stop());
  const { status, body } = await clientOf(edge).get("/healthz");
  assert.deepEqual([status, body], [200, { status: "ok" }]);
});
