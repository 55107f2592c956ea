// Runs routes in workerd many times. Each time, one operation on KV, D1, a Durable Object or the
// queue fails, either before or after it has taken effect. The answer must be the usual one, or 503
// with Retry-After. After a 503, a retry must complete the change. Nobody may be locked out, and
// nobody may keep access that was taken away. tests/service/faults does the same in a native build,
// for every use case and with more faults.
import assert from "node:assert/strict";
import { test } from "node:test";
import { count } from "../count.mjs";
import { ADA, clientOf, PASSWORD, ROOT } from "./client.mjs";
import { newId } from "./forge.mjs";
import { mailTo } from "./outbox.mjs";
import { eventually, startWorkers } from "./workers.mjs";

const OTHER = "an analytical engine of brass";
let points = 0;
const walked = new Set();

/**
 * Returns the operations that the test runs. `prepare` creates what the operation needs. `act`
 * sends the request. `done` lists additional statuses that are accepted as the answer to a retry if
 * the first attempt took effect although it was answered 503. `check` checks the result.
 */
function operations({ edge, client, makeAccount }) {
  const signedIn = async () => {
    const email = await makeAccount();
    return { email, ...(await client.logIn(email)) };
  };
  const over = async ({ refresh_token, access_token }) => {
    assert.equal((await client.renew(refresh_token)).status, 400, "renewal");
    assert.equal((await client.authorized({ role: "user" }, access_token)).status, 401, "check");
  };
  const onePassword = async (email, right, wrong) => {
    assert.equal(
      (await client.post("/auth/login", { json: { email, password: wrong } })).status,
      401,
    );
    await client.logIn(email, right);
  };
  return {
    "log in": {
      prepare: async () => ({ email: await makeAccount() }),
      act: ({ email }) => client.post("/auth/login", { json: { email, password: PASSWORD } }),
      check: async (_made, { body }) =>
        assert.equal((await client.renew(body.refresh_token)).status, 200),
    },
    renew: {
      prepare: signedIn,
      act: ({ refresh_token }) => client.renew(refresh_token),
      check: async (_made, { body }) =>
        assert.equal((await client.renew(body.refresh_token)).status, 200),
    },
    check: {
      prepare: signedIn,
      act: ({ access_token }) => client.authorized({ role: "user" }, access_token),
      check: async ({ access_token }) =>
        assert.ok((await client.authorized({ role: "user" }, access_token)).status < 300),
    },
    "read oneself": {
      prepare: signedIn,
      act: ({ access_token: token }) => client.get("/auth/me", { token }),
      check: async ({ user }, { body }) => assert.equal(body.id, user.id),
    },
    "list sessions": {
      prepare: signedIn,
      act: ({ access_token: token }) => client.get("/auth/sessions", { token }),
      check: async (_made, { body }) => assert.equal(body.sessions.length, 1),
    },
    "log out": {
      prepare: signedIn,
      act: ({ refresh_token }) => client.post("/auth/revoke", { form: { token: refresh_token } }),
      check: over,
    },
    "revoke all": {
      prepare: async () => ({
        ...(await signedIn()),
        admin: (await client.logIn(ROOT)).access_token,
      }),
      act: ({ user, admin }) => client.post(`/auth/users/${user.id}/revoke`, { token: admin }),
      check: over,
    },
    "disable a user": {
      prepare: async () => ({
        ...(await signedIn()),
        admin: (await client.logIn(ROOT)).access_token,
      }),
      act: ({ user, admin }) =>
        client.patch(`/auth/users/${user.id}`, { token: admin, json: { disabled: true } }),
      check: over,
    },
    "change the password": {
      prepare: signedIn,
      act: ({ access_token: token }) =>
        client.post("/auth/password/change", {
          token,
          json: { current_password: PASSWORD, new_password: OTHER },
        }),
      done: [401],
      check: async (made) => {
        await onePassword(made.email, OTHER, PASSWORD);
        await over(made);
      },
    },
    "delete oneself": {
      prepare: signedIn,
      act: ({ access_token: token }) =>
        client.del("/auth/me", { token, json: { current_password: PASSWORD } }),
      done: [401],
      check: async (made) => {
        assert.equal(
          (await client.post("/auth/login", { json: { email: made.email, password: PASSWORD } }))
            .status,
          401,
        );
        await over(made);
      },
    },
    "ask for a reset": {
      prepare: async () => ({ email: await makeAccount() }),
      act: ({ email }) => client.post("/auth/password/reset", { json: { email } }),
      check: ({ email }) => mailTo(edge, email),
    },
    "register by mail": {
      prepare: async () => ({ email: `${newId()}@example.com` }),
      act: ({ email }) => client.post("/auth/register", { json: { email } }),
      check: ({ email }) => mailTo(edge, email),
    },
    invite: {
      prepare: async () => ({
        email: `${newId()}@example.com`,
        admin: (await client.logIn(ROOT)).access_token,
      }),
      act: ({ email, admin }) => client.post("/auth/users", { token: admin, json: { email } }),
      done: [409],
      check: async ({ email, admin }) => {
        const { body } = await client.get(`/auth/users?${new URLSearchParams({ email })}`, {
          token: admin,
        });
        assert.equal(body.users.length, 1, "the account is there");
      },
    },
  };
}

