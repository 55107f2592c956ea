// Tests client.fetch: to which origins it sends the token, which requests it repeats, and what it
// returns.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, problem } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const MINUTE = 60_000;
const API = "https://api.example.com";
const bearer = ({ headers }) => headers.get("Authorization");

/** Makes the service reject all tokens that it has issued to Ada so far. */
function outdate(world) {
  world.service.user(ADA.id).version += 1;
}

test("the token goes to the service's origin and to those listed", async () => {
  const world = new World();
  const { client } = await signedIn(world, {
    origins: [API, new URL("https://other.example.com:8443")],
  });
  const token = await client.accessToken();
  const inputs = [
    `${ORIGIN}/api/1`,
    new URL(`${API}/2`),
    new Request(`${API}/3`, { method: "POST", body: "x" }),
    "https://other.example.com:8443/4",
  ];
  for (const input of inputs) assert.equal((await world.run(client.fetch(input))).status, 200);
  assert.ok(world.service.log.slice(1).every((entry) => bearer(entry) === `Bearer ${token}`));
  world.close();
});

test("the token goes to no other origin", async () => {
  const world = new World();
  const { client } = await signedIn(world, { origins: [API] });
  const asked = world.service.log.length;
  for (const input of [
    "https://evil.example/",
    "http://app.example.com/",
    "https://app.example.com:444/",
    "https://app.example.com.evil.example/",
    "https://app.example.com@evil.example/",
    "https://evil.example/?https://app.example.com/",
    "https://sub.app.example.com/",
    "https://other.example.com/",
    "data:text/plain,x",
    "blob:https://app.example.com/0",
    "about:blank",
    "file:///etc/passwd",
    "no address",
  ]) {
    const error = await world.fails(client.fetch(input));
    assert.equal(error.code, "invalid_argument", input);
    assert.ok(!error.message.includes(await client.accessToken()));
  }
  assert.equal(world.service.log.length, asked);
  world.close();
});

test("not beside another Authorization, and not where it would be dropped silently", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  for (const init of /** @type {RequestInit[]} */ ([
    { headers: { authorization: "Basic x" } },
    { mode: "no-cors" },
    { method: "no method" },
  ])) {
    assert.equal((await world.fails(client.fetch(`${ORIGIN}/api`, init))).code, "invalid_argument");
  }
  assert.equal(world.service.count("/api"), 0);
  world.close();
});

test("ten calls whose token is refused share one renewal, and are repeated once each", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  outdate(world);
  const calls = Array.from({ length: 10 }, (_, i) =>
    client.fetch(`${ORIGIN}/api/${i}`, { method: "POST", body: `body ${i}` }),
  );
  const answers = await world.run(Promise.all(calls));
  assert.deepEqual(
    await Promise.all(answers.map(async (it) => (await it.json()).body)),
    Array.from({ length: 10 }, (_, i) => `body ${i}`),
  );
  assert.equal(world.service.count("/auth/token"), 1);
  assert.equal(world.service.log.filter(({ path }) => path.startsWith("/api/")).length, 20);
  world.close();
});

test("an API that always answers 401 gets two requests, and costs one renewal in half a minute", async () => {
  const world = new World();
  const { client } = await signedIn(world, { origins: [API] });
  world.service.fault = ({ origin }) =>
    origin === API ? new Response("no", { status: 401 }) : undefined;
  for (let call = 0; call < 20; call += 1)
    assert.equal((await world.run(client.fetch(`${API}/x`))).status, 401);
  assert.equal(world.service.count("/auth/token"), 1);
  assert.equal(world.service.count("/x"), 21);
  assert.equal(client.status, "signed_in");
  world.close();
});

