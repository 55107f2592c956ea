import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf, ROOT } from "../client.mjs";
import { startWorker } from "../harness.mjs";

let edge, client, ada, root;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
  [ada, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
});
after(() => edge.stop());

test("the three checks, true and false", async () => {
  const cases = [
    [{ role: "user" }, true],
    [{ role: "admin" }, false],
    [
      [
        ["role", "admin"],
        ["role", "user"],
      ],
      true,
    ],
    [{ user_id: ada.user.id }, true],
    [{ user_id: root.user.id }, false],
    [{ user_id: "nobody" }, false],
    [{ email: ADA }, true],
    [{ email: "ADA@Example.com" }, true],
    [{ email: ROOT }, false],
    [{ email: "no address" }, false],
    [{ role: "user", user_id: ada.user.id, email: ADA }, true],
    [{ role: "user", user_id: ada.user.id, email: ROOT }, false],
  ];
  for (const [query, authorized] of cases) {
    const { status, body } = await client.authorized(query, ada.access_token);
    assert.deepEqual(
      [status, body],
      [authorized ? 200 : 403, { authorized }],
      JSON.stringify(query),
    );
  }
});

test("a check writes nothing", async () => {
  const before = await edge.kv.list();
  await client.authorized({ role: "user" }, ada.access_token);
  assert.deepEqual((await edge.kv.list()).keys, before.keys);
});

test("a typo never opens", async () => {
  for (const query of [
    "",
    "roles=admin",
    "role=",
    "role",
    "user_id=",
    "role=user&Role=admin",
    "user_id=1&user_id=2",
  ]) {
    for (const token of [ada.access_token, undefined]) {
      const { status, body } = await client.get(`/auth/authorized?${query}`, { token });
      assert.deepEqual([status, body.code], [400, "invalid_request"], query);
    }
  }
});

test("without a valid token it is 401 with a challenge", async () => {
  const none = await client.get("/auth/authorized?role=user");
  assert.equal(none.status, 401);
  assert.equal(none.headers.get("www-authenticate"), 'Bearer realm="edgegate"');
  const flipped = ada.access_token.replace(/.$/, (last) => (last === "A" ? "Q" : "A"));
  for (const token of ["x", flipped, ada.refresh_token, `${ada.access_token}.`, "x".repeat(5000)]) {
    const { status, headers, body } = await client.get("/auth/authorized?role=user", { token });
    assert.deepEqual([status, body.code], [401, "invalid_token"]);
    assert.equal(headers.get("www-authenticate"), 'Bearer realm="edgegate", error="invalid_token"');
  }
  for (const authorization of [
    "Basic eDp5",
    "Bearer",
    ada.access_token,
    `Bearer  ${ada.access_token}`,
  ]) {
    const { status } = await client.get("/auth/authorized?role=user", {
      headers: { authorization },
    });
    assert.equal(status, 401, authorization);
  }
  assert.equal(
    (await client.get(`/auth/authorized?role=user&access_token=${ada.access_token}`)).status,
    400,
  );
});
