// Tests /auth/clients (registered apps), the secrets of these apps, and /auth/grants. Every answer
// is compared with openapi.yaml.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { ADA, claimsOf, clientOf, ROOT } from "../client.mjs";
import { startWorker } from "../harness.mjs";

const NOTES = {
  name: "Notes",
  type: "confidential",
  redirect_uris: ["https://notes.example/callback"],
};

let edge, client, ada, admin;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
beforeEach(async () => {
  await edge.reset();
  [ada, admin] = [await client.logIn(ADA), (await client.logIn(ROOT)).access_token];
});
after(() => edge.stop());

const rows = async (sql, ...values) =>
  (
    await edge.db
      .prepare(sql)
      .bind(...values)
      .all()
  ).results;

test("an app is registered, read, changed, listed and deleted", async () => {
  const made = await client.post("/auth/clients", { token: admin, json: NOTES });
  assert.equal(made.status, 201);
  const { client_id, client_secret, ...fields } = made.body;
  assert.equal(made.headers.get("location"), `/auth/clients/${client_id}`);
  assert.match(client_id, /^[\w-]{22}$/);
  assert.match(client_secret, /^egc_[\w-]{43}$/);
  const { created_at, ...others } = fields;
  assert.ok(Math.abs(created_at - Date.now() / 1000) < 60);
  assert.deepEqual(others, {
    ...NOTES,
    first_party: false,
    post_logout_redirect_uris: [],
    resources: [],
    scopes: [],
    id_token_signed_response_alg: null,
    disabled: false,
  });
  // Only the hash of the secret is stored, and no later answer contains the secret.
  const path = `/auth/clients/${client_id}`;
  const [{ id, hash }] = await rows("SELECT * FROM client_secrets WHERE client = ?1", client_id);
  assert.equal(hash, createHash("sha256").update(client_secret).digest("hex"));
  const shown = await client.get(path, { token: admin });
  assert.deepEqual(shown.body, { client_id, ...fields, secrets: [{ id, created_at }] });

  const json = { name: "Other", scopes: ["write", "read"], disabled: true };
  const changed = await client.patch(path, { token: admin, json });
  assert.equal(changed.status, 200);
  assert.deepEqual(changed.body, {
    ...shown.body,
    ...json,
    scopes: ["read", "write"],
  });
  const listed = await client.get("/auth/clients", { token: admin });
  assert.equal(listed.body.cursor, null);
  const { secrets: _, ...inList } = changed.body;
  assert.deepEqual(
    listed.body.clients.find((app) => app.client_id === client_id),
    inList,
  );
  assert.deepEqual(
    listed.body.clients.map((app) => app.client_id).filter((app) => app.startsWith("demo-")),
    ["demo-spa", "demo-web"],
  );
  assert.equal((await client.del(path, { token: admin })).status, 204);
  for (const answer of [
    await client.get(path, { token: admin }),
    await client.del(path, { token: admin }),
    await client.patch(path, { token: admin, json }),
  ])
    assert.deepEqual([answer.status, answer.body.code], [404, "not_found"]);
  assert.deepEqual(await rows("SELECT * FROM client_secrets WHERE client = ?1", client_id), []);
});

test("an app has two secrets at a time, and a public app none", async () => {
  const path = "/auth/clients/demo-web/secrets";
  const second = await client.post(path, { token: admin });
  assert.equal(second.status, 201);
  assert.equal(second.headers.get("location"), `${path}/${second.body.id}`);
  const third = await client.post(path, { token: admin });
  assert.deepEqual([third.status, third.body.code], [409, "too_many_secrets"]);
  // Of five requests at the same time, only one may add the second secret.
  assert.equal((await client.del(`${path}/${second.body.id}`, { token: admin })).status, 204);
  const many = await Promise.all(
    Array.from({ length: 5 }, () => client.post(path, { token: admin })),
  );
  assert.deepEqual(
    many.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, 409, 409, 409, 409],
  );
  const gone = await client.del(`${path}/${second.body.id}`, { token: admin });
  assert.equal(gone.status, 404);
  const none = await client.post("/auth/clients/demo-spa/secrets", { token: admin });
  assert.deepEqual([none.status, none.body.code], [400, "invalid_request"]);
});

