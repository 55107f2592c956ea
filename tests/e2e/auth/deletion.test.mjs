// After an account is deleted and the cron job has run, the stores that this test reads contain no
// address, name, network or User-Agent of the user. What is left, such as the user's random id and
// keyed hashes of the address, is listed in docs/storage.md. This must hold for the current session
// store. It must also hold for the other session store, if that store was configured when the user
// signed in.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { claimsOf, clientOf } from "../client.mjs";
import { TEST_SECRETS, TEST_VARS } from "../harness.mjs";
import { eventually, startWorkers } from "../workers.mjs";

const PASSWORD = "an analytical engine";
const SETTLES = 300; // The value of DEPARTURE_SETTLES in src/domain/policy.rs
const MAIL = { MAIL_PROVIDER: "cloudflare-binding", MAIL_FROM: "login@example.org" };
const BROWSER = {
  headers: { "user-agent": "Zoe's own browser/7.3", "cf-connecting-ip": "203.0.113.77" },
};
const PHONE = {
  headers: { "user-agent": "Zoe's telephone/2", "cf-connecting-ip": "2001:db8:77:88:99::1" },
};

let workers, logs, stop;
before(async () => {
  const email = [{ name: "EMAIL" }];
  const settings = (SESSION_STORE) => ({
    vars: { SESSION_STORE, PASSWORD_WORK: "durable", LIMITS: "on", ROTATE_AFTER: "0", ...MAIL },
    email,
  });
  ({ workers, logs, stop } = await startWorkers([settings("kv"), settings("durable")]));
});
after(() => stop?.());

/** Texts that identify the user, each with a description. The tests search the stores for them. */
const needlesOf = (email) => ({
  "the address as given": email,
  "the canonical address": canonical(email),
  "the new address": `next.${email}`,
  "the given name": "Zo\u00ebhanna",
  "the family name": "M\u00fcller-Lovelace",
  "the network (IPv4)": "203.0.113.",
  "the network (IPv6)": "2001:db8:77",
  "the User-Agent": "own browser",
  "the other User-Agent": "telephone",
});
const canonical = (email) => email.toLowerCase();

/** The name of the Durable Object of class Account for this address. */
function accountName(email) {
  const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
  const key = hmac(
    Buffer.from(TEST_SECRETS.TICKET_SECRET, "base64url"),
    `edgegate ticket 1\0account\0${TEST_VARS.ISSUER}`,
  );
  return hmac(key, canonical(email)).toString("hex");
}

/**
 * Returns as one text what is stored in D1, in KV, in the user's object of class Sessions and in
 * the address's object of class Account.
 */
async function everything(edge, user, email) {
  const found = [];
  const { results: tables } = await edge.db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all();
  for (const { name } of tables.filter(({ name }) => !name.startsWith("_cf"))) {
    found.push(name, (await edge.db.prepare(`SELECT * FROM "${name}"`).all()).results);
  }
  for (let cursor; ; ) {
    const page = await edge.kv.list({ cursor });
    for (const { name, metadata } of page.keys) found.push(name, metadata, await edge.kv.get(name));
    if (page.list_complete) break;
    cursor = page.cursor;
  }
  found.push(await edge.objects.getByName(user).stored());
  found.push(await edge.env.ACCOUNT_OBJECTS.getByName(accountName(email)).stored());
  return JSON.stringify(found);
}

async function found(edge, user, email) {
  // The texts that are searched for must not contain quotation marks. The stores contain JSON
  // within JSON, whose quotation marks are escaped.
  const text = await everything(edge, user, email);
  return Object.entries(needlesOf(email))
    .filter(([, needle]) => text.includes(needle))
    .map(([what]) => what);
}

// The first Worker consumes the mail queue, so it sends the mails of all Workers.
const mailsTo = async (email) =>
  (await workers[0].control({})).mails.filter(({ to }) => to === email);

let letters = 0;
/** Delivers a mail job to the dead-letter queue, as if the mail queue had given up on the job. */
async function giveUp(edge, asked_at, name, ...fields) {
  const id = String(++letters).padStart(32, "0");
  const body = ["1", id, asked_at, "en", name, ...fields].join("\n");
  const batch = { queue: "edgegate-mail-dead", messages: [{ id, body, attempts: 1 }] };
  const answer = await edge.fetch("/test/queue", { method: "POST", body: JSON.stringify(batch) });
  assert.deepEqual((await answer.json()).outcomes, { [id]: "ack" });
}

/**
 * Creates an account with data in each of these stores. Both session stores have data of the
 * account, as after a deployment has switched from one session store to the other.
 */
