// With SESSION_STORE = "durable", the user's Durable Object keeps a copy of the user's row in D1.
// The object answers renewals, and checks of access tokens, from this copy. Tests which features of
// D1 are needed for the copy, what the copy saves, and how soon a change of the row takes effect.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { ADA, claimsOf, clientOf, ROOT } from "./client.mjs";
import { makeSession, makeUsers } from "./forge.mjs";
import { startWorkers } from "./workers.mjs";

const DURABLE = { SESSION_STORE: "durable" };
const EACH_MINUTE = "* * * * *";

const HOUR = 3600;
let edge, later, stop;
before(async () => {
  const now = Math.floor(Date.now() / 1000);
  ({
    workers: [edge, later],
    stop,
  } = await startWorkers([
    { vars: DURABLE },
    { vars: { ...DURABLE, COPIES_SINCE: String(now + HOUR) } },
  ]));
});
after(() => stop());
beforeEach(() => edge.control({ clock: 0, oldObjects: false, silent: "", stopped: false }));

/** Runs `act`. Returns how many billed units of each kind it used. */
async function billOf(edge, act) {
  const before = (await edge.control({})).bill;
  await act();
  const after = (await edge.control({})).bill;
  return Object.fromEntries(
    Object.entries(after).map(([what, amount]) => [what, amount - (before[what] ?? 0)]),
  );
}

const isGood = async (client, token) =>
  (await client.authorized({ role: "user" }, token)).status === 200;

/**
 * Creates a user with a session. The session's renewal makes the user's object keep a copy of the
 * user's row.
 */
async function withCopy({ age = 10 } = {}) {
  const client = clientOf(edge);
  const [id] = await makeUsers(edge.db, 1);
  const { token } = await makeSession(edge, "durable", id, age);
  const { status, body } = await client.renew(token);
  assert.equal(status, 200);
  const { access_token, refresh_token } = body;
  return { client, user: { access_token, refresh_token }, id };
}

const rowOf = (id) => edge.db.prepare("SELECT * FROM users WHERE id = ?").bind(id).first();

const revoke = (client, id, { access_token: token }) =>
  client.post(`/auth/users/${id}/revoke`, { token });

/**
 * Returns the users in the table `row_changed`. Triggers in the database add a user to it when the
 * user's row changes in a way that matters for the copy, when the row is deleted, and when a row
 * is inserted that is not a new account. The triggers ignore an update that the service has
 * announced in the column `held_until`.
 */
const listed = async () =>
  (await edge.db.prepare("SELECT user FROM row_changed ORDER BY user").all()).results.map(
    ({ user }) => user,
  );

