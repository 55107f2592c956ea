// Simulates an attack on the running Worker with PASSWORD_WORK = "durable": an attacker guesses the
// password of an account. Tests which answers the attacker and the owner get. Also tests that the
// answers during the attack don't reveal whether an address has an account.
//
// To see the numbers, run this file alone:
//
//   npm test -- --only build,e2e tests/e2e/auth/guessing.test.mjs
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { count } from "../../count.mjs";
import { ADA, clientOf, PASSWORD, ROOT, untilLimited } from "../client.mjs";
import { TEST_SECRETS, TEST_VARS } from "../harness.mjs";
import { startWorkers } from "../workers.mjs";

const GUESSES = 10_000;
const PLACES = 50;
// STATED is the value of GUESSES_IN_A_ROW in src/domain/policy.rs. docs/operations.md states the
// numbers STATED and TURN.
const STATED = 100;
const TURN = 900;
const BEGUN = 1_900_000_000;

let edge, client, stop;
before(async () => {
  ({
    workers: [edge],
    stop,
  } = await startWorkers([{ vars: { PASSWORD_WORK: "durable", LIMITS: "on" } }]));
  client = clientOf(edge);
  await logIn(ADA, PASSWORD, { ip: "192.0.2.250" });
});
after(() => stop?.());

let now = BEGUN;
const at = (seconds) => {
  now = seconds;
  return edge.control({ at: now, quiet: true });
};
const pass = (seconds) => at(now + seconds);
const hashed = async () => (await edge.control({})).calls.hashed ?? 0;
const from = (ip) => ({ "cf-connecting-ip": ip });
const logIn = (
  email,
  password,
  /** @type {{ ip?: string, device_token?: unknown }} */ { ip, device_token } = {},
) =>
  client.post("/auth/login", {
    headers: from(ip),
    json: { email, password, ...(device_token !== undefined && { device_token }) },
  });
/**
 * `place()` returns a network address that no test has used before. So the limits that count per
 * network don't count the attempts of another test.
 */
let used = 0;
const place = () => `198.18.${used >> 8}.${used++ & 255}`;
/**
 * Returns what a client sees of an answer, without the request id and the date, which are different
 * in every answer.
 */
const visible = ({ status, headers, body }) => ({
  status,
  body,
  headers: [...headers].filter(([name]) => !["x-request-id", "date"].includes(name)),
});

test(`${GUESSES} guesses from ${PLACES} addresses: the owner gets in every time, the guesser has ${STATED} tries`, async (t) => {
  const begun = performance.now();
  await at(BEGUN);
  const known = await logIn(ADA, PASSWORD, { ip: place() });
  assert.equal(known.status, 200);
  assert.match(known.body.device_token, /^egd_[\w-]{104}$/);
  let { device_token } = known.body;
  let logins = 0;
  const owner = async () => {
    // The owner logs in with a phone whose network address changes all the time.
    const answer = await logIn(ADA, PASSWORD, { ip: place(), device_token });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    ({ device_token } = answer.body);
    logins += 1;
  };
  const places = Array.from({ length: PLACES }, (_, n) => `203.0.113.${n}`);
  const statuses = {};
  const before = await hashed();
  let sent = 0;
  let closed = false;
  const guess = async (email = ADA) => {
    const answer = await logIn(email, `guess number ${sent}`, { ip: places[sent % PLACES] });
    sent += 1;
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    return answer;
  };
  // The attacker's best strategy is to guess again as soon as the limit allows another attempt,
  // each time from another network address.
  while (!closed && sent < 2 * STATED) {
    const answer = await guess();
    if (answer.status === 401) {
      if (sent % 20 === 0) await owner();
      continue;
    }
    assert.deepEqual([answer.status, answer.body.code], [429, "rate_limited"]);
    const wait = Number(answer.headers.get("retry-after"));
    assert.ok(wait >= 1);
    closed = wait > TURN;
    if (!closed) await pass(wait);
  }
  assert.ok(closed, "nobody may try any more");
  // In the worst case the attacker sends many guesses at the same time. The Worker must not give
  // more than two different bodies.
  const bodies = new Set();
  const flood = async () => {
    const json = JSON.stringify({ email: ADA, password: `guess number ${sent}` });
    const headers = { ...from(places[sent % PLACES]), "content-type": "application/json" };
    sent += 1;
    const answer = await edge.fetch("/auth/login", { method: "POST", headers, body: json });
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    bodies.add(await answer.text());
  };
  while (sent < GUESSES) {
    await Promise.all(Array.from({ length: Math.min(PLACES, GUESSES - sent) }, flood));
    if (sent % (10 * PLACES) === 0) {
      await owner();
      await pass(TURN);
    }
  }
  assert.ok(bodies.size <= 2, [...bodies].join("\n"));
  const guesserHashed = (await hashed()) - before - logins;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const line = `${sent} guesses from ${PLACES} addresses at one account: ${guesserHashed} hashed, ${statuses[429]} refused; its owner signed in ${logins} times of ${logins}`;
  count("guessing-attack", line);
  t.diagnostic(
    `${line}; ${seconds} s, ${((now - BEGUN) / 3600).toFixed(1)} h by the Worker's clock`,
  );
  assert.deepEqual(Object.keys(statuses), ["401", "429"]);
  assert.equal(sent, GUESSES);
  assert.equal(statuses[401], STATED);
  assert.equal(guesserHashed, STATED);
  assert.ok(logins >= 20);
  // The failed attempts are forgotten one day after the last one. Until then even the right
  // password is rejected, unless the request has the ticket of a known device.
  assert.equal((await logIn(ADA, PASSWORD, { ip: place() })).status, 429);
  await pass(86_400);
  assert.equal((await logIn(ADA, PASSWORD, { ip: place() })).status, 200);
});