async function live(email) {
  const [kv, durable] = workers;
  const client = clientOf(kv);
  const registered = await client.post("/auth/register", {
    ...BROWSER,
    json: { email, first_name: "Zo\u00ebhanna", last_name: "M\u00fcller-Lovelace" },
  });
  assert.equal(registered.status, 202);
  const [mail] = await eventually(async () => (await mailsTo(email)).length > 0 && mailsTo(email));
  const token = mail.text.match(/#(egl_[\w-]+)/)[1];
  assert.equal(
    (await client.post("/auth/email/verify", { json: { token, password: PASSWORD } })).status,
    204,
  );
  let access_token;
  for (const worker of [kv, durable]) {
    const client = clientOf(worker);
    const [one, two] = [
      await client.logIn(email, PASSWORD, BROWSER),
      await client.logIn(email, PASSWORD, PHONE),
    ];
    assert.equal((await client.renew(one.refresh_token, BROWSER)).status, 200);
    assert.equal(
      (await client.post("/auth/revoke", { ...PHONE, form: { token: two.refresh_token } })).status,
      200,
    );
    access_token = { ...access_token, [worker === kv ? "kv" : "durable"]: one.access_token };
  }
  const wrong = await client.post("/auth/login", {
    ...BROWSER,
    json: { email, password: "a guess that is wrong" },
  });
  assert.equal(wrong.status, 401);
  const user = claimsOf(access_token.kv).sub;
  const asked_at = Math.floor(Date.now() / 1000) - 60;
  const job = (...fields) => giveUp(kv, asked_at, ...fields);
  await job("reset", email);
  await job("registration", email, "Zo\u00ebhanna", "M\u00fcller-Lovelace");
  await job("new_address", user, `next.${email}`);
  await job("session_ended", canonical(email), "Zoe's own browser", "Leipzig");
  await job("invitation", user);
  return { user, access_token };
}

for (const [index, store] of ["kv", "durable"].entries()) {
  test(`with ${store} nothing that names the person is left once the cron has run`, async () => {
    const edge = workers[index];
    const client = clientOf(edge);
    const email = `Zoe.${store}@example.com`;
    const { user, access_token } = await live(email);
    assert.deepEqual(
      await found(edge, user, email),
      Object.keys(needlesOf(email)),
      "the search finds what is there",
    );

    const token = access_token[store];
    const deleted = await client.del("/auth/me", {
      ...BROWSER,
      token,
      json: { current_password: PASSWORD },
    });
    assert.equal(deleted.status, 204);
    await eventually(async () =>
      (await mailsTo(email)).some(({ subject }) => subject.includes("deleted")),
    );
    await edge.cron();
    assert.deepEqual(await found(edge, user, email), [], "after one run");
    // The access token stays invalid after the user's data is deleted.
    assert.equal((await client.authorized({ role: "user" }, token)).status, 401);

    // Write what can still arrive after the first run of the cron job: the session of a slow login
    // that began before the deletion, and a failed mail.
    const late = {
      epoch: 0,
      seen: 1,
      user_agent: "Zoe's own browser/7.3",
      network: "203.0.113.0",
      country: "DE",
      city: "Leipzig",
    };
    await edge.kv.put(`session:${user}:${user}`, "{}", { metadata: late });
    await giveUp(edge, 1, "password_changed", email);
    await edge.control({ clock: SETTLES });
    await edge.cron();
    await edge.control({ clock: 0 });
    assert.deepEqual(await found(edge, user, email), [], "after the second");
    const { results } = await edge.db
      .prepare("SELECT user, due_at FROM departures WHERE user = ?")
      .bind(user)
      .all();
    assert.deepEqual(results, [{ user, due_at: null }]);
    const { keys } = await edge.kv.list();
    const about = keys.map(({ name }) => name).filter((name) => name.includes(user));
    assert.deepEqual(about, store === "kv" ? [`stale:${user}`] : [], "in KV");
    await eventually(async () => {
      const tables = JSON.parse(await edge.objects.getByName(user).stored());
      const without = (name, rows) =>
        name === "fence" ? rows.every(({ user }) => user === null) : rows.length === 0;
      return tables.every(([name, rows]) => name === "outdated" || without(name, rows));
    });
    const logged = JSON.stringify(logs());
    for (const needle of Object.values(needlesOf(email)))
      assert.ok(!logged.includes(needle), `${needle} in the log`);
  });
}

test("a clean-up that failed is done by a later run", async () => {
  const [edge] = workers;
  const client = clientOf(edge);
  const email = "Zoe.later@example.com";
  const { user, access_token } = await live(email);
  // The request deletes the user's row in D1. But the next 100 KV calls of each kind fail: of those
  // that write, of those that list and of those that delete.
  const error = "KV is away";
  await edge.control({
    fail: {
      "KV put": { times: 100, error },
      "KV list": { times: 100, error },
      "KV delete": { times: 100, error },
    },
  });
  const refused = await client.del("/auth/me", {
    ...BROWSER,
    token: access_token.kv,
    json: { current_password: PASSWORD },
  });
  assert.equal(refused.status, 503);
  await edge.cron();
  assert.notDeepEqual(await found(edge, user, email), []);
  await edge.control({ fail: {}, clock: SETTLES });
  await edge.cron();
  await edge.control({ clock: 0 });
  assert.deepEqual(await found(edge, user, email), []);
  assert.ok(logs().some(({ event, reason }) => event === "departures" && reason.includes(error)));
});
