import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ADA, clientOf, PASSWORD, ROOT } from "../../client.mjs";
import { startWorker } from "../../harness.mjs";
import { mailTo, ticketOf } from "../../outbox.mjs";

const GRACE = "grace@example.com";
const NEW_PASSWORD = "an analytical engine";

let edge, client, admin;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
beforeEach(async () => {
  await edge.reset();
  admin = (await client.logIn(ROOT)).access_token;
});
after(() => edge.stop());

test("an administrator makes an account; its owner chooses the password", async () => {
  const json = { email: GRACE, first_name: "Grace", roles: ["editor", "user"] };
  const { status, headers, body } = await client.post("/auth/users", { token: admin, json });
  assert.equal(status, 201);
  assert.equal(headers.get("location"), `/auth/users/${body.id}`);
  assert.deepEqual(
    [body.email, body.email_verified, body.roles, body.disabled],
    [GRACE, false, ["editor", "user"], false],
  );
  for (const password of ["!", "", PASSWORD]) {
    assert.equal(
      (await client.post("/auth/login", { json: { email: GRACE, password } })).status,
      401,
    );
  }
  const token = ticketOf(await mailTo(edge, GRACE));
  assert.equal(
    (await client.post("/auth/password/confirm", { json: { token, password: NEW_PASSWORD } }))
      .status,
    204,
  );
  const { user } = await client.logIn(GRACE, NEW_PASSWORD);
  assert.deepEqual([user.id, user.email_verified], [body.id, true]);
  const again = await client.post("/auth/users", { token: admin, json });
  assert.deepEqual([again.status, again.body.code], [409, "email_taken"]);
});

test("an administrator can't choose a password for another", async () => {
  const json = { email: GRACE, password: NEW_PASSWORD };
  assert.equal((await client.post("/auth/users", { token: admin, json })).status, 400);
});

test("pages of users, and one by the address", async () => {
  for (let n = 0; n < 5; n++)
    await client.post("/auth/users", { token: admin, json: { email: `user${n}@example.com` } });
  const seen = [];
  /** @type {string | null} */
  let cursor = null;
  do {
    /** @type {URLSearchParams} */
    const query = new URLSearchParams({ limit: "3", ...(cursor ? { cursor } : {}) });
    const page = await client.get(`/auth/users?${query}`, { token: admin });
    assert.equal(page.status, 200);
    assert.ok(page.body.users.length <= 3);
    seen.push(...page.body.users.map(({ email }) => email));
    cursor = page.body.cursor;
  } while (cursor !== null);
  assert.equal(seen.length, 7);
  assert.equal(new Set(seen).size, 7);
  const found = await client.get("/auth/users?email=ADA%40example.com", { token: admin });
  assert.deepEqual([found.body.users.map(({ email }) => email), found.body.cursor], [[ADA], null]);
  assert.deepEqual(
    (await client.get("/auth/users?email=no%40example.com", { token: admin })).body.users,
    [],
  );
  for (const query of ["limit=0", "limit=201", "cursor=x", "page=2", "limit=1&limit=2"]) {
    assert.equal((await client.get(`/auth/users?${query}`, { token: admin })).status, 400, query);
  }
});

test("deleting an account ends all that it had, at once; its address is free", async () => {
  const { user, access_token, refresh_token } = await client.logIn(ADA);
  assert.equal((await client.del(`/auth/users/${user.id}`, { token: admin })).status, 204);
  assert.equal((await client.renew(refresh_token)).status, 400);
  assert.equal((await client.authorized({ role: "user" }, access_token)).status, 401);
  await mailTo(edge, ADA);
  const again = await client.del(`/auth/users/${user.id}`, { token: admin });
  assert.deepEqual([again.status, again.body.code], [404, "not_found"]);
  assert.equal(
    (await client.post("/auth/users", { token: admin, json: { email: ADA } })).status,
    201,
  );
});

test("one's own account is deleted with the password", async () => {
  const { access_token: token, refresh_token } = await client.logIn(ADA);
  const del = (current_password) => client.del("/auth/me", { token, json: { current_password } });
  const wrong = await del("nothing she chose");
  assert.deepEqual([wrong.status, wrong.body.code], [401, "invalid_credentials"]);
  assert.equal((await client.del("/auth/me", { token })).status, 415);
  assert.equal((await del(PASSWORD)).status, 204);
  assert.equal((await client.renew(refresh_token)).status, 400);
  assert.equal((await client.authorized({ role: "user" }, token)).status, 401);
  assert.equal((await del(PASSWORD)).status, 401);
  await mailTo(edge, ADA);
});

test("nobody else may", async () => {
  const { access_token: token, user } = await client.logIn(ADA);
  for (const [method, path, json] of /** @type {[string, string, json?: object][]} */ ([
    ["GET", "/auth/users"],
    ["POST", "/auth/users", { email: GRACE }],
    ["DELETE", `/auth/users/${user.id}`],
  ])) {
    assert.equal((await client.call(method, path, { token, json })).status, 403, method);
    assert.equal((await client.call(method, path, { json })).status, 401, method);
  }
});

for (const store of ["kv", "durable"]) {
  test(`${store}: a deleted user's access token is not valid any more`, async (t) => {
    const other = await startWorker({ vars: { SESSION_STORE: store } });
    t.after(() => other.stop());
    const asking = clientOf(other);
    const { access_token: token } = await asking.logIn(ADA);
    assert.equal((await asking.authorized({ role: "user" }, token)).status, 200);
    assert.equal(
      (await asking.del("/auth/me", { token, json: { current_password: PASSWORD } })).status,
      204,
    );
    assert.equal((await asking.authorized({ role: "user" }, token)).status, 401);
  });
}
