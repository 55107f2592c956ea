// Tests failures: no network, a captive portal, errors of the service, a device that sleeps, and
// wrong clocks. None of these failures signs the user out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, PASSWORD, page, problem } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const MINUTE = 60_000;
const renewing = (answer) => (entry) =>
  entry.path === "/auth/token"
    ? typeof answer === "function"
      ? answer(entry)
      : answer
    : undefined;
const json = (status, body, headers = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });

// For each fault: the answer that replaces the service's answer to a renewal, and the code of the
// error that the client throws.
const FAILURES = {
  "no network": ["offline", "network_error"],
  "no answer": ["hang", "network_error"],
  "a captive portal's page": [() => page(), "network_error"],
  "a proxy's 502": [() => page(502), "network_error"],
  "a 400 that is a page": [() => page(400), "network_error"],
  "a 401 that is a page": [() => page(401), "network_error"],
  "JSON of somebody else": [() => json(200, { hello: "world" }), "network_error"],
  "a list": [() => json(200, []), "network_error"],
  null: [() => json(200, null), "network_error"],
  "half of the JSON": [
    () => new Response('{"access_token": "ey', { headers: { "Content-Type": "application/json" } }),
    "network_error",
  ],
  "no UTF-8": [
    () =>
      new Response(new Uint8Array([123, 255, 125]), {
        headers: { "Content-Type": "application/json" },
      }),
    "network_error",
  ],
  "an access token of another form": [
    () => json(200, { access_token: "x", token_type: "Bearer", expires_in: 600 }),
    "network_error",
  ],
  "an empty 200": [() => new Response(null, { status: 200 }), "network_error"],
  "a 204": [() => new Response(null, { status: 204 }), "network_error"],
  "a megabyte": [() => json(200, { access_token: "x".repeat(1 << 20) }), "network_error"],
  "invalid_grant with 200": [() => json(200, { error: "invalid_grant" }), "network_error"],
  "invalid_grant with 401": [() => json(401, { error: "invalid_grant" }), "network_error"],
  "invalid_grant with 500": [() => json(500, { error: "invalid_grant" }), "network_error"],
  "invalid_grant as text": [
    () =>
      new Response('{"error":"invalid_grant"}', {
        status: 400,
        headers: { "Content-Type": "text/plain" },
      }),
    "network_error",
  ],
  "an unknown code": [() => json(400, { error: "constructor" }), "network_error"],
  invalid_request: [() => json(400, { error: "invalid_request" }), "invalid_request"],
  invalid_client: [() => json(401, { error: "invalid_client" }), "invalid_client"],
  server_error: [() => json(500, { error: "server_error" }), "internal"],
  temporarily_unavailable: [
    () => json(503, { error: "temporarily_unavailable" }, { "Retry-After": "5" }),
    "unavailable",
  ],
  misconfigured: [() => problem(500, "misconfigured"), "misconfigured"],
  forbidden: [() => problem(403, "forbidden"), "forbidden"],
  rate_limited: [() => problem(429, "rate_limited", { "Retry-After": "60" }), "rate_limited"],
  "the edge's own 429": [() => page(429), "network_error"],
  "the edge's own 503": [() => page(503), "network_error"],
};

