import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf, ROOT } from "../client.mjs";
import { startWorker } from "../harness.mjs";
import { startWorkers } from "../workers.mjs";

let edge, client;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
after(() => edge.stop());

test("a refresh token ends its session and no other", async () => {
  const [one, two] = [await client.logIn(ADA), await client.logIn(ADA)];
  const { status, body } = await client.post("/auth/revoke", {
    form: { token: one.refresh_token },
  });
  // The body is not empty, because the library simple-oauth2 can't read an empty answer.
  assert.deepEqual([status, body], [200, {}]);
  assert.equal((await client.renew(one.refresh_token)).body.error, "invalid_grant");
  assert.equal((await client.authorized({ role: "user" }, one.access_token)).status, 401);
  assert.equal((await client.renew(two.refresh_token)).status, 200);
  assert.equal((await client.authorized({ role: "user" }, two.access_token)).status, 200);
});

test("an access token ends its session as well", async () => {
  const { access_token, refresh_token } = await client.logIn(ADA);
  assert.equal((await client.post("/auth/revoke", { json: { token: access_token } })).status, 200);
  assert.equal((await client.renew(refresh_token)).body.error, "invalid_grant");
});

test("an outdated or expired access token ends its session too, and a forged one ends nothing", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{}]);
  t.after(stop);
  const client = clientOf(edge);
  const root = await client.logIn(ROOT);
  const outdated = await client.logIn(ADA);
  const changed = await client.call("PATCH", `/auth/users/${outdated.user.id}`, {
    token: root.access_token,
    json: { roles: ["user", "editor"] },
  });
  assert.equal(changed.status, 200);
  assert.equal((await client.authorized({ role: "user" }, outdated.access_token)).status, 401);
  assert.equal(
    (await client.post("/auth/revoke", { form: { token: outdated.access_token } })).status,
    200,
  );
  assert.equal((await client.renew(outdated.refresh_token)).body.error, "invalid_grant");

  const expired = await client.logIn(ADA);
  await edge.control({ clock: 3600 });
  assert.equal((await client.authorized({ role: "user" }, expired.access_token)).status, 401);
  const [header, payload, signature] = expired.access_token.split(".");
  for (const token of [
    `${header}.${payload}.`,
    `${header}.${payload}.${signature.replace(/.{4}$/, (end) => (end === "AAAA" ? "BAAA" : "AAAA"))}`,
  ]) {
    assert.equal((await client.post("/auth/revoke", { form: { token } })).status, 200);
  }
  assert.equal((await client.renew(expired.refresh_token)).status, 200);
  assert.equal(
    (await client.post("/auth/revoke", { json: { token: expired.access_token } })).status,
    200,
  );
  assert.equal((await client.renew(expired.refresh_token)).body.error, "invalid_grant");
});

test("a token that means nothing is 200 and writes nothing", async () => {
  const before = (await edge.kv.list()).keys.length;
  for (const token of ["nothing", "egr_nothing", "a.b.c", "x".repeat(5000)]) {
    assert.equal((await client.post("/auth/revoke", { form: { token } })).status, 200);
  }
  assert.equal((await edge.kv.list()).keys.length, before);
});

test("no token at all is invalid_request", async () => {
  for (const form of [{ token_type_hint: "refresh_token" }, { token: "" }]) {
    const { status, body } = await client.post("/auth/revoke", { form });
    assert.deepEqual([status, body.error], [400, "invalid_request"]);
  }
});
