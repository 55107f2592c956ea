import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf, ROOT } from "../../client.mjs";
import { startWorker } from "../../harness.mjs";

let edge, client;
before(async () => {
  edge = await startWorker();
});
test.beforeEach(async () => {
  await edge.reset();
  client = clientOf(edge);
});
after(() => edge.stop());

test("an administrator reads, gives and takes a role, and the next check knows", async () => {
  const [ada, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
  const path = `/auth/users/${ada.user.id}`;
  const read = await client.get(path, { token: root.access_token });
  assert.equal(read.status, 200);
  assert.deepEqual(Object.keys(read.body).sort(), [
    "created_at",
    "disabled",
    "email",
    "email_verified",
    "first_name",
    "id",
    "last_name",
    "roles",
    "updated_at",
  ]);

  const granted = await client.patch(path, {
    token: root.access_token,
    json: { roles: ["user", "editor"] },
  });
  assert.deepEqual([granted.status, granted.body.roles], [200, ["editor", "user"]]);
  assert.equal(
    (await client.authorized({ role: "user" }, ada.access_token)).status,
    401,
    "an outdated token",
  );
  const renewed = (await client.renew(ada.refresh_token)).body;
  assert.equal((await client.authorized({ role: "editor" }, renewed.access_token)).status, 200);

  await client.patch(path, { token: root.access_token, json: { roles: ["user"] } });
  assert.equal((await client.authorized({ role: "editor" }, renewed.access_token)).status, 401);
  const again = (await client.renew(ada.refresh_token)).body;
  assert.equal((await client.authorized({ role: "editor" }, again.access_token)).status, 403);
});

test("a disabled user is signed out at once, and can sign in again when enabled", async () => {
  const [ada, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
  const path = `/auth/users/${ada.user.id}`;
  const disabled = await client.patch(path, { token: root.access_token, json: { disabled: true } });
  assert.deepEqual([disabled.status, disabled.body.disabled], [200, true]);
  assert.equal((await client.renew(ada.refresh_token)).body.error, "invalid_grant");
  assert.equal((await client.get("/auth/me", { token: ada.access_token })).status, 401);
  const login = await client.post("/auth/login", {
    json: { email: ADA, password: "correct horse battery staple" },
  });
  assert.deepEqual([login.status, login.body.code], [401, "invalid_credentials"]);
  await client.patch(path, { token: root.access_token, json: { disabled: false } });
  assert.equal((await client.renew(ada.refresh_token)).body.error, "invalid_grant");
  await client.logIn(ADA);
});

test("revoke all: by the user, by an administrator, by nobody else", async () => {
  const [one, two, root] = [
    await client.logIn(ADA),
    await client.logIn(ADA),
    await client.logIn(ROOT),
  ];
  const path = (signedIn) => `/auth/users/${signedIn.user.id}/revoke`;
  assert.equal((await client.post(path(root), { token: one.access_token })).status, 403);
  assert.equal((await client.post(path(one))).status, 401);
  assert.equal((await client.post(path(one), { token: one.access_token })).status, 204);
  for (const { access_token, refresh_token } of [one, two]) {
    assert.equal((await client.authorized({ role: "user" }, access_token)).status, 401);
    assert.equal((await client.get("/auth/me", { token: access_token })).status, 401);
    assert.equal((await client.renew(refresh_token)).body.error, "invalid_grant");
  }
  const again = await client.logIn(ADA);
  assert.equal((await client.authorized({ role: "user" }, again.access_token)).status, 200);
  assert.equal((await client.post(path(one), { token: root.access_token })).status, 204);
  assert.equal((await client.authorized({ role: "user" }, again.access_token)).status, 401);
});

test("only administrators, only users that exist, only what may change", async () => {
  const [ada, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
  const own = `/auth/users/${ada.user.id}`;
  const nobody = "/auth/users/01920000-0000-7000-8000-000000000000";
  const cases = [
    ["GET", own, ada.access_token, undefined, 403, "forbidden"],
    ["PATCH", own, ada.access_token, { roles: ["admin"] }, 403, "forbidden"],
    ["GET", own, undefined, undefined, 401, "invalid_token"],
    ["PATCH", own, undefined, { roles: ["admin"] }, 401, "invalid_token"],
    ["GET", nobody, root.access_token, undefined, 404, "not_found"],
    ["GET", "/auth/users/1", root.access_token, undefined, 404, "not_found"],
    ["GET", "/auth/users/1", "x", undefined, 401, "invalid_token"],
    ["PATCH", nobody, root.access_token, { disabled: true }, 404, "not_found"],
    ["POST", `${nobody}/revoke`, root.access_token, undefined, 404, "not_found"],
    ["PATCH", own, root.access_token, {}, 400, "invalid_request"],
    ["PATCH", own, root.access_token, { roles: "admin" }, 400, "invalid_request"],
    ["PATCH", own, root.access_token, { roles: [""] }, 422, "invalid_field"],
    [
      "PATCH",
      own,
      root.access_token,
      { roles: Array.from({ length: 33 }, (_, i) => `r${i}`) },
      422,
      "invalid_field",
    ],
    ["PATCH", own, root.access_token, { email_verified: true }, 400, "invalid_request"],
    ["PATCH", own, root.access_token, { disabled: null }, 400, "invalid_request"],
    ["PATCH", own, root.access_token, { roles: null }, 400, "invalid_request"],
    ["PATCH", own, root.access_token, { email: null }, 400, "invalid_request"],
    ["PATCH", own, root.access_token, { first_name: "" }, 422, "invalid_field"],
  ];
  for (const [method, path, token, json, status, code] of cases) {
    const answer = await client.call(method, path, { token, json });
    assert.deepEqual(
      [answer.status, answer.body.code],
      [status, code],
      `${method} ${path} ${JSON.stringify(json)}`,
    );
  }
  assert.equal(
    (await client.get("/auth/me", { token: ada.access_token })).status,
    200,
    "nothing was changed",
  );
});

// RFC 7396 section 1.
test("null removes a name, and a member that must stay says so", async () => {
  const path = `/auth/users/${(await client.logIn(ADA)).user.id}`;
  const { access_token: token } = await client.logIn(ROOT);
  const change = (json, headers) => client.patch(path, { token, json, headers });
  const named = await change({ first_name: "Augusta", last_name: "King" });
  assert.deepEqual([named.body.first_name, named.body.last_name], ["Augusta", "King"]);
  const one = await change({ first_name: null });
  assert.deepEqual([one.status, one.body.first_name, one.body.last_name], [200, null, "King"]);
  const both = await change(
    { first_name: "Ada", last_name: null },
    { "content-type": "application/merge-patch+json" },
  );
  assert.deepEqual([both.status, both.body.first_name, both.body.last_name], [200, "Ada", null]);
  const read = await client.get(path, { token });
  assert.deepEqual([read.body.first_name, read.body.last_name], ["Ada", null]);
  for (const member of ["roles", "disabled"]) {
    const refused = await change({ [member]: null, last_name: "King" });
    assert.deepEqual([refused.status, refused.body.code], [400, "invalid_request"]);
    assert.match(refused.body.detail, new RegExp(`^${member} can't be removed`));
  }
  assert.equal((await client.get(path, { token })).body.last_name, null, "nothing was changed");
  // The answer 415 names the media types that the body of a PATCH request may have (RFC 5789
  // section 2.2).
  const text = { "content-type": "text/plain" };
  const wrong = await client.call("PATCH", path, { token, headers: text, body: "{}" });
  assert.deepEqual(
    [wrong.status, wrong.headers.get("accept-patch")],
    [415, "application/json, application/merge-patch+json"],
  );
});

test("a PATCH that changes nothing ends no token and records nothing", async () => {
  const path = `/auth/users/${(await client.logIn(ADA)).user.id}`;
  const { access_token: token } = await client.logIn(ROOT);
  const json = { first_name: "Ada", last_name: null, roles: ["user"], disabled: false };
  const first = await client.patch(path, { token, json });
  assert.equal(first.status, 200);
  const { access_token: own } = await client.logIn(ADA);
  const before = edge.logs().length;
  for (let times = 0; times < 2; times++) {
    const again = await client.patch(path, { token, json });
    assert.deepEqual([again.status, again.body], [200, first.body]);
  }
  assert.equal((await client.authorized({ role: "user" }, own)).status, 200);
  assert.equal((await client.get("/auth/me", { token: own })).status, 200);
  const lines = edge.logs().slice(before);
  assert.ok(!lines.some(({ message }) => /roles_changed|user_enabled/.test(message)));
});
