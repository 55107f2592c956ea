import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADA, clientOf } from "../client.mjs";
import { startWorker } from "../harness.mjs";

const session = async (edge) => (await edge.kv.list({ prefix: "session:" })).keys[0].name;

test("with the defaults", async (t) => {
  const edge = await startWorker();
  const client = clientOf(edge);
  t.after(() => edge.stop());

  await t.test("a young refresh token is kept, and nothing is written", async () => {
    const first = await client.logIn(ADA);
    const before = await edge.kv.getWithMetadata(await session(edge));
    const { status, body, headers } = await client.renew(first.refresh_token);
    assert.equal(status, 200);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(body.refresh_token, first.refresh_token);
    assert.notEqual(body.access_token, first.access_token);
    assert.equal("user" in body, false);
    assert.deepEqual(await edge.kv.getWithMetadata(await session(edge)), before);
  });

  await t.test("JSON does as well as a form", async () => {
    const { refresh_token } = await client.logIn(ADA);
    const { status } = await client.post("/auth/token", {
      json: { grant_type: "refresh_token", refresh_token },
    });
    assert.equal(status, 200);
  });

  await t.test("what is not a grant answers as RFC 6749 says", async () => {
    const { refresh_token, access_token } = await client.logIn(ADA);
    const forged = refresh_token.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    const cases = [
      [{ grant_type: "refresh_token", refresh_token: forged }, 400, "invalid_grant"],
      [
        { grant_type: "refresh_token", refresh_token: refresh_token.slice(0, -1) },
        400,
        "invalid_grant",
      ],
      [{ grant_type: "refresh_token", refresh_token: access_token }, 400, "invalid_grant"],
      [{ grant_type: "refresh_token", refresh_token: "x".repeat(5000) }, 400, "invalid_grant"],
      [{ grant_type: "refresh_token" }, 400, "invalid_request"],
      [{ refresh_token }, 400, "invalid_request"],
      [{ grant_type: "password", refresh_token }, 400, "unsupported_grant_type"],
      [{ grant_type: "refresh_token", refresh_token, client_id: "another" }, 401, "invalid_client"],
    ];
    for (const [form, status, error] of cases) {
      const answer = await client.post("/auth/token", { form });
      assert.equal(answer.status, status, JSON.stringify(form));
      assert.equal(answer.body.error, error);
      assert.equal(typeof answer.body.error_description, "string");
      assert.deepEqual(Object.keys(answer.body).sort(), ["error", "error_description"]);
      assert.equal(answer.headers.get("cache-control"), "no-store");
    }
    const twice = `grant_type=refresh_token&refresh_token=${refresh_token}&refresh_token=${refresh_token}`;
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await client.post("/auth/token", { body: twice, headers });
    assert.deepEqual([answer.status, answer.body.error], [400, "invalid_request"]);
  });
});

test("rotating every time, strictly", async (t) => {
  let edge, client;
  before(async () => {
    edge = await startWorker({ vars: { ROTATE_AFTER: "0", REUSE: "strict" } });
    client = clientOf(edge);
  });
  after(() => edge.stop());

  await t.test("ten renewals at once give ten 200s and one refresh token", async () => {
    const { refresh_token } = await client.logIn(ADA);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.renew(refresh_token)),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array(10).fill(200),
    );
    const given = new Set(answers.map(({ body }) => body.refresh_token));
    assert.equal(given.size, 1);
    assert.notEqual([...given][0], refresh_token);
  });

  await t.test("a chain of renewals goes on, and each access token is good", async () => {
    let { refresh_token } = await client.logIn(ADA);
    for (let i = 0; i < 5; i++) {
      const { status, body } = await client.renew(refresh_token);
      assert.equal(status, 200);
      assert.notEqual(body.refresh_token, refresh_token);
      refresh_token = body.refresh_token;
      assert.equal((await client.authorized({ role: "user" }, body.access_token)).status, 200);
    }
  });

  await t.test("a token before the last spent one ends the session", async () => {
    const first = await client.logIn(ADA);
    const second = (await client.renew(first.refresh_token)).body;
    const third = (await client.renew(second.refresh_token)).body;
    assert.equal((await client.renew(first.refresh_token)).body.error, "invalid_grant");
    assert.equal((await client.renew(third.refresh_token)).body.error, "invalid_grant");
    assert.equal((await client.authorized({ role: "user" }, third.access_token)).status, 401);
  });
});

test("without any grace, a spent token ends the session at once", async (t) => {
  const edge = await startWorker({
    vars: { ROTATE_AFTER: "0", REUSE: "strict", REFRESH_GRACE: "0" },
  });
  const client = clientOf(edge);
  t.after(() => edge.stop());
  const first = await client.logIn(ADA);
  const second = (await client.renew(first.refresh_token)).body;
  const replayed = await client.renew(first.refresh_token);
  assert.deepEqual([replayed.status, replayed.body.error], [400, "invalid_grant"]);
  assert.equal((await client.renew(second.refresh_token)).body.error, "invalid_grant");
  assert.equal((await client.authorized({ role: "user" }, second.access_token)).status, 401);
  const { keys } = await edge.kv.list({ prefix: "ended:" });
  assert.equal(keys.length, 1);
  assert.equal(JSON.parse(await edge.kv.get(keys[0].name)).reason, "reused");
});