describe("what the protocol leans on in D1", () => {
  before(async () => {
    await edge.db.prepare("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER CHECK (v < 9))").run();
    await edge.db.prepare("INSERT INTO t VALUES (1, 0)").run();
  });
  const one = (sql, ...values) =>
    edge.db
      .prepare(sql)
      .bind(...values)
      .first();

  test("unixepoch() is the time in whole seconds", async () => {
    const before = Math.floor(Date.now() / 1000);
    const { now } = await one("SELECT unixepoch() AS now");
    assert.ok(before <= now && now <= Math.ceil(Date.now() / 1000), `${now}`);
  });

  test("a guarded UPDATE with RETURNING changes and answers, or does neither", async () => {
    const guarded = "UPDATE t SET v = v + 1 WHERE id = 1 AND unixepoch() < ? RETURNING v";
    const now = Math.floor(Date.now() / 1000);
    assert.deepEqual(await one(guarded, now + 3600), { v: 1 });
    assert.equal(await one(guarded, now - 3600), null);
    assert.deepEqual(await one("SELECT v FROM t"), { v: 1 });
  });

  test("a batch takes effect as a whole", async () => {
    const statements = ["UPDATE t SET v = 5", "UPDATE t SET v = 10"].map((sql) =>
      edge.db.prepare(sql),
    );
    await assert.rejects(edge.db.batch(statements), /CHECK/);
    assert.deepEqual(await one("SELECT v FROM t"), { v: 1 });
  });

  test("each way of changing a row by hand lists the user once", async () => {
    const insert = (into, id) =>
      `${into} INTO users (id, email, email_canonical, password_hash, created_at, updated_at) VALUES ('${id}', '${id}', '${id}', 'none', unixepoch(), 1)`;
    const run = (sql) => edge.db.prepare(sql).run();
    const lists = async (sql, ...ids) => {
      await run("DELETE FROM row_changed");
      for (let time = 0; time < 2; time += 1) await run(sql);
      assert.deepEqual(await listed(), ids, sql);
    };
    await run(insert("INSERT", "a"));
    await run(insert("INSERT", "b"));
    await lists("UPDATE users SET password_hash = 'other' WHERE id = 'a'");
    for (const change of [
      "roles = '[]'",
      "email = 'A'",
      "email_verified_at = 1",
      "disabled_at = 1",
      "session_epoch = session_epoch + 1",
      "version = version + 1",
    ])
      await lists(`UPDATE users SET ${change} WHERE id = 'a'`, "a");
    await lists(
      "UPDATE OR IGNORE users SET version = version + 1 WHERE id IN ('a', 'b')",
      "a",
      "b",
    );
    await lists("UPDATE OR IGNORE users SET email_canonical = 'a' WHERE id = 'b'");
    await run("DELETE FROM row_changed");
    const held = (deadline) =>
      `UPDATE users SET version = version + 1, held_until = ${deadline} WHERE id = 'a'`;
    const deadline = Math.floor(Date.now() / 1000) + 3600;
    await run(held(deadline));
    assert.deepEqual(await listed(), [], "a change that was announced");
    await lists(held(deadline), "a");
    // When an operator restores a row from a backup, the restored row can contain the deadline of
    // an earlier change.
    await run(held(deadline));
    await run("DELETE FROM row_changed");
    await run(held("unixepoch()"));
    assert.deepEqual(await listed(), ["a"], "a deadline that is over");
    await run(held(deadline));
    await run("DELETE FROM row_changed");
    await run(held("NULL"));
    assert.deepEqual(await listed(), ["a"], "no deadline");
    await lists(
      "REPLACE INTO users (id, email, email_canonical, password_hash, version, created_at, updated_at) VALUES ('b', 'b', 'b', 'none', 3, 1, 1)",
      "b",
    );
    await run("DELETE FROM row_changed");
    await run("UPDATE users SET id = 'c' WHERE id = 'b'");
    assert.deepEqual(await listed(), ["b", "c"]);
    await lists("DELETE FROM users WHERE id = 'c'", "c");
  });

  test("a new account is not listed", async () => {
    await edge.db.prepare("DELETE FROM row_changed").run();
    await clientOf(edge).logIn(ADA);
    assert.deepEqual(await listed(), []);
  });
});

// D1 splits a file of migrations into statements, with limitations. The limitations are described
// in https://github.com/cloudflare/workers-sdk/issues/15314 and /issues/14991.
test("a migration with a trigger has the form that D1 can split", () => {
  const sql = readFileSync(inRoot("migrations/0010_copies.sql"), "utf8");
  const statements = sql.replace(/--.*$/gm, "");
  assert.ok(!sql.includes("\r"), "lines end with LF");
  const triggers = statements.match(/CREATE TRIGGER/g)?.length;
  assert.equal(statements.match(/^BEGIN$/gm)?.length, triggers);
  assert.equal(statements.match(/^END;$/gm)?.length, triggers);
  assert.doesNotMatch(statements, /\b(begin|end|CASE)\b/);
});

test("a renewal and a check by the copy read no row, and a kept one writes nothing", async () => {
  const { client, user } = await withCopy();
  for (const act of [
    async () => assert.equal((await client.renew(user.refresh_token)).status, 200),
    async () => assert.equal(await isGood(client, user.access_token), true),
  ]) {
    const bill = await billOf(edge, act);
    assert.equal(bill["D1 statements"], 0);
    assert.equal(bill["object calls"], 1);
    assert.equal(bill["object rows written"], 0);
  }
});