for (const store of ["kv", "durable"]) {
  test(`${store}: each call of each route fails once`, async (t) => {
    // In the run with Durable Objects, passwords are also checked in a Durable Object, so that the
    // faults of this object are tested too.
    const work = store === "kv" ? "inline" : "durable";
    const {
      workers: [edge],
      stop,
      logs,
    } = await startWorkers([
      { vars: { SESSION_STORE: store, ROTATE_AFTER: "0", PASSWORD_WORK: work }, batchTimeout: 0 },
    ]);
    t.after(stop);
    /**
     * Waits until the queue is empty, and then stops deliveries. Otherwise the calls that the
     * queue's consumer makes would be counted as calls of a request.
     */
    const quiet = async () => {
      const { bill } = await edge.control({ held: false });
      await eventually(
        () => logs().filter(({ event }) => event === "mail").length >= (bill.messages ?? 0),
      );
      await edge.control({ held: true });
    };
    const client = clientOf(edge);
    await client.logIn(ADA);
    /** Creates an account by copying Ada's account, so that no password has to be hashed. */
    const makeAccount = async () => {
      const id = newId();
      const email = `${id}@example.com`;
      await edge.db
        .prepare(
          "INSERT INTO users (id, email, email_canonical, password_hash, roles, email_verified_at, created_at, updated_at) " +
            "SELECT ?1, ?2, ?2, password_hash, roles, email_verified_at, created_at, updated_at FROM users WHERE email = ?3",
        )
        .bind(id, email, ADA)
        .run();
      return email;
    };
    for (const [name, operation] of Object.entries(operations({ edge, client, makeAccount }))) {
      const clean = await operation.act(await operation.prepare());
      assert.ok(clean.status < 300, `${name}: ${clean.status}`);
      const begun = await operation.prepare();
      await quiet();
      const between = (await edge.control({})).calls;
      await operation.act(begun);
      const after = (await edge.control({ held: false })).calls;
      const made = Object.entries(after)
        .map(([call, total]) => /** @type {const} */ ([call, total - (between[call] ?? 0)]))
        .filter(([call, times]) => call !== "hashed" && times > 0);
      assert.ok(made.length > 0, `${name} makes no call`);
      for (const [call, times] of made) {
        walked.add(call);
        for (let skip = 0; skip < times; skip += 1) {
          for (const late of [false, true]) {
            await quiet();
            await tryOnce(
              edge,
              operation,
              clean.status,
              { call, skip, late },
              `${name}, ${call} ${skip}, ${late ? "after" : "before"}`,
            );
          }
        }
      }
    }
  });
}

test("limits admit when their binding fails", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { LIMITS: "on" } }]);
  t.after(stop);
  const client = clientOf(edge);
  const { refresh_token } = await client.logIn(ADA);
  const before = (await edge.control({})).calls.limiter;
  assert.ok(before > 0, "a login asks the limits");
  await edge.control({ fail: { limiter: { times: 10_000, error: "on purpose" } } });
  // Send more requests than IP_LIMITER and ACCOUNT_LIMITER allow in one minute.
  const ask = { json: { email: "nobody@example.com" } };
  const link = { json: { token: "egl_none", password: "a long enough passphrase" } };
  for (let times = 0; times < 70; times += 1) {
    assert.equal((await client.post("/auth/password/confirm", link)).status, 400);
    assert.equal((await client.renew(refresh_token)).status, 200);
    // The mail gate is another limit, which does not fail in this test. Within one hour, it allows
    // thirty requests for mails from one network. So stop requesting mails before this limit is
    // reached.
    if (times >= 14) continue;
    assert.equal((await client.post("/auth/password/reset", ask)).status, 202);
    assert.equal((await client.post("/auth/register", ask)).status, 202);
  }
  const { calls, failed } = await edge.control({ fail: {} });
  assert.equal(failed.limiter, calls.limiter - before, "each of them failed");
  assert.ok(failed.limiter >= 70 * 3 + 14 * 4);
  walked.add("limiter");
});

test("the number of calls that were tried is counted", () => {
  // These calls are not in the list: calls to the services of other companies, calls about device
  // names, and calls to the mail gate, which LIMITS = "off" disables. tests/service/faults tests
  // their faults.
  assert.deepEqual([...walked].sort(), [
    "D1",
    "KV get",
    "KV list",
    "KV put",
    "account object",
    "limiter",
    "notice queue send",
    "object",
    "queue send",
  ]);
  assert.ok(points > 100, `${points} points`);
  count(
    "faults-http",
    `${points} faults of KV, D1, Durable Objects and the queue over HTTP, on both session stores: nothing lost`,
  );
});

async function tryOnce(edge, operation, expected, { call, skip, late }, what) {
  points += 1;
  const made = await operation.prepare();
  // Two calls to a Durable Object must fail, because the Worker repeats a failed call to a Durable
  // Object once.
  const times = call.endsWith("object") ? 2 : 1;
  const before =
    (await edge.control({ fail: { [call]: { skip, times, error: "on purpose", after: late } } }))
      .failed[call] ?? 0;
  let answer = await operation.act(made);
  const { failed } = await edge.control({ fail: {}, held: false });
  assert.ok((failed[call] ?? 0) > before, `${what}: no call has failed`);
  if (answer.status === 503) {
    assert.equal(answer.headers.get("retry-after"), "2", what);
    answer = await operation.act(made);
    const { done = [] } = operation;
    assert.ok(
      answer.status === expected || done.includes(answer.status),
      `${what}: a repeat is ${answer.status} ${JSON.stringify(answer.body)}`,
    );
  } else {
    assert.equal(answer.status, expected, `${what}: ${JSON.stringify(answer.body)}`);
  }
  try {
    await operation.check(made, answer);
  } catch (error) {
    throw new Error(`${what}: ${/** @type {Error} */ (error).message}`, { cause: error });
  }
}
