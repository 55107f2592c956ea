// Tests how mails are sent in workerd. While the provider is down, the Worker retries mails. If all
// retries fail, the mail is stored in the table `dead_letters`, and the cron job sends it later. If
// a mail is sent again, it has the same idempotency key, so that the provider can ignore it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { ADA, clientOf, PASSWORD, ROOT } from "../client.mjs";
import { mails, mailTo, ticketOf } from "../outbox.mjs";
import { eventually, startWorkers } from "../workers.mjs";
import { startProvider } from "./provider.mjs";

const NEW_PASSWORD = "an analytical engine";

async function begin(
  t,
  /** @type {import("../workers.mjs").Settings} */ { vars, ...settings } = {},
) {
  const provider = await startProvider();
  const all = { ...settings, vars: { ...provider.vars, ...vars }, secrets: provider.secrets };
  const {
    workers: [edge],
    stop,
    logs,
    logged,
  } = await startWorkers([all]);
  t.after(async () => {
    await stop();
    await provider.stop();
  });
  const client = clientOf(edge);
  await client.logIn(ADA);
  const rows = (sql) =>
    edge.db
      .prepare(sql)
      .all()
      .then(({ results }) => results);
  return {
    edge,
    client,
    provider,
    logs,
    logged,
    letters: () => rows("SELECT * FROM dead_letters"),
  };
}

const job = (email = ADA) =>
  [
    "2",
    randomBytes(16).toString("hex"),
    Math.floor(Date.now() / 1000),
    "en",
    "0",
    "first",
    "0",
    "reset",
    email,
  ].join("\n");

/** Makes the Worker process these messages of the queue as one batch. */
async function workOffAll(edge, bodies) {
  const messages = bodies.map((body, index) => ({ id: `message-${index}`, body, attempts: 1 }));
  const answer = await edge.fetch("/test/queue", {
    method: "POST",
    body: JSON.stringify({ queue: "edgegate-mail", messages }),
  });
  return answer.json();
}

test("the mails of a batch are prepared with two calls of D1", async (t) => {
  const { edge, provider } = await begin(t);
  const calls = async () => (await edge.control({})).calls.D1;
  const before = await calls();
  const { outcomes, delayed } = await workOffAll(edge, [
    job(ADA),
    job("nobody@example.com"),
    job(ROOT),
  ]);
  assert.equal((await calls()) - before, 2);
  assert.deepEqual(outcomes, { "message-0": "ack", "message-1": "ack", "message-2": "ack" });
  assert.deepEqual(delayed, []);
  assert.deepEqual(
    provider.mails.map(({ to }) => to),
    [[ADA], [ROOT]],
  );
});

for (const skip of [0, 1])
  test(`when call ${skip + 1} of D1 for a batch fails, each of its mails is tried again and sent once`, async (t) => {
    const { edge, provider, letters } = await begin(t);
    for (const after of [false, true]) {
      provider.mails.length = 0;
      await edge.control({ fail: { D1: { skip, times: 1, error: "D1 is overloaded", after } } });
      const { outcomes, delayed } = await workOffAll(edge, [job(ADA), job(ROOT)]);
      assert.deepEqual(outcomes, { "message-0": "ack", "message-1": "ack" });
      assert.deepEqual(
        delayed.map(({ seconds }) => seconds),
        [10, 10],
      );
      assert.equal(provider.mails.length, 0);
      await workOffAll(
        edge,
        delayed.map(({ body }) => body),
      );
      assert.deepEqual(
        provider.mails.map(({ to }) => to),
        [[ADA], [ROOT]],
      );
      assert.deepEqual(await letters(), []);
    }
  });

test("a provider that is down for an hour: tried with growing pauses, and the mail goes out when it is back", async (t) => {
  const { edge, client, provider } = await begin(t);
  provider.answer(503, { message: "down" });
  let [message, waited] = [job(), 0];
  const pauses = [];
  for (;;) {
    if (waited >= 3600) provider.answer();
    const outcome = await edge.workOff(message);
    if (outcome === "ack") break;
    message = outcome.body;
    pauses.push(outcome.seconds);
    waited += outcome.seconds;
    await edge.control({ clock: waited });
  }
  assert.deepEqual(pauses.slice(0, 4), [10, 30, 60, 120]);
  assert.ok(waited < 7200);
  assert.equal(provider.mails.length, 1);
  const token = ticketOf(provider.mails[0]);
  const { status } = await client.post("/auth/password/confirm", {
    json: { token, password: NEW_PASSWORD },
  });
  assert.equal(status, 204, "the link lives from now");
});