test("a change of the service counts at once: held, and after the hold", async () => {
  const { client, user, id } = await withCopy();
  const root = clientOf(edge);
  const { access_token: token } = await root.logIn(ROOT);
  const amended = await root.patch(`/auth/users/${id}`, {
    token,
    json: { roles: ["author", "user"] },
  });
  assert.equal(amended.status, 200);
  assert.equal(await isGood(client, user.access_token), false);
  const rolesNow = async () => {
    const { body } = await client.renew(user.refresh_token);
    return claimsOf(body.access_token).roles;
  };
  const reads = async () => {
    const bill = await billOf(edge, async () =>
      assert.deepEqual(await rolesNow(), ["author", "user"]),
    );
    return bill["D1 statements"];
  };
  assert.deepEqual([await reads(), await reads()], [1, 1], "held");
  assert.ok(!(await listed()).includes(id), "an announced change is not listed");
  await edge.control({ clock: 121 });
  assert.deepEqual([await reads(), await reads()], [1, 0], "after the hold");
});

test("a change by hand counts once the cron of each minute has run", async () => {
  const { client, user, id } = await withCopy();
  await edge.db.prepare("UPDATE users SET disabled_at = 1 WHERE id = ?").bind(id).run();
  assert.equal((await client.renew(user.refresh_token)).status, 200, "the copy decides");
  assert.ok((await listed()).includes(id));
  await edge.cron(EACH_MINUTE);
  assert.deepEqual(await listed(), []);
  assert.equal((await client.renew(user.refresh_token)).status, 400);
  assert.equal(await isGood(client, user.access_token), false);
  // Somebody might have written an invalid id by hand. Such an id must not stop the cron job.
  await edge.db.prepare("INSERT INTO row_changed VALUES ('nonsense', 'x', 1)").run();
  await edge.cron(EACH_MINUTE);
  assert.deepEqual(await listed(), []);
});

test("a change by hand does not wait for a long list", async () => {
  const { client, user, id } = await withCopy();
  await edge.db.prepare("DELETE FROM row_changed").run();
  await edge.db
    .prepare(
      "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 600) INSERT INTO row_changed SELECT 'nobody ' || n, 'x', n FROM n",
    )
    .run();
  await edge.db.prepare("UPDATE users SET disabled_at = 1 WHERE id = ?").bind(id).run();
  await edge.cron(EACH_MINUTE);
  assert.equal(await isGood(client, user.access_token), false);
  const left = await listed();
  assert.ok(left.length > 0 && !left.includes("nobody 1"), "the oldest are followed too");
  await edge.db.prepare("DELETE FROM row_changed").run();
});

test("an object that does not answer is given up, and the others are followed", {
  timeout: 60_000,
}, async () => {
  const users = [];
  for (let user = 0; user < 7; user += 1) users.push(await withCopy());
  const [silent, ...others] = users;
  await edge.db.prepare("DELETE FROM row_changed").run();
  const list = JSON.stringify(users.map(({ id }) => id));
  await edge.db
    .prepare("UPDATE users SET disabled_at = 1 WHERE id IN (SELECT value FROM json_each(?))")
    .bind(list)
    .run();
  await edge.control({ silent: silent.id, stopped: true });
  const run = edge.cron(EACH_MINUTE);
  // The cron job calls five objects at the same time. One of these objects does not answer.
  while ((await listed()).length > 3) await new Promise((done) => setTimeout(done, 10));
  assert.ok((await listed()).includes(silent.id));
  // From now on timers can end. The cron job's timeout ends, so the cron job gives up on the silent
  // object.
  await edge.control({ stopped: false });
  await run;
  assert.deepEqual(await listed(), [silent.id]);
  for (const { client, user } of others)
    assert.equal(await isGood(client, user.access_token), false);
  await edge.control({ silent: "" });
  assert.equal(await isGood(silent.client, silent.user.access_token), true);
  await edge.cron(EACH_MINUTE);
  assert.deepEqual(await listed(), []);
  assert.equal(await isGood(silent.client, silent.user.access_token), false);
});

