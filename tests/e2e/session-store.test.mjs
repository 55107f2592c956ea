// Tests the setting SESSION_STORE: what happens to sessions when the setting is changed, which
// values are rejected, and how a user's Durable Object deletes what has expired.
import assert from "node:assert/strict";
import { test } from "node:test";
import { policy } from "../../scripts/project/policy.mjs";
import { ADA, claimsOf, clientOf, PASSWORD } from "./client.mjs";
import { askObject, beginCall, makeSession, newId, nowSeconds } from "./forge.mjs";
import { eventually, startWorkers } from "./workers.mjs";

test("a switch of the store, there and back", async (t) => {
  const {
    workers: [kv, durable],
    lineOf,
    stop,
  } = await startWorkers([
    { vars: { SESSION_STORE: "kv" } },
    { vars: { SESSION_STORE: "durable" } },
  ]);
  t.after(stop);
  for (const [what, before, after] of /** @type {const} */ ([
    ["from KV", kv, durable],
    ["from the objects", durable, kv],
  ])) {
    await t.test(what, async () => {
      const [old, young] = [clientOf(before), clientOf(after)];
      const login = await old.logIn(ADA);
      const { sid } = claimsOf(login.access_token);
      // Move the clock forward, because it is possible that KV does not yet show a session that
      // began in the last two minutes.
      for (const worker of [kv, durable]) await worker.control({ clock: 300 });
      const refused = await young.renew(login.refresh_token);
      assert.deepEqual([refused.status, refused.body.error], [400, "invalid_grant"]);
      const { verdict, session_id } = await lineOf(refused);
      assert.deepEqual([verdict, session_id], ["unknown", sid]);

      const again = await young.logIn(ADA);
      assert.equal((await young.renew(again.refresh_token)).status, 200);
      const { body } = await young.get("/auth/sessions", { token: again.access_token });
      const listed = body.sessions.map(({ id }) => id);
      assert.ok(
        listed.includes(claimsOf(again.access_token).sid) && !listed.includes(sid),
        "none of the other store's",
      );

      assert.equal(
        (await old.renew(login.refresh_token)).status,
        200,
        "the switch ended nothing: it can be taken back",
      );
      for (const worker of [kv, durable]) await worker.control({ clock: 0 });
    });
  }

  await t.test("a check asks the object, which never heard of a session in KV", async () => {
    const { access_token } = await clientOf(kv).logIn(ADA);
    assert.equal((await clientOf(durable).authorized({ role: "user" }, access_token)).status, 401);
    assert.equal((await clientOf(durable).get("/auth/me", { token: access_token })).status, 401);
  });
});

test("a setting that names no store, or a store that is not bound: 500 misconfigured, and the log says what", async (t) => {
  const login = { json: { email: ADA, password: PASSWORD } };
  for (const [named, settings] of /** @type {[string, import("./workers.mjs").Settings][]} */ ([
    ["SESSION_STORE", { vars: { SESSION_STORE: "Durable" } }],
    ["SESSION_STORE", { vars: { SESSION_STORE: "d1" } }],
    ["SESSION_OBJECTS", { vars: { SESSION_STORE: "durable" }, without: ["SESSION_OBJECTS"] }],
    ["SESSIONS", { vars: { SESSION_STORE: "kv" }, without: ["SESSIONS"] }],
  ])) {
    const {
      workers: [edge],
      lineOf,
      stop,
    } = await startWorkers([settings]);
    t.after(stop);
    const answer = await clientOf(edge).post("/auth/login", login);
    assert.deepEqual([answer.status, answer.body.code], [500, "misconfigured"], named);
    assert.ok(!JSON.stringify(answer.body).includes(named), "a client is not told which");
    assert.ok((await lineOf(answer)).reason.startsWith(`${named} is `));
  }
});

test("the store that is not chosen need not be bound", async (t) => {
  for (const [store, unbound] of [
    ["kv", "SESSION_OBJECTS"],
    ["durable", "SESSIONS"],
  ]) {
    const {
      workers: [edge],
      stop,
    } = await startWorkers([{ vars: { SESSION_STORE: store }, without: [unbound] }]);
    t.after(stop);
    const { refresh_token } = await clientOf(edge).logIn(ADA);
    assert.equal((await clientOf(edge).renew(refresh_token)).status, 200);
  }
});