test("a repeat is the same mail: same body, same idempotency key", async (t) => {
  const { edge, provider } = await begin(t);
  const message = job();
  for (let n = 1; n <= 2; n++) assert.equal(await edge.workOff(message), "ack");
  assert.deepEqual(provider.mails[0], provider.mails[1]);
  assert.match(provider.mails[0].key, /^[0-9a-f]{64}$/);
});

test("a provider that asks for time gets it; one that hangs up, redirects or says nonsense is tried again", async (t) => {
  const { edge, provider } = await begin(t);
  provider.answer(429, { message: "slow down" }, { "retry-after": "77" });
  const pause = async () => (await edge.workOff(job())).seconds;
  assert.equal(await pause(), 77);
  provider.answer(429, {}, { "retry-after": "999999" });
  assert.equal(await pause(), 3600);
  provider.answer(302, {}, { location: "http://127.0.0.1:1/" });
  assert.equal(await pause(), 10);
  provider.behave((request) => request.socket.destroy());
  assert.equal(await pause(), 10);
  assert.equal(provider.mails.length, 0);
  provider.behave((_request, response) => response.end("<html>"));
  assert.equal(await pause(), 10);
});

test("a mail that is refused is kept, the operator is told, and it goes out when they say so", async (t) => {
  const { edge, provider, logged, logs, letters } = await begin(t);
  provider.answer(422, {
    statusCode: 422,
    name: "validation_error",
    message: `The key re_a_secret_key may not write to ${ADA}`,
  });
  const message = job();
  assert.equal(await edge.workOff(message), "ack");
  const [letter] = await letters();
  const [, id] = message.split("\n");
  assert.deepEqual(
    [letter.id, letter.job.split("\n")[1], letter.tries, letter.retry_at],
    [id, id, 1, null],
  );
  const line = await logged(({ event }) => event === "mail");
  assert.deepEqual([line.level, line.outcome], ["error", "dead"]);
  const logText = JSON.stringify(logs());
  for (const secret of ["re_a_secret_key", ADA]) {
    assert.ok(!letter.reason.includes(secret) && !logText.includes(secret), secret);
  }
  await edge.cron();
  const alarm = await logged(({ event }) => event === "dead_letters");
  assert.deepEqual([alarm.level, alarm.count], ["error", 1]);
  assert.equal(provider.mails.length, 0);

  provider.answer();
  // The command `edgegate mail retry` makes the same change.
  await edge.db.prepare("UPDATE dead_letters SET retry_at = 0").run();
  await edge.cron();
  await eventually(() => provider.mails.length === 1);
  assert.deepEqual(await letters(), []);
});

test("what the queue gave up, and what is not a mail, is kept", async (t) => {
  const { edge, letters } = await begin(t);
  assert.equal(await edge.workOff(job(), "edgegate-mail-dead"), "ack");
  assert.equal((await letters()).length, 1);
  await edge.db.prepare("DELETE FROM dead_letters").run();
  for (const body of ["", "nonsense", { purpose: "reset" }, null]) {
    assert.equal(await edge.workOff(body), "ack");
    assert.equal((await letters()).length, 1);
  }
});

test("a database that fails: the mail waits", async (t) => {
  const { edge, provider } = await begin(t);
  await edge.control({ fail: { D1: { times: 1, error: "D1_ERROR: down" } } });
  const message = job();
  const again = await edge.workOff(message);
  assert.equal(again.seconds, 10);
  assert.equal(await edge.workOff(again.body), "ack");
  assert.equal(provider.mails.length, 1);
});

