// When storage fails during a renewal, a login or a revocation, the answer is 503 with Retry-After.
// Afterwards the client can retry with the same token. It is also possible that a store makes the
// change and the call fails nevertheless. Such a failure does no harm either.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, clientOf, PASSWORD, ROOT } from "../client.mjs";
import { makeSession } from "../forge.mjs";
import { startWorkers } from "../workers.mjs";

const DOWN = "storage is down";
// The error that KV throws in production if the same key is written twice within a second.
const TOO_MANY = "KV PUT failed: 429 Too Many Requests";
const ALWAYS = 1_000;

const boot = async (t, store) => {
  const {
    workers: [edge],
    logs,
    lineOf,
    stop,
  } = await startWorkers([{ vars: { SESSION_STORE: store, ROTATE_AFTER: "0" } }]);
  t.after(stop);
  const client = clientOf(edge);
  const { user } = await client.logIn(ADA);
  return {
    client,
    edge,
    logs,
    lineOf,
    user,
    session: () => makeSession(edge, store, user.id, 600),
    fail: (name, times, error = DOWN, after = false) =>
      edge.control({ fail: { [name]: { times, error, after } } }),
    heal: () => edge.control({ fail: {} }),
  };
};

const isUnavailable = ({ status, body, headers }) => {
  assert.deepEqual(
    [status, body.error ?? body.code],
    [503, body.error ? "temporarily_unavailable" : "unavailable"],
  );
  assert.equal(headers.get("retry-after"), "2");
};

for (const store of ["kv", "durable"]) {
  test(`${store}: a call that fails before or after its effect`, async (t) => {
    const { client, edge, user, session, fail, heal } = await boot(t, store);
    // With `durable`, the Worker tries each call to a Durable Object twice before it answers 503.
    const calls =
      store === "kv"
        ? [
            ["KV get", 1],
            ["KV put", 1],
            ["D1", 1],
          ]
        : [
            ["object", 2],
            ["D1", 1],
          ];
    for (const [name, times] of calls) {
      for (const after of [false, true]) {
        await t.test(`renewal: ${name}, ${after ? "after" : "before"}`, async () => {
          const { token } = await session();
          // Delete the copy of the user's D1 row that the user's Durable Object keeps, so the row
          // has to be read from D1.
          if (store === "durable")
            await edge.objects.getByName(user.id).ask(JSON.stringify("forget_copy"));
          await fail(name, times, DOWN, after);
          isUnavailable(await client.renew(token));
          const repeated = await client.renew(token);
          assert.equal(repeated.status, 200);
          assert.notEqual(repeated.body.refresh_token, token);
          assert.equal((await client.renew(token)).body.refresh_token, repeated.body.refresh_token);
          assert.equal((await client.renew(repeated.body.refresh_token)).status, 200);
        });
      }
    }
    const writes = store === "kv" ? ["KV put", 1] : ["object", 2];

    await t.test("a login", async () => {
      await fail(...writes);
      isUnavailable(await client.post("/auth/login", { json: { email: ADA, password: PASSWORD } }));
      await client.logIn(ADA);
    });

    await t.test(
      "log out: the session is not over until it says so, and a repeat ends it",
      async () => {
        const { token } = await session();
        await fail(...writes);
        isUnavailable(await client.post("/auth/revoke", { form: { token } }));
        assert.equal((await client.post("/auth/revoke", { form: { token } })).status, 200);
        assert.equal((await client.renew(token)).body.error, "invalid_grant");
      },
    );

    await t.test("all others: a repeat ends those that were left", async () => {
      const current = await client.logIn(ADA);
      const others = await Promise.all([session(), session(), session()]);
      // Make the second revocation fail. With `durable`, three calls come before the second
      // revocation: one checks the token, one lists the sessions, and one is the first revocation.
      await edge.control({
        fail: {
          "KV put": { skip: 1, times: 1, error: DOWN },
          object: { skip: 3, times: 2, error: DOWN },
        },
      });
      isUnavailable(await client.del("/auth/sessions", { token: current.access_token }));
      assert.equal(
        (await client.del("/auth/sessions", { token: current.access_token })).status,
        204,
      );
      for (const { token } of others)
        assert.equal((await client.renew(token)).body.error, "invalid_grant");
      assert.equal((await client.renew(current.refresh_token)).status, 200);
    });

    await t.test("a check says 503, never that the token is good or bad", async () => {
      const { access_token } = await client.logIn(ADA);
      await fail(store === "kv" ? "KV get" : "object", ALWAYS);
      isUnavailable(await client.authorized({ role: "user" }, access_token));
      await heal();
      assert.equal((await client.authorized({ role: "user" }, access_token)).status, 200);
    });

    await t.test(
      "revoke-all: renewals stop at once, and a repeat makes the access tokens stop too",
      async () => {
        const { token } = await session();
        const [before, root] = [await client.logIn(ADA), await client.logIn(ROOT)];
        const path = `/auth/users/${user.id}/revoke`;
        const revoke = () => client.post(path, { token: root.access_token });
        // The first call to a Durable Object checks the administrator's own token. The second call
        // announces the change to the user's object, which then discards its copy of the user's
        // row. If the second call fails, nothing is changed in D1.
        const objectFails = (skip) => ({ object: { skip, times: 2, error: DOWN } });
        if (store === "durable") {
          await edge.control({ fail: objectFails(1) });
          isUnavailable(await revoke());
          assert.equal((await client.renew(token)).status, 200);
        }
        await edge.control({
          fail: { "KV put": { times: 1, error: DOWN }, ...objectFails(2) },
        });
        isUnavailable(await revoke());
        assert.equal((await client.renew(token)).body.error, "invalid_grant");
        assert.equal((await revoke()).status, 204);
        assert.equal((await client.authorized({ role: "user" }, before.access_token)).status, 401);
      },
    );
  });
}