test("a 401 about something else is handed over as it is", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  for (const refusal of [
    () => problem(401, "invalid_credentials"),
    () => new Response("", { status: 401, headers: { "WWW-Authenticate": "Basic" } }),
  ]) {
    world.service.fault = ({ path }) => (path === "/auth/password/change" ? refusal() : undefined);
    const response = await world.run(
      client.fetch(`${ORIGIN}/auth/password/change`, { method: "POST", body: "{}" }),
    );
    assert.equal(response.status, 401);
    assert.equal(response.bodyUsed, false);
  }
  assert.equal(world.service.count("/auth/password/change"), 2);
  assert.equal(world.service.count("/auth/token"), 0);
  world.close();
});

test("a stream is not sent twice; the next call has the fresh token", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  outdate(world);
  const body = new Blob(["streamed"]).stream();
  const init = { method: "POST", body, duplex: "half" };
  assert.equal((await world.run(client.fetch(`${ORIGIN}/api`, init))).status, 401);
  assert.equal(world.service.count("/api"), 1);
  assert.equal((await world.run(client.fetch(`${ORIGIN}/api`))).status, 200);
  assert.equal(world.service.count("/auth/token"), 1);
  world.close();
});

test("every kind of body that can be is sent twice", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const form = new FormData();
  form.set("a", "b");
  for (const body of [
    "text",
    new URLSearchParams({ a: "b" }),
    new Blob(["blob"]),
    new TextEncoder().encode("bytes"),
    form,
  ]) {
    outdate(world);
    const before = world.service.log.length;
    assert.equal(
      (await world.run(client.fetch(`${ORIGIN}/api`, { method: "PUT", body }))).status,
      200,
    );
    const sent = world.service.log.slice(before).filter(({ path }) => path === "/api");
    assert.equal(sent.length, 2);
    assert.equal(sent[0].body, sent[1].body);
    assert.ok(sent[0].body.length > 0);
    await world.advance(MINUTE);
  }
  world.close();
});

test("the end of the session is reported, not a 401", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  world.service.endSessions(ADA.id);
  assert.equal((await world.fails(client.fetch(`${ORIGIN}/api`))).code, "signed_out");
  assert.equal(events.at(-1), "signed-out: session_ended");
  world.close();
});

test("when the renewal after a 401 fails, that is reported, and nobody is signed out", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  outdate(world);
  world.service.fault = ({ path }) =>
    path === "/auth/token" ? problem(503, "unavailable", { "Retry-After": "7" }) : undefined;
  const error = await world.fails(client.fetch(`${ORIGIN}/api`));
  assert.deepEqual([error.code, error.retryAfter, client.status], ["unavailable", 7, "signed_in"]);
  world.service.fault = () => undefined;
  await world.advance(9000);
  assert.equal((await world.run(client.fetch(`${ORIGIN}/api`))).status, 200);
  world.close();
});

test("an AbortSignal works while waiting for the token and while waiting for the answer", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  await world.sleep(20 * MINUTE);
  world.latency = 2000;
  for (const at of [0, 500, 1500]) {
    const abort = new AbortController();
    const call = client.fetch(`${ORIGIN}/api`, { signal: abort.signal });
    const failed = call.catch((error) => error);
    await world.advance(at);
    abort.abort();
    assert.equal((await world.run(failed)).name, "AbortError", `${at}`);
    await world.advance(5000);
  }
  const reason = new Error("mine");
  assert.equal(
    await world.fails(client.fetch(`${ORIGIN}/api`, { signal: AbortSignal.abort(reason) })),
    reason,
  );
  world.close();
});

test("it takes up the session by itself when ready was not called", async () => {
  const world = new World();
  (await signedIn(world)).client.close();
  const { client } = world.tab();
  assert.equal((await world.run(client.fetch(`${ORIGIN}/api`))).status, 200);
  assert.deepEqual(await world.run(client.ready()), ADA);
  world.close();
});

test("the answer's own failures are its own: 403, 500 and 429 are handed over", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  for (const status of [403, 429, 500, 503]) {
    world.service.fault = ({ path }) =>
      path === "/api" ? new Response("x", { status }) : undefined;
    assert.equal((await world.run(client.fetch(`${ORIGIN}/api`))).status, status);
  }
  assert.equal(client.status, "signed_in");
  world.close();
});