test("a queue that fails: 503, and nothing is promised", async (t) => {
  const { edge, client } = await begin(t);
  await edge.control({ fail: { "queue send": { times: 1, error: "Queue is down" } } });
  const ask = () => client.post("/auth/password/reset", { json: { email: ADA } });
  assert.equal((await ask()).status, 503);
  assert.equal((await ask()).status, 202);
});

test("a notice that can't be queued undoes nothing, is kept, and goes out by the cron", async (t) => {
  const { edge, client, provider, letters } = await begin(t);
  const { access_token: token } = await client.logIn(ADA);
  await edge.control({ fail: { "notice queue send": { times: 1, error: "Queue is down" } } });
  const json = { current_password: PASSWORD, new_password: NEW_PASSWORD };
  assert.equal((await client.post("/auth/password/change", { token, json })).status, 200);
  assert.equal((await letters()).length, 1);
  assert.equal(provider.mails.length, 0);
  await edge.cron();
  await eventually(() => provider.mails.length === 1);
});

test("a notice that can be neither queued nor kept undoes nothing, and is logged", async (t) => {
  const { edge, client, logged } = await begin(t);
  const { access_token: token } = await client.logIn(ADA);
  const failed = { times: 1, error: "it is down" };
  // The first two calls to D1 read the token's user and write the change. The third call, which
  // would keep the notice, fails.
  await edge.control({ fail: { "notice queue send": failed, D1: { ...failed, skip: 2 } } });
  const json = { current_password: PASSWORD, new_password: NEW_PASSWORD };
  assert.equal((await client.post("/auth/password/change", { token, json })).status, 200);
  const line = await logged(({ event }) => event === "mail_not_queued");
  assert.deepEqual(
    [line.level, line.detail, line.user_id],
    ["error", "password_changed", undefined],
  );
});

test("ten requests for one address in a minute, from ten places: one mail, all 202", async (t) => {
  const { client, provider, logs } = await begin(t, { vars: { LIMITS: "on" } });
  const from = (n) => ({ "cf-connecting-ip": `203.0.113.${n}` });
  const asked = Array.from({ length: 10 }, (_, n) =>
    client.post("/auth/password/reset", {
      headers: from(n),
      json: { email: n % 2 ? ADA : "ADA@EXAMPLE.com" },
    }),
  );
  assert.ok((await Promise.all(asked)).every(({ status }) => status === 202));
  await eventually(() => logs().filter(({ event }) => event === "mail").length === 10);
  assert.equal(provider.mails.length, 1);
});

test("without a queue: after the response, and by the cron while the provider is down", async (t) => {
  const { edge, client, provider, letters } = await begin(t, {
    without: ["MAIL_QUEUE", "NOTICE_QUEUE"],
  });
  const ask = () => client.post("/auth/password/reset", { json: { email: ADA } });
  assert.equal((await ask()).status, 202);
  await eventually(() => provider.mails.length === 1);
  provider.answer(500);
  assert.equal((await ask()).status, 202);
  await eventually(async () => (await letters()).length === 1);
  await edge.cron();
  assert.equal((await letters()).length, 1, "not before its time");
  provider.answer();
  await edge.control({ clock: 60 });
  await edge.cron();
  assert.equal(provider.mails.length, 2);
  assert.deepEqual(await letters(), []);
});

test("the budget of an hour: what is over its share waits for the next, which is not a try", async (t) => {
  const { edge, provider, logged } = await begin(t, { vars: { MAIL_BUDGET: "5" } });
  const outcomes = [];
  for (let n = 0; n < 3; n++) outcomes.push(await edge.workOff(job()));
  assert.deepEqual(outcomes.slice(0, 2), ["ack", "ack"]);
  const { seconds, body } = outcomes[2];
  assert.ok(seconds > 0 && seconds <= 4200);
  assert.equal(body.split("\n")[4], "0");
  assert.equal(provider.mails.length, 2);
  const line = await logged(({ outcome }) => outcome === "waits");
  assert.ok(line.level === "warn" && line.reason.startsWith("MAIL_BUDGET"), JSON.stringify(line));
  await edge.control({ clock: seconds });
  assert.equal(await edge.workOff(body), "ack");
  assert.equal(provider.mails.length, 3);
});

