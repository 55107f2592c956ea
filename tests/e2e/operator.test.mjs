// Tests what an operator finds in the log of the built Worker:
// - the same id in the line of a request, in the line of the mail that the request caused, and at
//   the mail provider;
// - errors of the provider, at level error;
// - a migration that has not been applied, and a rate limit that is not bound or fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, clientOf, PASSWORD } from "./client.mjs";
import { startProvider } from "./mail/provider.mjs";
import { caller, callsOf } from "./rpc/calls.mjs";
import { eventually, startWorkers } from "./workers.mjs";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const JOB = /^[0-9a-f]{32}$/;

async function begin(
  t,
  /** @type {import("./workers.mjs").Settings} */ { vars, ...settings } = {},
) {
  const provider = await startProvider();
  const all = { ...settings, vars: { ...provider.vars, ...vars }, secrets: provider.secrets };
  const world = await startWorkers([all]);
  t.after(async () => {
    await world.stop();
    await provider.stop();
  });
  const [edge] = world.workers;
  return { ...world, edge, client: clientOf(edge), provider };
}

for (const without of [[], ["MAIL_QUEUE", "NOTICE_QUEUE"]]) {
  const how = without.length === 0 ? "through the queue" : "without a queue";
  test(`one id follows a mail from the request to the provider, ${how}`, async (t) => {
    const { client, provider, logged, lineOf, eventsOf } = await begin(t, { without });
    const follow = async (answer, mail) => {
      const request = answer.headers.get("x-request-id");
      assert.match(request, UUID);
      const asked = await lineOf(answer);
      const line = await logged(
        ({ event, request_id }) => event === "mail" && request_id === request,
      );
      assert.deepEqual(
        [line.mail, line.outcome, line.attempt, line.provider_id, line.level],
        [mail, "sent", 1, "1", "info"],
      );
      assert.match(line.job, JOB);
      assert.deepEqual([asked.job, asked.address], [line.job, line.address]);
      const sent = await eventually(() =>
        provider.mails.find(({ headers }) => headers["X-Request-Id"] === request),
      );
      assert.equal(sent.headers["Auto-Submitted"], "auto-generated");
      return { asked, line };
    };
    const reset = await client.post("/auth/password/reset", { json: { email: "Ada@Example.com" } });
    const { line } = await follow(reset, "reset");
    const [requested] = await eventsOf(reset);
    assert.deepEqual([requested.event, requested.address], ["reset_requested", line.address]);

    const { access_token: token } = await client.logIn(ADA);
    const json = { current_password: PASSWORD, new_password: "an analytical engine" };
    const changed = await client.post("/auth/password/change", { token, json });
    const notice = await follow(changed, "password_changed");
    assert.equal(notice.line.address, line.address, "the same address has the same pseudonym");
  });
}

test("a call of another Worker is followed by its id, too", async (t) => {
  const { edge, provider, logged } = await begin(t, { caller });
  await callsOf(edge.askCaller).value("reset_password", ADA);
  const line = await logged(({ event }) => event === "mail");
  const asked = await logged(({ event }) => event === "rpc");
  assert.deepEqual([line.request_id, line.job], [asked.request_id, asked.job]);
  assert.equal(provider.mails[0].headers["X-Request-Id"], asked.request_id);
});

test("a refused key is one error at once, and one for each run of the cron until it is repaired", async (t) => {
  const { edge, client, provider, logs, logged } = await begin(t);
  const errors = () => logs().filter(({ level }) => level === "error");
  provider.answer(401, { name: "missing_api_key", message: "re_a_secret_key is wrong" });
  const ask = () => client.post("/auth/password/reset", { json: { email: ADA } });
  for (let n = 1; n <= 3; n++) {
    assert.equal((await ask()).status, 202);
    await eventually(() => logs().filter(({ event }) => event === "mail").length === n);
  }
  const [first, ...more] = errors();
  assert.deepEqual([first.event, more.length], ["mail_refused", 0]);
  assert.ok(first.reason.startsWith("401: missing_api_key"), first.reason);
  assert.ok(!JSON.stringify(logs()).includes("re_a_secret_key"));
  for (const mail of logs().filter(({ event }) => event === "mail"))
    assert.deepEqual([mail.level, mail.outcome], ["warn", "later"]);
  await edge.cron();
  await eventually(() => errors().length === 2);
  assert.match(errors()[1].detail, /^3 attempts failed/);
  provider.answer();
  assert.equal((await ask()).status, 202);
  await logged(({ event, outcome }) => event === "mail" && outcome === "sent");
  await edge.cron();
  await edge.cron();
  assert.equal(errors().filter(({ event }) => event === "mail_refused").length, 2);
});

