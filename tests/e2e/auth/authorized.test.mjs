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

// RFC 9110 sections 11.1 and 11.4, RFC 6750 section 2.1.
test("the scheme has any case, and several spaces may follow it", async () => {
  for (const scheme of ["Bearer ", "bearer ", "BEARER ", "Bearer  ", "bEARER     "]) {
    const answer = await client.get("/auth/authorized?role=user", {
      headers: { authorization: `${scheme}${ada.access_token}` },
    });
    assert.equal(answer.status, 200, scheme);
  }
});

test("whatever the method, the answer is that of GET, and a body is ignored", async () => {
  const ask = async (method, query, token, options) => {
    const { status, body, headers } = await client.call(method, `/auth/authorized${query}`, {
      token,
      ...options,
    });
    assert.equal(headers.get("allow"), null);
    return [status, body?.authorized ?? body?.code];
  };
  const bodies = [
    {},
    { json: { role: "admin" } },
    { body: "role=admin", headers: { "content-type": "application/x-www-form-urlencoded" } },
    { body: "{", headers: { "content-type": "application/json" } },
    { body: "x", headers: { "content-type": "multipart/form-data", "content-encoding": "gzip" } },
    // This body is a little longer than 16 KiB, the limit of other routes. It is not much longer,
    // because Miniflare sometimes answers 500 itself ("Network connection lost") if the Worker
    // answers while Miniflare is still sending the body.
    { body: "x".repeat(20_000), headers: { "content-type": "text/plain" } },
  ];
  const token = ada.access_token;
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY"]) {
    for (const options of bodies) {
      assert.deepEqual(await ask(method, "?role=user", token, options), [200, true], method);
      assert.deepEqual(await ask(method, "?role=admin", token, options), [403, false], method);
      assert.deepEqual(
        await ask(method, "?role=user", undefined, options),
        [401, "invalid_token"],
        method,
      );
      assert.deepEqual(await ask(method, "", token, options), [400, "invalid_request"], method);
    }
  }
  assert.equal((await ask("HEAD", "?role=user", token))[0], 200);
  for (const headers of [
    { "x-forwarded-method": "DELETE", "x-forwarded-uri": "/auth/authorized?role=user" },
    { "x-original-url": "/x?role=user", "x-http-method-override": "GET" },
  ]) {
    assert.deepEqual(await ask("GET", "?role=admin", token, { headers }), [403, false]);
    assert.deepEqual(await ask("POST", "?role=user", token, { headers }), [200, true]);
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
    `Bearer\t${ada.access_token}`,
    `Bearer Bearer ${ada.access_token}`,
    `Bearer ${ada.access_token}, Bearer ${root.access_token}`,
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