test("durable: an object that fails once is asked again, and nobody notices", async (t) => {
  const { client, session, fail } = await boot(t, "durable");
  for (const after of [false, true]) {
    const { token } = await session();
    await fail("object", 1, DOWN, after);
    assert.equal((await client.renew(token)).status, 200);
  }
});

test("kv: a key that is written too often", async (t) => {
  const { client, edge, session, fail, heal, logs, lineOf } = await boot(t, "kv");

  await t.test("twice: 200 after two more tries", async () => {
    const { token } = await session();
    const puts = async () => (await edge.control({})).calls["KV put"];
    const before = await puts();
    await fail("KV put", 2, TOO_MANY);
    assert.equal((await client.renew(token)).status, 200);
    assert.equal((await puts()) - before, 3);
  });

  await t.test("always: 503, and a repeat succeeds", async () => {
    const { token } = await session();
    await fail("KV put", ALWAYS, TOO_MANY);
    const refused = await client.renew(token);
    isUnavailable(refused);
    assert.match((await lineOf(refused)).reason, /the key is written too often/);
    await heal();
    const repeated = await client.renew(token);
    assert.equal(repeated.status, 200);
    assert.equal((await client.renew(repeated.body.refresh_token)).status, 200);
  });

  await t.test(
    "ten tabs at once, refusals in between: ten 200s with the same successor",
    async () => {
      const { token } = await session();
      await edge.control({ delay: [5, 15] });
      await fail("KV put", 8, TOO_MANY);
      const answers = await Promise.all(Array.from({ length: 10 }, () => client.renew(token)));
      await edge.control({ delay: null });
      assert.deepEqual(
        answers.map(({ status }) => status),
        Array(10).fill(200),
      );
      assert.equal(new Set(answers.map(({ body }) => body.refresh_token)).size, 1);
      assert.notEqual(answers[0].body.refresh_token, token);
    },
  );

  assert.ok(!/egr_|eyJ/.test(JSON.stringify(logs())), "no token in the log");
});