test("an object's alarm deletes what has expired, and nothing else", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { SESSION_STORE: "durable" } }]);
  t.after(stop);
  const begun = nowSeconds();
  const begin = async (user, lives_until) => {
    const session = newId();
    await askObject(edge.objects, user, beginCall({ session, lives_until, now: begun }));
    return session;
  };
  // Lists the sessions as if the time were `begun`, so sessions that have expired since then are
  // listed too. If a session is not listed, it has been deleted.
  const rows = async (user) =>
    (await askObject(edge.objects, user, { list: { epoch: 0, now: begun } })).map(({ id }) => id);
  const [some, all] = [newId(), newId()];
  const short = await begin(some, begun + 2);
  const { session: long } = await makeSession(edge, "durable", some, 0);
  const only = await begin(all, begun + 2);
  assert.deepEqual([(await rows(some)).sort(), await rows(all)], [[short, long].sort(), [only]]);

  // The alarm is triggered by the platform's clock, which the test can't move.
  await eventually(
    async () => !(await rows(some)).includes(short) && (await rows(all)).length === 0,
  );
  assert.deepEqual(await rows(some), [long]);
  const later = await begin(all, begun + 1000);
  assert.deepEqual(await rows(all), [later], "an object that was emptied begins anew");
});

test("an object keeps the row of an ended session for 65 minutes, and refuses the session before and after", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { SESSION_STORE: "durable" } }]);
  t.after(stop);
  // `then` is a time in the past. The row of a session that ended at this time is deleted eight
  // seconds from now. The platform's clock decides when the row is deleted, and the test can't move
  // that clock.
  const then = nowSeconds() - policy("ENDED_ROW_TTL") + 8;
  const month = then + 30 * 86_400;
  const ask = (user, call) => askObject(edge.objects, user, call);
  const begin = async (user, epoch, most) => {
    const session = newId(then);
    await ask(user, beginCall({ session, epoch, lives_until: month, most, now: then }));
    return session;
  };
  const verdict = async (user, session, counter = 0) => {
    const proof = { auth_time: then, methods: 1 };
    const ticket = { user, session, epoch: 0, counter, expires_at: month, proof };
    const by = Array(8).fill([7, 7, 7, 7]);
    const times = { grace: 30, rotate_after: 0, session_ttl: 90 * 86_400, idle_ttl: 30 * 86_400 };
    const answer = await ask(user, {
      renew: {
        presented: { ticket, by, now: then },
        rules: { ...times, reuse: "strict" },
        standing: { epoch: 0, disabled: false },
        seen: "forged\tunknown\t\t",
      },
    });
    // Return only the name of the verdict.
    return typeof answer.verdict === "string" ? answer.verdict : Object.keys(answer.verdict)[0];
  };
  const ended = async (user, session) =>
    (await ask(user, { revocation: { session, now: then } })).ended;

  const loggedOut = newId();
  const one = await begin(loggedOut, 0);
  await ask(loggedOut, { end: { session: one, reason: "logged_out", now: then } });
  const overLimit = newId();
  const [two, three] = [await begin(overLimit, 0), await begin(overLimit, 0, 1)];
  const reused = newId();
  const four = await begin(reused, 0);
  assert.deepEqual(
    [
      await verdict(reused, four, 0),
      await verdict(reused, four, 1),
      await verdict(reused, four, 0),
    ],
    ["fresh", "fresh", "reused"],
  );
  const all = [
    [loggedOut, one],
    [overLimit, two],
    [reused, four],
  ];
  for (const [user, session] of all) {
    assert.equal(await verdict(user, session), "ended");
    assert.ok(await ended(user, session));
  }
  for (const [user, session] of all) {
    await eventually(async () => (await verdict(user, session)) === "unknown", 30);
    assert.ok(await ended(user, session));
  }
  assert.equal(await ended(overLimit, three), false, "what goes on stays");

  // Raising the user's epoch (a counter) ends all earlier sessions. A login with a later epoch
  // deletes the rows of all sessions with an earlier epoch. These include the rows of ended
  // sessions.
  const changed = newId();
  const five = await begin(changed, 0);
  await begin(changed, 1, 100);
  await eventually(() => ended(changed, five), 30);
});
