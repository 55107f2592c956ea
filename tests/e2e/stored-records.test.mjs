// New versions of the service can read what older versions stored. This test reads rows of D1 and
// of the Durable Objects in the form in which the version of November 2026 wrote them.
// tests/stored_records.rs does the same for KV, tickets and queued mails.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { inRoot } from "../../scripts/project/root.mjs";
import { clientOf, PASSWORD } from "./client.mjs";
import { refreshToken } from "./forge.mjs";
import { TEST_SECRETS, TEST_VARS } from "./harness.mjs";
import { startWorkers } from "./workers.mjs";

const samples = JSON.parse(readFileSync(inRoot("tests/vectors/stored/records.json"), "utf8"));
const { users_row: user, sessions_object: object } = samples;
const [fresh, renewed, withoutAddress, ...ended] = object.session;
const beforeProofs = ended.pop();
// A newer version added two columns for apps to the table. In the row of a browser's session both
// are null.
const withApps = (row) => ({ ...row, client: null, sign_on: null });
// The time at which the first session in the samples began.
const NOW = fresh.last_used_at;

let edge;
let stop;
let lineOf;

before(async () => {
  const vars = { SESSION_STORE: "durable", PASSWORD_WORK: "durable", LIMITS: "on" };
  const started = await startWorkers([{ vars }]);
  ({ stop, lineOf } = started);
  [edge] = started.workers;
  const columns = Object.keys(user);
  const places = columns.map((_, index) => `?${index + 1}`);
  await edge.db
    .prepare(`INSERT INTO users (${columns}) VALUES (${places})`)
    .bind(...Object.values(user))
    .run();
  const insert = (table) => (row) => [
    `INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.keys(row).map(() => "?")})`,
    ...Object.values(row),
  ];
  await edge.objects
    .getByName(user.id)
    .run([
      ...object.tables.map((sql) => [sql]),
      ...object.session.map(insert("session")),
      ...object.outdated.map(insert("outdated")),
    ]);
});
after(() => stop());

const renew = async (session, counter, at) => {
  await edge.control({ at });
  const expires_at = NOW + 90 * 86_400;
  const auth_time = NOW + 1;
  const ticket = { user: user.id, session: session.id, epoch: 3, counter, expires_at, auth_time };
  const answer = await clientOf(edge).renew(refreshToken(ticket));
  return { ...answer, verdict: (await lineOf(answer)).verdict };
};
const rows = async () =>
  Object.fromEntries(JSON.parse(await edge.objects.getByName(user.id).stored()));

test("a user and the sessions in their object are read and renewed", async () => {
  for (const [session, counter, at, verdict] of [
    [fresh, 0, NOW + 89, "kept"],
    [renewed, 0, NOW + 129, "repeated"],
    [renewed, 1, NOW + 129, "kept"],
    [withoutAddress, 0, NOW + 129, "repeated"],
    [beforeProofs, 0, NOW + 129, "repeated"],
    ...ended.map((session) => [session, 0, NOW + 129, "ended"]),
  ]) {
    const answer = await renew(session, counter, at);
    assert.equal(answer.verdict, verdict, session.id);
    assert.equal(answer.status, verdict === "ended" ? 400 : 200);
  }
  assert.deepEqual((await rows()).session, object.session.map(withApps), "nothing was written");
  const { access_token } = (await renew(renewed, 1, NOW + 129)).body;
  const me = await clientOf(edge).get("/auth/me", { token: access_token });
  assert.equal(me.status, 200);
  assert.deepEqual(
    [me.body.email, me.body.first_name, me.body.last_name, me.body.roles],
    ["Ada@example.com", "Ada", "Lovelace", ["admin", "user"]],
  );
  const listed = await clientOf(edge).get("/auth/sessions", { token: access_token });
  assert.deepEqual(
    listed.body.sessions.map(({ id, network, user_agent }) => [id, network, user_agent]),
    [beforeProofs, withoutAddress, renewed, fresh].map(({ id, seen }) => {
      const [user_agent, network] = seen.split("\t");
      return [id, network, user_agent];
    }),
  );
  const [{ place }] = listed.body.sessions.filter(({ id }) => id === fresh.id);
  assert.deepEqual(place, { country: "DE", city: "São Paulo" });
});

test("a renewal writes a row like theirs", async () => {
  assert.equal((await renew(fresh, 0, NOW + 100)).verdict, "fresh");
  const [written] = (await rows()).session.filter(({ id }) => id === fresh.id);
  assert.ok(Number.isInteger(written.used_by));
  const sample = { ...renewed, id: fresh.id, used_by: written.used_by, seen: written.seen };
  assert.deepEqual(written, withApps(sample));
  assert.match(written.seen, /^[^\t]*\t[^\t]+\t[^\t]*\t[^\t]*$/);
});

test("the failures of an account are read, and the hash of its password", async () => {
  const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
  const secret = Buffer.from(TEST_SECRETS.TICKET_SECRET, "base64url");
  const key = hmac(secret, `edgegate ticket 1\0account\0${TEST_VARS.ISSUER}`);
  const name = hmac(key, user.email_canonical).toString("hex");
  const account = edge.env.ACCOUNT_OBJECTS.getByName(name);
  await account.put("failed", samples.objects.failed);
  const logIn = async (at) => {
    await edge.control({ at });
    return clientOf(edge).post("/auth/login", { json: { email: user.email, password: PASSWORD } });
  };
  const early = await logIn(NOW);
  assert.deepEqual([early.status, early.headers.get("retry-after")], [429, "2"]);
  assert.equal((await logIn(NOW + 2)).status, 200);
  const { keys } = JSON.parse(await account.stored());
  assert.deepEqual(keys, [["failed", samples.objects.failed]]);
});