test("notices have a queue of their own: they go out while the other one fails, and in its place without one", async (t) => {
  const { edge, client, provider } = await begin(t);
  const { access_token: token } = await client.logIn(ADA);
  await edge.control({ fail: { "queue send": { times: 9, error: "Queue is down" } } });
  const change = (token, current_password, new_password) =>
    client.post("/auth/password/change", { token, json: { current_password, new_password } });
  assert.equal((await change(token, PASSWORD, NEW_PASSWORD)).status, 200);
  await eventually(() => provider.mails.length === 1);

  const other = await begin(t, { without: ["NOTICE_QUEUE"] });
  const { access_token } = await other.client.logIn(ADA);
  const json = { current_password: PASSWORD, new_password: NEW_PASSWORD };
  assert.equal(
    (await other.client.post("/auth/password/change", { token: access_token, json })).status,
    200,
  );
  await eventually(() => other.provider.mails.length === 1);
});

test("a network asks thirty times an hour: then 429 for every address alike; a known device's reset goes past a spent budget", async (t) => {
  const { client, provider } = await begin(t, { vars: { LIMITS: "on", MAIL_BUDGET: "1" } });
  const from = (n) => ({ "cf-connecting-ip": `203.0.${n}.7` });
  // Requests a mail. The test sends too few requests to reach the limits IP_LIMITER and
  // ACCOUNT_LIMITER, so only the mail gate (the limit on mails per network) rejects requests here.
  const ask = (n, email, json = {}, headers = {}) =>
    client.post("/auth/password/reset", {
      headers: { ...from(n), ...headers },
      json: { email, ...json },
    });
  const statuses = [];
  for (let n = 0; n < 32; n++) statuses.push((await ask(1, `nobody-${n}@example.com`)).status);
  assert.deepEqual(statuses.slice(0, 30), Array(30).fill(202));
  assert.deepEqual(statuses.slice(30), [429, 429]);
  const known = await ask(1, ADA);
  assert.deepEqual([known.status, known.body.code], [429, "rate_limited"]);
  const wait = Number(known.headers.get("retry-after"));
  assert.ok(wait > 3000 && wait <= 3600, `${wait}`);

  const { device_token } = await client.logIn(ADA);
  assert.match(device_token, /^egd_/, "with PASSWORD_WORK = inline too");
  assert.equal((await ask(2, ADA, { device_token })).status, 202);
  await eventually(() => provider.mails.length === 1);
});

test("without MAIL_GATE_OBJECTS a Worker with limits is misconfigured", async (t) => {
  const {
    workers: [edge],
    stop,
    logged,
  } = await startWorkers([{ vars: { LIMITS: "on" }, without: ["MAIL_GATE_OBJECTS"] }]);
  t.after(stop);
  assert.equal((await edge.fetch("/healthz")).status, 500);
  await logged(({ reason }) => reason?.includes("MAIL_GATE_OBJECTS"));
});

test("the outbox takes mails of local development, the newest first, and needs no KV", async (t) => {
  const {
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { SESSION_STORE: "durable" }, without: ["SESSIONS"] }]);
  t.after(stop);
  const client = clientOf(edge);
  assert.deepEqual(await mails(edge), []);
  for (const email of [ADA, "root@example.com"]) {
    await client.post("/auth/password/reset", { json: { email } });
    await mailTo(edge, email);
  }
  const found = await mails(edge);
  assert.deepEqual(
    found.map(({ to }) => to),
    ["root@example.com", ADA],
  );
  const members = ["to", "subject", "text", "html", "sent_at"];
  assert.deepEqual(Object.keys(found[0]), members);
  // The outbox shows no mail that is older than one day (OUTBOX_TTL in src/domain/policy.rs).
  await edge.db.prepare("UPDATE outbox SET sent_at = sent_at - 86400").run();
  assert.deepEqual(await mails(edge), []);
  const browser = await edge.fetch("/dev/outbox", {
    headers: { accept: "text/html,*/*" },
    redirect: "manual",
  });
  assert.deepEqual([browser.status, browser.headers.get("location")], [302, "/outbox"]);
});