test("known and unknown addresses answer alike under attack, in every byte", async () => {
  await pass(2 * 86_400);
  for (const wait of [1, 2, 4, 8, 16]) {
    const answers = await Promise.all(
      [ROOT, "nobody@example.com", "ROOT@example.com "].map(async (email) => {
        if (email.endsWith(" ")) email = "stranger@example.com";
        const seen = [];
        for (const password of ["a guess", PASSWORD, "another"])
          seen.push(visible(await logIn(email, password, { ip: place() })));
        return seen;
      }),
    );
    const [known, ...unknown] = answers;
    assert.deepEqual(
      known.map(({ status }) => status),
      [401, 429, 429],
    );
    assert.equal(new Map(known[1].headers).get("retry-after"), `${wait}`);
    for (const seen of unknown) assert.deepEqual(seen, known);
    await pass(wait);
  }
});

test("an object stores nothing before the first failure, no address in it, and deletes itself when the count has lapsed", async () => {
  await pass(2 * 86_400);
  const hmac = (key, text) => createHmac("sha256", key).update(text);
  const secret = Buffer.from(TEST_SECRETS.TICKET_SECRET, "base64url");
  const key = hmac(secret, `edgegate ticket 1\0account\0${TEST_VARS.ISSUER}`).digest();
  for (const email of ["lapsing@example.com", ROOT]) {
    const object = edge.env.ACCOUNT_OBJECTS.getByName(hmac(key, email).digest("hex"));
    const stored = async () => JSON.parse(await object.stored());
    if (email !== ROOT) assert.deepEqual(await stored(), { keys: [], alarm: null });
    assert.equal((await logIn(email, "a guess", { ip: place() })).status, 401);
    const { keys, alarm } = await stored();
    assert.deepEqual(keys, [["failed", `{"known":{},"strangers":[1,${now * 1000}]}`]]);
    assert.equal(alarm, (now + 86_400) * 1000);
    await pass(86_399);
    await object.ring();
    assert.equal((await stored()).keys.length, 1, "not before its time");
    await pass(1);
    await object.ring();
    assert.deepEqual(await stored(), { keys: [], alarm: null });
  }
});

test("ten at once on one object: of wrong ones one is hashed, of right ones none beyond those that may wait", async () => {
  await pass(2 * 86_400);
  for (const email of [ADA, "nobody@example.com"]) {
    const before = await hashed();
    const wrong = await Promise.all(
      Array.from({ length: 10 }, () => logIn(email, "a guess", { ip: place() })),
    );
    assert.deepEqual(wrong.map(({ status }) => status).sort(), [401, ...Array(9).fill(429)]);
    assert.equal((await hashed()) - before, 1);
  }
  await pass(2);
  const right = await Promise.all(
    Array.from({ length: 10 }, () => logIn(ADA, PASSWORD, { ip: place() })),
  );
  const statuses = right.map(({ status }) => status);
  assert.ok(
    statuses.every((status) => status === 200 || status === 429),
    `${statuses}`,
  );
  assert.ok(statuses.filter((status) => status === 200).length >= 4, `${statuses}`);
});

