import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf } from "../client.mjs";
import { startWorker } from "../harness.mjs";

let edge, client;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
after(() => edge.stop());

test("the user of the token, as the database knows them now", async () => {
  const { access_token, user } = await client.logIn(ADA);
  const me = await client.get("/auth/me", { token: access_token });
  assert.deepEqual([me.status, me.body], [200, user]);
  assert.equal((await client.get("/auth/me")).status, 401);
});

test("the token of a deleted user is rejected", async () => {
  const { access_token } = await client.logIn(ADA);
  await edge.db.prepare("DELETE FROM users WHERE email = ?").bind(ADA).run();
  const me = await client.get("/auth/me", { token: access_token });
  assert.deepEqual([me.status, me.body.code], [401, "invalid_token"]);
});