test("a provider that is down is an error within minutes", async (t) => {
  const { edge, client, provider, logs, logged } = await begin(t, { without: ["MAIL_QUEUE"] });
  provider.behave((request) => request.socket.destroy());
  await client.post("/auth/password/reset", { json: { email: ADA } });
  await logged(({ event }) => event === "mail");
  await edge.cron();
  assert.deepEqual(
    logs().filter(({ level }) => level === "error"),
    [],
    "it may be over in a minute",
  );
  await edge.control({ clock: 300 });
  await edge.cron();
  const outage = await logged(({ event }) => event === "mail_outage");
  assert.equal(outage.level, "error");
  assert.match(outage.reason, /^no answer: /);
});

test("/healthz names the migration that is missing, and lets a newer database pass", async (t) => {
  const { edge, client, lineOf } = await begin(t);
  const healthz = () => client.get("/healthz");
  assert.equal((await healthz()).status, 200);
  await edge.db.prepare("INSERT INTO migration_marks (migration) VALUES (9999)").run();
  assert.equal((await healthz()).status, 200, "a newer version is being deployed");

  const isMissing = async (file) => {
    const answer = await healthz();
    assert.deepEqual([answer.status, answer.body.code], [503, "unavailable"]);
    const line = await lineOf(answer);
    assert.deepEqual([line.level, line.code], ["error", "unavailable"]);
    assert.equal(
      line.reason,
      `d1 failed: the migration ${file} is missing. Apply it: \`npx wrangler d1 migrations apply DB --remote\``,
    );
  };
  await edge.db.prepare("DELETE FROM migration_marks WHERE migration = 9").run();
  await isMissing("0009_provider_failures.sql");
  await edge.db.prepare("INSERT INTO migration_marks (migration) VALUES (9)").run();
  await edge.db.prepare("DROP TABLE departures").run();
  await isMissing("0007_departures.sql");
});

test("a route that needs a missing table answers 503, and the log has the remedy", async (t) => {
  const { edge, client, lineOf } = await begin(t);
  await client.logIn(ADA);
  await edge.db.prepare("DROP TABLE users").run();
  const answer = await client.post("/auth/login", { json: { email: ADA, password: PASSWORD } });
  assert.deepEqual([answer.status, answer.body.code], [503, "unavailable"]);
  const { level, reason } = await lineOf(answer);
  assert.equal(level, "error");
  assert.match(reason, /^d1 failed: a migration is missing\. Apply it: .*no such table: users/);
});

test("a rate limit that is not bound is an error, one that fails a warning, once for each isolate", async (t) => {
  const { edge, client, logs, logged } = await begin(t, {
    vars: { LIMITS: "on" },
    without: ["IP_LIMITER"],
  });
  await edge.control({ fail: { limiter: { times: 9, error: "it is down" } } });
  for (let n = 0; n < 3; n++) await client.logIn(ADA);
  const missing = await logged(({ event }) => event === "limiter_missing");
  assert.equal(missing.level, "error");
  assert.match(missing.reason, /^IP_LIMITER is not bound, .* wrangler\.toml/);
  const failed = await logged(({ event }) => event === "limiter_failed");
  assert.deepEqual([failed.level, failed.reason], ["warn", "limiter failed: it is down"]);
  const told = logs().filter(({ event }) => event?.startsWith("limiter_"));
  assert.equal(told.length, 2);
});