test("an object that fails: 503, never a yes, and no try that is not counted", async () => {
  await pass(2 * 86_400);
  const fail = (times, after) =>
    edge.control({ fail: { "account object": { times, error: "the object is down", after } } });
  for (const after of [false, true]) {
    await fail(1000, after);
    for (const password of [PASSWORD, "a guess"]) {
      const answer = await logIn(ROOT, password, { ip: place() });
      assert.deepEqual(
        [answer.status, answer.body.code, answer.headers.get("retry-after")],
        [503, "unavailable", "2"],
      );
    }
  }
  await edge.control({ fail: {} });
  // The wrong password was counted, although the answer of the Durable Object that checks passwords
  // was lost. Therefore the next attempt has to wait.
  assert.equal((await logIn(ROOT, PASSWORD, { ip: place() })).status, 429);
  await pass(60);
  // If only one call to that Durable Object fails, the Worker repeats the call and the user notices
  // nothing.
  await fail(1, false);
  assert.equal((await logIn(ROOT, PASSWORD, { ip: place() })).status, 200);
});

test("an object that is too slow: 503", async () => {
  await pass(2 * 86_400);
  const fail = (after) =>
    edge.control({
      fail: { "account object": { times: 2, hangs: 60_000, error: "at last", after } },
    });
  await fail(false);
  const answers = await Promise.all(
    [PASSWORD, "a guess"].map((password) => logIn(ROOT, password, { ip: place() })),
  );
  await edge.control({ fail: {} });
  for (const { status, body, headers } of answers) {
    assert.deepEqual([status, body.code, headers.get("retry-after")], [503, "unavailable", "2"]);
  }
});

test("a device ticket that is forged, huge, another user's or of another kind is ignored", async () => {
  await pass(2 * 86_400);
  const ada = (await logIn(ADA, PASSWORD, { ip: place() })).body;
  const root = (await logIn(ROOT, PASSWORD, { ip: place() })).body;
  assert.equal((await logIn(ADA, "a guess", { ip: place() })).status, 401);
  const ticket = ada.device_token;
  const forged = [
    "",
    "egd_",
    ticket.slice(0, -1),
    `${ticket}A`,
    ticket.replace("egd_", "egr_"),
    `${ticket.slice(0, 40)}${ticket[40] === "A" ? "B" : "A"}${ticket.slice(41)}`,
    `egd_${"A".repeat(104)}`,
    `egd_${"A".repeat(15_000)}`,
    "\0\u{1f600}",
    ada.refresh_token,
    ada.access_token,
    root.device_token,
  ];
  for (const device_token of forged) {
    assert.equal(
      (await logIn(ADA, PASSWORD, { ip: place(), device_token })).status,
      429,
      device_token.slice(0, 60),
    );
  }
  count("device-tickets", `${forged.length} forged, foreign and huge device tickets: none counts`);
  assert.equal((await logIn(ADA, PASSWORD, { ip: place(), device_token: ticket })).status, 200);
  for (const device_token of [1, null, [], {}, true]) {
    assert.equal((await logIn(ADA, PASSWORD, { ip: place(), device_token })).status, 400);
  }
  assert.equal(
    (await logIn(ADA, PASSWORD, { ip: place(), device_token: "A".repeat(20_000) })).status,
    413,
  );
});

test("in cookie mode the device is known by a cookie, which log-out leaves and no other page can use", async () => {
  await pass(2 * 86_400);
  const page = (json, cookie, origin = edge.origin) =>
    client.post("/auth/login", {
      headers: { ...from(place()), origin, ...(cookie && { cookie }) },
      json: { email: ADA, password: PASSWORD, ...json },
    });
  const begun = await page({ cookie: true });
  assert.equal(begun.status, 200);
  assert.ok(!("device_token" in begun.body) && !("refresh_token" in begun.body));
  const set = Object.fromEntries(begun.headers.getSetCookie().map((line) => line.split(/=(.*)/s)));
  assert.deepEqual(Object.keys(set).sort(), [
    "edgegate-8787",
    "edgegate-8787-device",
    "edgegate-sso-8787",
  ]);
  assert.match(
    set["edgegate-8787-device"],
    /^egd_[\w-]{104}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=34560000$/,
  );
  const pair = (name) => `${name}=${set[name].split(";")[0]}`;
  const out = await client.post("/auth/revoke", {
    headers: { origin: edge.origin, cookie: pair("edgegate-8787") },
    json: {},
  });
  assert.deepEqual(
    out.headers.getSetCookie().map((line) => line.split("=")[0]),
    ["edgegate-8787", "edgegate-sso-8787"],
  );

  assert.equal((await logIn(ADA, "a guess", { ip: place() })).status, 401);
  const device = pair("edgegate-8787-device");
  assert.equal((await page({ cookie: true }, device)).status, 200);
  // Without `cookie: true` the Worker ignores the device cookie. In cookie mode it rejects a device
  // token in the body.
  assert.equal((await page({}, device)).status, 429);
  assert.equal((await page({ cookie: true }, device, "https://evil.example")).status, 403);
  assert.equal((await page({ cookie: true }, `${device}; ${device}`)).status, 400);
  const ticket = device.split("=")[1];
  assert.equal((await page({ cookie: true, device_token: ticket })).status, 400);
  const body = await page({ device_token: ticket });
  assert.deepEqual([body.status, body.headers.getSetCookie()], [200, []]);
});

