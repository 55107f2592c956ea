import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf, PASSWORD } from "../client.mjs";
import { startWorker } from "../harness.mjs";

let edge, client;
before(async () => {
  edge = await startWorker();
  client = clientOf(edge);
});
after(() => edge.stop());

test("a login answers the pair and the user", async () => {
  const { status, headers, body } = await client.post("/auth/login", {
    json: { email: ADA, password: PASSWORD },
  });
  assert.equal(status, 200);
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(body.token_type, "Bearer");
  assert.equal(body.expires_in, 600);
  assert.equal(body.refresh_token_expires_in, 7776000);
  assert.match(body.access_token, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.match(body.refresh_token, /^egr_[\w-]{122}$/);
  assert.deepEqual(
    { ...body.user, id: "" },
    {
      id: "",
      email: ADA,
      email_verified: true,
      first_name: "Ada",
      last_name: "Lovelace",
      roles: ["user"],
    },
  );
});

test("a login writes one key, and that key holds no token", async () => {
  await edge.reset();
  const { refresh_token, user } = await clientOf(edge).logIn(ADA);
  const { keys } = await edge.kv.list();
  assert.equal(keys.length, 1);
  const [{ name, metadata, expiration }] = keys;
  assert.match(name, new RegExp(`^session:${user.id}:[0-9a-f-]{36}$`));
  assert.deepEqual(Object.keys(metadata).sort(), [
    "city",
    "country",
    "epoch",
    "network",
    "seen",
    "user_agent",
  ]);
  assert.ok(Math.abs(expiration - Date.now() / 1000 - 2592000) < 120);
  const value = await edge.kv.get(name);
  assert.equal(value, '{"used":null,"at":null,"by":null}');
  assert.ok(!JSON.stringify([value, metadata]).includes(refresh_token.slice(4, 30)));
});

test("a wrong password and an unknown address answer the same bytes", async () => {
  const wrong = { json: { email: ADA, password: "nothing she ever chose" } };
  const unknown = { json: { email: "nobody@example.com", password: "nothing she ever chose" } };
  const noAddress = { json: { email: "nobody", password: "nothing she ever chose" } };
  const [a, b, c] = await Promise.all(
    [wrong, unknown, noAddress].map((options) => client.post("/auth/login", options)),
  );
  assert.equal(a.status, 401);
  assert.equal(a.body.code, "invalid_credentials");
  const visible = ({ status, headers, body }) => ({
    status,
    body,
    headers: [...headers].filter(([name]) => !["x-request-id", "date"].includes(name)),
  });
  assert.deepEqual(visible(b), visible(a));
  assert.deepEqual(visible(c), visible(a));
});