test("what is wrong with a field is named", async () => {
  const post = (json) => client.post("/auth/clients", { token: admin, json });
  for (const [json, status, field, reason] of [
    [{ ...NOTES, name: undefined }, 422, "name", "missing"],
    [{ ...NOTES, type: "other" }, 422, "type", "unknown"],
    [{ ...NOTES, redirect_uris: ["http://notes.example/"] }, 422, "redirect_uris", "not_https"],
    [{ ...NOTES, redirect_uris: [] }, 422, "redirect_uris", "empty"],
    [{ ...NOTES, resources: [edge.origin] }, 422, "resources", "our_own"],
    [{ ...NOTES, scopes: ['a"b'] }, 422, "scopes", "character"],
    [{ ...NOTES, id_token_signed_response_alg: "RS256" }, 422, "id_token_signed_response_alg"],
  ]) {
    const answer = await post(json);
    assert.deepEqual([answer.status, answer.body.errors?.[0].field], [status, field]);
    if (reason) assert.equal(answer.body.errors[0].reason, reason);
  }
  for (const json of [
    { ...NOTES, secret: "mine" },
    { ...NOTES, first_party: "yes" },
    { ...NOTES, redirect_uris: "https://notes.example/" },
  ])
    assert.deepEqual((await post(json)).status, 400, JSON.stringify(json));
  for (const [json, status] of [
    [{}, 400],
    [{ name: null }, 400],
    [{ type: "public" }, 400],
  ]) {
    const answer = await client.patch("/auth/clients/demo-web", { token: admin, json });
    assert.ok([status, 422].includes(answer.status), JSON.stringify(json));
  }
});

test("what an answer shows of the id_token's algorithm may be sent back, and undoes a choice", async () => {
  const json = { ...NOTES, id_token_signed_response_alg: null };
  const made = await client.post("/auth/clients", { token: admin, json });
  assert.deepEqual([made.status, made.body.id_token_signed_response_alg], [201, null]);
  const path = `/auth/clients/${made.body.client_id}`;
  for (const alg of ["EdDSA", null, null]) {
    const changed = await client.patch(path, {
      token: admin,
      json: { id_token_signed_response_alg: alg },
    });
    assert.deepEqual([changed.status, changed.body.id_token_signed_response_alg], [200, alg]);
  }
});

test("only administrators manage apps", async () => {
  for (const [method, path, json] of [
    ["GET", "/auth/clients"],
    ["POST", "/auth/clients", NOTES],
    ["GET", "/auth/clients/demo-web"],
    ["PATCH", "/auth/clients/demo-web", { disabled: true }],
    ["DELETE", "/auth/clients/demo-web"],
    ["POST", "/auth/clients/demo-web/secrets"],
  ]) {
    const answer = await client.call(method, path, { token: ada.access_token, json });
    assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], `${method} ${path}`);
  }
});

test("a user sees and takes back what they gave", async () => {
  const token = ada.access_token;
  assert.deepEqual((await client.get("/auth/grants", { token })).body, { grants: [] });
  const id = "019ab7a1-5f40-7202-8202-020202020202";
  const add = edge.db.prepare(
    "INSERT INTO grants (id, user, client, resource, scopes, given_at) VALUES (?1, ?2, ?3, ?4, ?5, 1764000000)",
  );
  await add.bind(id, ada.user.id, "demo-web", "https://api.example.com", '["openid","read"]').run();
  const expected = {
    id,
    client_id: "demo-web",
    name: "Demo website",
    scopes: ["openid", "read"],
    resource: "https://api.example.com",
    given_at: 1764000000,
  };
  assert.deepEqual((await client.get("/auth/grants", { token })).body, { grants: [expected] });
  const path = `/auth/grants/${id}`;
  assert.equal((await client.del(path, { token: admin })).status, 404, "another's");
  for (let time = 0; time < 2; time += 1)
    assert.equal((await client.del(path, { token })).status, 204);
  assert.deepEqual((await client.get("/auth/grants", { token })).body, { grants: [] });
  const unknown = `/auth/grants/${claimsOf(token).sid}`;
  assert.equal((await client.del(unknown, { token })).status, 404);
});
