// Before an action that can't be undone, the user gives the password again. The session continues
// with a token that contains the time of this proof.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Locks } from "./locks.mjs";
import { ADA, BOB, PASSWORD, page, problem } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const MINUTE = 60_000;
const PATH = "/auth/reauthenticate";
const bob = { email: BOB.email, password: PASSWORD };
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
const idOf = (world) => world.cookie.split(".")[0];

async function tabsOf(world, count) {
  const tabs = [await signedIn(world)];
  while (tabs.length < count) tabs.push(world.tab());
  for (const { client } of tabs) await world.run(client.ready());
  return tabs;
}

const sensitive = async (world, { client }) =>
  (await world.run(client.fetch(`${ORIGIN}/auth/sensitive`, { method: "POST" }))).status;

test("after the proof the refused request passes, in every tab, and the session is the same", async () => {
  const world = new World();
  const tabs = await tabsOf(world, 3);
  const before = idOf(world);
  await world.advance(30 * MINUTE);
  for (const tab of tabs) assert.equal(await sensitive(world, tab), 401);
  const renewals = world.service.count("/auth/token");
  await world.run(tabs[1].client.reauthenticate(PASSWORD));
  await world.advance(100);
  const tokens = await Promise.all(tabs.map(({ client }) => client.accessToken()));
  assert.equal(new Set(tokens).size, 1, "handed to the other tabs");
  assert.equal(claimsOf(tokens[0]).auth_time, Math.floor(world.time / 1000));
  for (const tab of tabs) assert.equal(await sensitive(world, tab), 200);
  assert.deepEqual(
    [idOf(world), world.service.count("/auth/token"), tabs[1].events.at(-1)],
    [before, renewals, "renewed"],
  );
  const [sent] = world.service.log.filter(({ path }) => path === PATH);
  assert.deepEqual(JSON.parse(sent.body), { password: PASSWORD, cookie: true });
  await world.advance(30 * MINUTE);
  for (const { client } of tabs) assert.equal(client.status, "signed_in");
  world.close();
});

test("a proof in the second of a renewal reaches the other tabs too", async () => {
  const world = new World();
  world.latency = 10;
  const [one, two] = await tabsOf(world, 2);
  await world.advance(30 * MINUTE);
  world.time = Math.ceil(world.time / 1000) * 1000;
  world.service.user(ADA.id).version += 1;
  await world.run(two.client.me());
  await world.run(one.client.reauthenticate(PASSWORD));
  await world.advance(10);
  assert.equal(await two.client.accessToken(), await one.client.accessToken());
  world.close();
});

test("a wrong password, or too many: the session is as it was", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  const [token, { cookie }] = [await client.accessToken(), world];
  const error = await world.fails(client.reauthenticate("wrong"));
  assert.deepEqual([error.code, error.status], ["invalid_credentials", 401]);
  world.service.fault = ({ path }) =>
    path === PATH ? problem(429, "rate_limited", { "Retry-After": "60" }) : undefined;
  assert.equal((await world.fails(client.reauthenticate(PASSWORD))).retryAfter, 60);
  assert.deepEqual(
    [await client.accessToken(), world.cookie, client.status, events],
    [token, cookie, "signed_in", ["signed-in"]],
  );
  assert.deepEqual([world.service.count(PATH), world.service.count("/auth/token")], [2, 0]);
  world.close();
});

test("a token that has ended, or is outdated, is renewed first", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  world.service.user(ADA.id).version += 1;
  await world.run(client.reauthenticate(PASSWORD));
  assert.deepEqual([world.service.count(PATH), world.service.count("/auth/token")], [2, 1]);
  await world.sleep(60 * MINUTE);
  await world.run(client.reauthenticate(PASSWORD));
  assert.deepEqual([world.service.count(PATH), world.service.count("/auth/token")], [3, 2]);
  world.close();
});

/** @type {Record<string, import("./service.mjs").Service["fault"] | null>} */
const LOSSES = {
  "lost on the way there": (entry) => (entry.path === PATH ? "offline" : undefined),
  "lost on the way back": null,
  "a portal's page": (entry) => (entry.path === PATH ? page() : undefined),
  "no answer": (entry) => (entry.path === PATH ? "hang" : undefined),
};
for (const [how, lose] of Object.entries(LOSSES)) {
  test(`an answer that is ${how}: the session goes on, and a repeat works`, async () => {
    const world = new World();
    const { client } = await signedIn(world);
    const id = idOf(world);
    const { answer } = world.service;
    if (lose) world.service.fault = lose;
    else {
      world.service.answer = async (...args) => {
        const answered = await answer.apply(world.service, args);
        return args[0].url.endsWith(PATH) ? { response: "offline" } : answered;
      };
    }
    assert.equal((await world.fails(client.reauthenticate(PASSWORD))).code, "network_error");
    world.service.answer = answer;
    world.service.fault = () => undefined;
    await world.run(client.reauthenticate(PASSWORD));
    await world.advance(30 * MINUTE);
    assert.deepEqual(
      [client.status, idOf(world), world.service.sessions.get(id).over],
      ["signed_in", id, false],
    );
    world.close();
  });
}