for (const [name, [answer, code]] of Object.entries(FAILURES)) {
  test(`${name}: the session goes on`, async () => {
    const world = new World();
    const { client, events } = await signedIn(world);
    world.service.fault = renewing(answer);
    await world.advance(20 * MINUTE);
    const tries = world.service.count("/auth/token");
    assert.ok(tries >= 4 && tries <= 40, `${tries} tries in eleven minutes`);
    assert.deepEqual([client.status, client.user, events], ["signed_in", ADA, ["signed-in"]]);
    const error = await world.fails(client.accessToken());
    assert.equal(error.code, code);
    if (code === "network_error") assert.ok(error.message.includes(ORIGIN), error.message);
    world.service.fault = () => undefined;
    await world.advance(2 * MINUTE);
    assert.deepEqual(events, ["signed-in", "renewed"]);
    assert.ok(world.service.check(`Bearer ${await client.accessToken()}`));
    world.close();
  });

  test(`${name}: ready rejects, and the client finds out later`, async () => {
    const world = new World();
    (await signedIn(world)).client.close();
    world.service.fault = renewing(answer);
    const { client, events } = world.tab();
    assert.equal((await world.fails(client.ready())).code, code);
    assert.deepEqual([client.status, client.user, events], ["unknown", null, []]);
    world.service.fault = () => undefined;
    await world.advance(2 * MINUTE);
    assert.deepEqual([client.status, client.user, events], ["signed_in", ADA, ["signed-in"]]);
    world.close();
  });
}

test("only the service's invalid_grant ends the session", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  world.service.endSessions(ADA.id);
  await world.advance(10 * MINUTE);
  assert.deepEqual(
    [client.status, client.user, events.at(-1), world.cookie],
    ["signed_out", null, "signed-out: session_ended", undefined],
  );
  assert.equal(await world.run(client.ready()), null);
  world.close();
});

test("after a failed ready() the page is told that nobody is signed in", async () => {
  const world = new World();
  const { client, events } = world.tab();
  world.service.fault = renewing("offline");
  await world.fails(client.ready());
  world.service.fault = () => undefined;
  await world.advance(MINUTE);
  assert.deepEqual([client.status, events], ["signed_out", ["signed-out: no_session"]]);
  world.close();
});

test("a logout while the client is finding that out tells nothing more", async () => {
  const world = new World();
  const { client, events } = world.tab();
  world.service.fault = renewing("offline");
  await world.fails(client.ready());
  world.service.fault = () => undefined;
  world.latency = 2000;
  await world.advance(1500);
  await world.run(client.logout());
  await world.advance(MINUTE);
  assert.deepEqual([client.status, events], ["signed_out", []]);
  world.close();
});

test("Retry-After is kept to: no request before it, and callers learn how long", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  world.service.fault = renewing(() => problem(429, "rate_limited", { "Retry-After": "300" }));
  await world.advance(11 * MINUTE);
  const asked = world.service.log.filter(({ path }) => path === "/auth/token").map(({ at }) => at);
  for (const [at, next] of asked.map((at, i) => [at, asked[i + 1]]).filter(([, next]) => next))
    assert.ok(next - at >= 300_000, `${next - at}`);
  const error = await world.fails(client.accessToken());
  assert.equal(error.code, "rate_limited");
  assert.ok(error.retryAfter > 0 && error.retryAfter <= 301, `${error.retryAfter}`);
  for (let call = 0; call < 20; call += 1)
    await world.fails(client.fetch("https://app.example.com/api"));
  world.service.fault = () => undefined;
  const tries = asked.length;
  // These events usually make a tab renew: the device comes online, and the user looks at the tab.
  // In this test the tab must not renew.
  const [tab] = world.tabs;
  tab.window.dispatchEvent(new Event("online"));
  tab.window.dispatchEvent(new Event("focus"));
  world.show(tab);
  await world.settle();
  assert.equal(world.service.count("/auth/token"), tries);
  await world.advance(6 * MINUTE);
  assert.ok(await client.accessToken());
  world.close();
});