test("a row that is deleted by hand ends renewals and checks once the cron has run", async () => {
  const { client, user, id } = await withCopy();
  await edge.db.prepare("DELETE FROM users WHERE id = ?").bind(id).run();
  await edge.cron(EACH_MINUTE);
  assert.equal((await client.renew(user.refresh_token)).status, 400);
  assert.equal(await isGood(client, user.access_token), false);
});

test("a change that can't be committed within its hold answers 503 and changes nothing", async () => {
  // The clock of the Worker and of its Durable Objects is one hour behind that of the database.
  await edge.control({ clock: -HOUR });
  const { client, user, id } = await withCopy({ age: 2 * HOUR });
  const before = await rowOf(id);
  const answer = await revoke(client, id, user);
  assert.equal(answer.status, 503);
  assert.ok(answer.headers.get("retry-after"));
  assert.deepEqual(await rowOf(id), before);
  assert.equal((await client.renew(user.refresh_token)).status, 200);
  assert.equal(await isGood(client, user.access_token), true);
});

test("COPIES_SINCE voids the copies from before it", async () => {
  const { client, user, id } = await withCopy();
  await edge.db.prepare("UPDATE users SET disabled_at = 1 WHERE id = ?").bind(id).run();
  assert.equal((await client.renew(user.refresh_token)).status, 200, "the copy decides");
  assert.equal((await clientOf(later).renew(user.refresh_token)).status, 400);
  assert.equal(await isGood(clientOf(later), user.access_token), false);
});

test("an object from before copies: renewals and checks read the row, changes answer 503", async () => {
  await edge.control({ oldObjects: true });
  const { client, user, id } = await withCopy();
  const bill = await billOf(edge, async () =>
    assert.equal((await client.renew(user.refresh_token)).status, 200),
  );
  assert.equal(bill["D1 statements"], 1);
  assert.equal(await isGood(client, user.access_token), true);
  const before = await rowOf(id);
  assert.equal((await revoke(client, id, user)).status, 503);
  assert.deepEqual(await rowOf(id), before);
  // From now on the user's Durable Object runs the new version of the code.
  await edge.control({ oldObjects: false });
  assert.equal((await client.renew(user.refresh_token)).status, 200);
  assert.equal((await revoke(client, id, user)).status, 204);
  assert.equal(await isGood(client, user.access_token), false);
});

test("a change by a Worker from before copies counts when it is reported, and else by the cron", async () => {
  const { client, user, id } = await withCopy();
  const change = edge.db.prepare(
    "UPDATE users SET version = version + 1, session_epoch = session_epoch + 1 WHERE id = ? RETURNING version",
  );
  const { version } = await change.bind(id).first();
  assert.ok((await listed()).includes(id));
  const report = { outdate: { version, until: Math.floor(Date.now() / 1000) + 3900 } };
  await edge.objects.getByName(id).ask(JSON.stringify(report));
  assert.equal((await client.renew(user.refresh_token)).status, 400);
  assert.equal(await isGood(client, user.access_token), false);
});

test("a held object is not wiped by its alarm", async () => {
  const { client, user, id } = await withCopy();
  const object = edge.objects.getByName(id);
  await object.ask(JSON.stringify("hold"));
  // Delete the session. Then the object stores only its hold: the time until which it must not copy
  // the user's row.
  await object.run([["DELETE FROM session"]]);
  await object.ring();
  const tables = new Map(JSON.parse(await object.stored()));
  assert.ok(tables.get("fence")?.[0].held_until > 0);
  await edge.control({ clock: 121 });
  await object.ring();
  assert.deepEqual(JSON.parse(await object.stored()), []);
  assert.equal((await client.renew(user.refresh_token)).status, 400);
});