test("the owner's session is not delayed where the current password is asked for", async () => {
  await pass(2 * 86_400);
  const { access_token: token } = (await logIn(ROOT, PASSWORD, { ip: place() })).body;
  assert.equal((await logIn(ROOT, "a guess", { ip: place() })).status, 401);
  const ask = (current_password) =>
    client.post("/auth/email/change", {
      token,
      headers: from(place()),
      json: { email: "new@example.com", current_password },
    });
  assert.equal((await ask(PASSWORD)).status, 202);
  for (let wrong = 0; wrong < 10; wrong += 1) assert.equal((await ask("a guess")).status, 401);
  assert.equal((await ask("a guess")).status, 429);
});

test("one IPv6 network is one client in any spelling, and so is an IPv4 address", async () => {
  await pass(2 * 86_400);
  const spellings = [
    (n) => `2001:db8:7:9::${n.toString(16)}`,
    (n) => `2001:DB8:7:9:0:0:0:${n.toString(16)}`,
    (n) => `2001:0db8:0007:0009:0000:0000:0000:${n.toString(16).padStart(4, "0")}`,
    (n) => `2001:db8:7:9:ffff::192.0.2.${n}`,
  ];
  const mapped = [
    () => "192.0.2.77",
    () => "::ffff:192.0.2.77",
    () => "::FFFF:c000:24d",
    () => "0:0:0:0:0:ffff:192.0.2.77",
  ];
  for (const spelled of [spellings, mapped]) {
    const answers = await untilLimited(10, (n) =>
      client.post("/auth/password/reset", {
        headers: from(spelled[n % 4](n + 1)),
        json: { email: ADA },
      }),
    );
    const last = answers.at(-1);
    assert.deepEqual([last.status, last.headers.get("retry-after")], [429, "60"]);
  }
  const answers = await untilLimited(10, () =>
    client.post("/auth/password/reset", {
      headers: from("2001:db8:7:a::1"),
      json: { email: "nobody@example.com" },
    }),
  );
  assert.equal(answers[0].status, 202, "the next /64 is another client");
});

test("a session that is renewed all the time is told to wait, a forged token never", async () => {
  const { refresh_token } = (await logIn(ROOT, PASSWORD, { ip: place() })).body;
  const ip = place();
  for (let n = 0; n < 130; n += 1) {
    const forged = await client.renew(`egr_${"A".repeat(122)}`, { headers: from(ip) });
    assert.deepEqual([forged.status, forged.body.error], [400, "invalid_grant"]);
  }
  const answers = await untilLimited(60, () => client.renew(refresh_token, { headers: from(ip) }));
  const last = answers.at(-1);
  assert.deepEqual(
    [answers[0].status, last.status, last.body.error, last.headers.get("retry-after")],
    [200, 429, "rate_limited", "60"],
  );
  assert.ok(answers.length > 60, `after ${answers.length}`);
  // The limit applies only to renewals of this session from this network address. From another
  // network address the session can be renewed.
  assert.equal((await client.renew(refresh_token, { headers: from(place()) })).status, 200);
});

test("PASSWORD_WORK = durable without its binding: misconfigured", async (t) => {
  const {
    workers: [unbound],
    stop,
  } = await startWorkers([{ vars: { PASSWORD_WORK: "durable" }, without: ["ACCOUNT_OBJECTS"] }]);
  t.after(stop);
  const answer = await clientOf(unbound).post("/auth/login", {
    json: { email: ADA, password: PASSWORD },
  });
  assert.deepEqual([answer.status, answer.body.code], [500, "misconfigured"]);
});