for (const { after, says } of [
  { after: "7200", says: 7200 },
  { after: "86400", says: 86_400 },
  { after: "999999999", says: 86_400 },
]) {
  test(`Retry-After: ${after}: callers learn ${says} s, and the client renews after an hour`, async () => {
    const world = new World();
    const { client } = await signedIn(world);
    world.service.fault = ({ path }) =>
      path.startsWith("/auth/")
        ? problem(429, "rate_limited", { "Retry-After": after })
        : undefined;
    const login = { email: ADA.email, password: PASSWORD };
    const refused = await world.fails(client.login(login));
    assert.equal(refused.retryAfter, says);
    await world.advance(12 * MINUTE);
    const paused = await world.fails(client.accessToken());
    assert.ok(paused.retryAfter > says - 12 * 60 && paused.retryAfter <= says + 1);
    const tries = world.service.count("/auth/token");
    await world.advance(40 * MINUTE);
    assert.equal(world.service.count("/auth/token"), tries, "nothing is asked within the hour");
    world.service.fault = () => undefined;
    await world.advance(21 * MINUTE);
    assert.ok(await world.run(client.accessToken()));
    world.close();
  });
}

for (const after of [
  "-1",
  "abc",
  "",
  "1e9",
  "99999999999999999999",
  "Wed, 21 Oct 2099 07:28:00 GMT",
  "999999999",
]) {
  test(`Retry-After: ${after} does no harm`, async () => {
    const world = new World();
    const { client } = await signedIn(world);
    world.service.fault = renewing(() => problem(503, "unavailable", { "Retry-After": after }));
    await world.advance(12 * MINUTE);
    world.service.fault = () => undefined;
    await world.advance(61 * MINUTE);
    assert.ok(await world.run(client.accessToken()));
    world.close();
  });
}

test("offline and back: at once, not after the pause", async () => {
  const world = new World();
  const tab = await signedIn(world);
  world.service.fault = () => "offline";
  await world.advance(30 * MINUTE);
  assert.equal(
    (await world.fails(tab.client.fetch("https://app.example.com/api"))).code,
    "network_error",
  );
  world.service.fault = () => undefined;
  tab.window.dispatchEvent(new Event("online"));
  await world.advance(200);
  assert.deepEqual(tab.events, ["signed-in", "renewed"]);
  assert.equal((await world.run(tab.client.fetch("https://app.example.com/api"))).status, 200);
  world.close();
});

test("while a try is under way, pauses grow and are spread", async () => {
  const world = new World();
  await signedIn(world, { random: Math.random });
  world.service.fault = renewing("offline");
  await world.advance(30 * MINUTE);
  const asked = world.service.log.filter(({ path }) => path === "/auth/token").map(({ at }) => at);
  const pauses = asked.slice(1).map((at, i) => at - asked[i]);
  assert.ok(pauses[0] >= 500 && pauses[0] <= 1200, `${pauses[0]}`);
  assert.ok(
    pauses.slice(8).every((pause) => pause >= 30_000 && pause <= 61_000),
    `${pauses}`,
  );
  assert.ok(new Set(pauses.slice(8)).size > 5);
  world.close();
});

for (const stops of [true, false]) {
  test(`asleep past the token's end, with a monotonic clock that ${stops ? "stands still" : "goes on"}`, async () => {
    const world = new World();
    const tab = await signedIn(world);
    await world.advance(5 * MINUTE);
    await world.sleep(8 * 60 * MINUTE, { stops });
    // After the device has woken up, it is possible that the page calls `fetch` before any timer or
    // event fires. The client must renew the token first, and must not send the old token.
    assert.equal((await world.run(tab.client.fetch("https://app.example.com/api"))).status, 200);
    assert.deepEqual([world.service.count("/auth/token"), world.service.count("/api")], [1, 1]);
    world.close();
  });

  test(`after sleep the first sign of life renews (monotonic clock ${stops ? "stands still" : "goes on"})`, async () => {
    for (const wake of ["focus", "online", "pageshow", "visibilitychange"]) {
      const world = new World();
      const tab = await signedIn(world);
      await world.sleep(60 * MINUTE, { stops });
      const target = wake === "visibilitychange" ? tab.document : tab.window;
      target.dispatchEvent(new Event(wake));
      await world.advance(200);
      assert.deepEqual(
        [world.service.count("/auth/token"), tab.events],
        [1, ["signed-in", "renewed"]],
        wake,
      );
      world.close();
    }
  });
}