test("an answer for another session or another user is not taken", async () => {
  for (const other of [
    (world) => world.service.token(world.service.user(ADA.id), "another-session"),
    (world) => world.service.token(world.service.user(BOB.id), idOf(world)),
    () => "x",
  ]) {
    const world = new World();
    const { client, events } = await signedIn(world);
    const token = await client.accessToken();
    const forged = other(world);
    const json = { "Content-Type": "application/json" };
    world.service.fault = ({ path }) =>
      path === PATH
        ? new Response(JSON.stringify({ access_token: forged, user: ADA }), { headers: json })
        : undefined;
    assert.equal((await world.fails(client.reauthenticate(PASSWORD))).code, "network_error");
    assert.deepEqual(
      [await client.accessToken(), client.user, events],
      [token, ADA, ["signed-in"]],
    );
    // The client could not read the answer, but the answer might have set the cookie. So the client
    // asks the service who is signed in now.
    await world.advance(10_000);
    assert.deepEqual([world.service.count("/auth/token"), client.status], [1, "signed_in"]);
    world.close();
  }
});

test("another user signs in in another tab, before or while the password is checked", async () => {
  for (const at of [0, 500, 1500]) {
    const world = new World();
    const [one, two] = await tabsOf(world, 2);
    world.latency = 2000;
    const login = two.client.login(bob);
    await world.advance(at);
    const error = await world.fails(one.client.reauthenticate(PASSWORD));
    assert.equal(error.code, "signed_out", `${at}`);
    await world.run(login);
    await world.advance(MINUTE);
    assert.deepEqual([one.client.user, two.client.user], [BOB, BOB], `${at}`);
    assert.equal(world.service.sessions.get(idOf(world)).user, BOB.id);
    world.close();
  }
});

test("another user signed in on another origin: their session is not displaced", async () => {
  const world = new World();
  const one = await signedIn(world);
  const two = world.tab({
    platform: { locks: new Locks(), BroadcastChannel: null, storage: null },
  });
  await world.run(two.client.login(bob));
  assert.equal((await world.fails(one.client.reauthenticate(PASSWORD))).code, "signed_out");
  await world.advance(MINUTE);
  assert.deepEqual([one.client.user, two.client.user], [BOB, BOB]);
  world.close();
});

test("a logout while the password is checked wins", async () => {
  for (const at of [1, 500, 999, 1001, 1990]) {
    for (const which of [0, 1]) {
      const world = new World();
      const tabs = await tabsOf(world, 2);
      world.latency = 2000;
      const proof = tabs[0].client.reauthenticate(PASSWORD).catch((error) => error);
      await world.advance(at);
      await world.run(tabs[which].client.logout());
      assert.equal((await world.run(proof)).code, "signed_out", `${at}, tab ${which}`);
      await world.advance(11 * MINUTE);
      assert.deepEqual(
        [tabs.map(({ client }) => client.status), world.cookie],
        [["signed_out", "signed_out"], undefined],
        `${at}`,
      );
      assert.ok([...world.service.sessions.values()].every(({ over }) => over));
      world.close();
    }
  }
});

test("two tabs at once, and a renewal meanwhile: one after the other", async () => {
  const world = new World();
  const tabs = await tabsOf(world, 2);
  await world.advance(9 * MINUTE - 500);
  world.latency = 1000;
  await world.run(Promise.all(tabs.map(({ client }) => client.reauthenticate(PASSWORD))));
  await world.advance(30 * MINUTE);
  assert.equal(world.overwritten, 0);
  assert.deepEqual(
    tabs.map(({ client }) => client.status),
    ["signed_in", "signed_in"],
  );
  world.close();
});

test("nobody is signed in, and what is no password", async () => {
  const world = new World();
  const { client } = world.tab();
  for (const given of [undefined, null, 7, {}, [PASSWORD]]) {
    // @ts-expect-error: these values are not passwords
    assert.equal((await world.fails(client.reauthenticate(given))).code, "invalid_argument");
  }
  assert.equal((await world.fails(client.reauthenticate(PASSWORD))).code, "signed_out");
  assert.equal(world.service.count(PATH), 0);
  world.close();
});