for (const skew of [-10, 10, -60 * 24 * 365, 60 * 24 * 365]) {
  for (const sendsDate of [true, false]) {
    test(`the device's clock is ${skew} minutes off, ${sendsDate ? "with" : "without"} a Date to read`, async () => {
      const world = new World();
      world.skew = skew * MINUTE;
      world.service.sendsDate = sendsDate;
      const { client } = await signedIn(world);
      for (let second = 0; second < 3600; second += 30) {
        await world.advance(30_000);
        assert.ok(world.service.check(`Bearer ${await client.accessToken()}`), `after ${second} s`);
      }
      const renewals = world.service.count("/auth/token");
      assert.ok(renewals >= 6 && renewals <= 7, `${renewals} renewals in an hour`);
      world.close();
    });
  }
}

test("a clock that is set while the page is open", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  for (const minutes of [10, -10, 600, -1200, 60 * 24 * 365, -60 * 24 * 365, 0.5]) {
    world.skew += minutes * MINUTE;
    for (let second = 0; second < 1200; second += 30) {
      await world.advance(30_000);
      assert.ok(
        world.service.check(`Bearer ${await world.run(client.accessToken())}`),
        `set by ${minutes} min, after ${second} s`,
      );
    }
  }
  const renewals = world.service.count("/auth/token");
  // The clock is set seven times, and twenty minutes pass after each time. In these 140 minutes
  // sixteen renewals are due. Each setting of the clock can cause one additional renewal.
  assert.ok(renewals <= 16 + 7, `${renewals} renewals`);
  world.close();
});

test("a proxy's wrong Date is not believed", async () => {
  const world = new World();
  const { answer } = world.service;
  world.service.answer = async (...args) => {
    const answered = await answer.apply(world.service, args);
    answered.response.headers?.set("Date", "Thu, 01 Jan 1970 00:00:00 GMT");
    return answered;
  };
  const { client } = await signedIn(world);
  await world.advance(60 * MINUTE);
  assert.ok(world.service.check(`Bearer ${await client.accessToken()}`));
  assert.ok(world.service.count("/auth/token") <= 7);
  world.close();
});

test("a service whose tokens have expired on arrival is asked again only after a pause", async () => {
  const world = new World();
  const token = world.service.token.bind(world.service);
  world.service.token = (user, sid) =>
    token(user, sid, { iat: Math.floor(world.time / 1000) - 3600 });
  const { client } = await signedIn(world);
  await world.advance(10 * MINUTE);
  assert.ok(
    world.service.count("/auth/token") <= 21,
    `${world.service.count("/auth/token")} in ten minutes`,
  );
  const before = world.service.count("/auth/token");
  assert.ok(await world.run(client.accessToken()), "the caller gets what there is");
  assert.ok(world.service.count("/auth/token") - before <= 1);
  world.close();
});

test("an answer that waited for the device to wake up", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  world.latency = 1000;
  const before = await client.accessToken();
  await world.advance(9 * MINUTE - 14_400);
  // The user closes the laptop while the renewal is in progress.
  assert.equal(world.service.count("/auth/token"), 1);
  await world.sleep(30 * MINUTE);
  await world.advance(5000);
  const token = await world.run(client.accessToken());
  assert.notEqual(token, before);
  assert.ok(world.service.check(`Bearer ${token}`));
  world.close();
});

test("a hidden tab does not renew by itself, but when asked and when looked at", async () => {
  const world = new World();
  const tab = await signedIn(world);
  world.hide(tab);
  await world.advance(60 * MINUTE);
  assert.equal(world.service.count("/auth/token"), 0);
  assert.equal((await world.run(tab.client.fetch("https://app.example.com/api"))).status, 200);
  assert.equal(world.service.count("/auth/token"), 1);
  await world.advance(60 * MINUTE);
  world.show(tab);
  await world.advance(200);
  assert.equal(world.service.count("/auth/token"), 2);
  world.close();
});

test("a page out of the back/forward cache asks who is signed in now", async () => {
  const world = new World();
  const tab = await signedIn(world);
  await world.advance(MINUTE);
  tab.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await world.advance(200);
  assert.equal(world.service.count("/auth/token"), 1);
  world.close();
});

test("a listener that throws disturbs nothing", async () => {
  const thrown = [];
  const catching = (error) => thrown.push(error.message);
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", catching);
  try {
    const world = new World();
    const tab = world.tab();
    for (const type of ["change", "signed-in", "renewed", "signed-out"]) {
      tab.client.addEventListener(type, () => {
        throw new Error(type);
      });
    }
    await world.run(tab.client.login({ email: ADA.email, password: PASSWORD }));
    await world.advance(30 * MINUTE);
    assert.equal(world.service.count("/auth/token"), 3);
    await world.run(tab.client.logout());
    assert.equal(world.cookie, undefined);
    assert.deepEqual(thrown, [
      ...["change", "signed-in", "renewed", "renewed", "renewed"],
      ...["change", "signed-out"],
    ]);
    world.close();
  } finally {
    process.off("uncaughtException", catching);
    for (const listener of before) process.on("uncaughtException", listener);
  }
});

test("no token in an error", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const token = await client.accessToken();
  world.service.fault = () => "offline";
  const { inspect } = await import("node:util");
  for (const call of [
    () => client.me(),
    () => client.fetch("https://app.example.com/api"),
    () => client.login({ email: ADA.email, password: PASSWORD }),
  ]) {
    const text = inspect(await world.fails(call()), { depth: 9, showHidden: true });
    assert.ok(!text.includes(token) && !text.includes(PASSWORD) && !text.includes(ADA.email), text);
  }
  world.close();
});

test("a pause ends when an answer corrects the clock", async () => {
  for (const skew of [-60, 60]) {
    const world = new World();
    world.skew = skew * MINUTE;
    const { client } = world.tab();
    world.service.fault = renewing(() => problem(429, "rate_limited", { "Retry-After": "30" }));
    await world.fails(client.ready());
    world.service.fault = () => undefined;
    await world.run(client.login({ email: ADA.email, password: PASSWORD }));
    for (let minute = 0; minute < 30; minute += 1) {
      await world.advance(MINUTE);
      assert.ok(
        world.service.check(`Bearer ${await world.run(client.accessToken())}`),
        `${skew}, after ${minute} min`,
      );
    }
    assert.ok(world.service.count("/auth/token") <= 6);
    world.close();
  }
});

test("a login's answer that came after sleep, and a later one from before it", async () => {
  const world = new World();
  world.latency = 2000;
  const tab = world.tab();
  const login = tab.client.login({ email: ADA.email, password: PASSWORD });
  await world.advance(500);
  await world.sleep(40 * MINUTE);
  await world.run(login);
  await world.run(
    tab.client.changePassword({ current_password: PASSWORD, new_password: PASSWORD }),
  );
  for (let minute = 0; minute < 60; minute += 1) {
    await world.advance(MINUTE);
    assert.ok(
      world.service.check(`Bearer ${await world.run(tab.client.accessToken())}`),
      `after ${minute} min`,
    );
  }
  world.close();
});

test("the list of a user with forty apps is read, and an answer of two megabytes is not", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const listing = (count) => {
    const sessions = Array.from({ length: count }, (_, n) => ({
      id: `${n}`,
      current: n === 0,
      user_agent: "x".repeat(1000),
    }));
    world.service.fault = ({ path }) =>
      path === "/auth/sessions" ? Response.json({ sessions }) : undefined;
    return client.sessions();
  };
  assert.equal((await world.run(listing(900))).length, 900);
  assert.equal((await world.fails(listing(2000))).code, "network_error");
  world.close();
});
