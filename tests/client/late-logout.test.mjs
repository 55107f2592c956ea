// The request of a logout fails, so the client repeats it later. In the meantime the user logs in
// on another origin of the same site. Both origins share the cookie. They do not share the
// browser's storage, locks and channels.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Locks } from "./locks.mjs";
import { ADA, BOB, PASSWORD, page } from "./service.mjs";
import { signedIn, World } from "./world.mjs";

const MINUTE = 60_000;
const ada = { email: ADA.email, password: PASSWORD };
const bob = { email: BOB.email, password: PASSWORD };

/** Opens a tab on the other origin. */
function elsewhere(world) {
  return world.tab({ platform: { storage: memory(), locks: new Locks(), BroadcastChannel: null } });
}

function memory() {
  const kept = new Map();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  };
}

const unheard = (answer) => (entry) => (entry.path === "/auth/revoke" ? answer() : undefined);
const idOf = (world) => world.cookie.split(".")[0];
const isOver = (world, id) => world.service.sessions.get(id).over;

for (const [how, answer] of Object.entries({
  offline: () => "offline",
  "a portal's page": () => page(),
  "no answer": () => "hang",
})) {
  for (const later of [ada, bob]) {
    test(`${how}: a later login of ${later.email} on another origin goes on`, async () => {
      const world = new World();
      const one = await signedIn(world);
      const first = idOf(world);
      world.service.fault = unheard(answer);
      await world.fails(one.client.logout());
      one.client.close();
      const two = elsewhere(world);
      await world.run(two.client.login(later));
      const second = idOf(world);
      world.service.fault = () => undefined;

      const next = world.tab();
      assert.equal((await world.run(next.client.ready())).email, later.email);
      await world.advance(30 * MINUTE);
      assert.deepEqual([isOver(world, first), isOver(world, second)], [true, false]);
      assert.deepEqual(
        [two.client.status, next.client.status, world.storage.size],
        ["signed_in", "signed_in", 0],
      );
      // The repeated request ended only the session that it named. The next logout still works.
      await world.run(next.client.logout());
      assert.deepEqual([isOver(world, second), world.cookie], [true, undefined]);
      world.close();
    });
  }
}

test("the page that asked for the logout learns of the later login, and its listeners too", async () => {
  const world = new World();
  const one = await signedIn(world);
  world.service.fault = unheard(() => "offline");
  await world.fails(one.client.logout());
  await world.run(elsewhere(world).client.login(bob));
  world.service.fault = () => undefined;
  one.window.dispatchEvent(new Event("online"));
  await world.advance(MINUTE);
  assert.deepEqual(
    [one.client.user, one.events.slice(-2)],
    [BOB, ["signed-out: logout", "signed-in"]],
  );
  world.close();
});

test("while nobody signs in anew, the session of the wish ends, and only then does a page ask", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const id = idOf(world);
  world.service.fault = unheard(() => "offline");
  await world.fails(client.logout());
  client.close();
  world.service.fault = () => undefined;
  const next = world.tab();
  assert.equal(await world.run(next.client.ready()), null);
  assert.ok(isOver(world, id));
  const sent = JSON.parse(world.service.log.findLast(({ path }) => path === "/auth/revoke").body);
  assert.deepEqual([sent, world.service.count("/auth/token")], [{ session_id: id }, 0]);
  world.close();
});

test("a tab that was frozen between the wish and its request means its own session", async () => {
  const world = new World();
  const one = await signedIn(world);
  // Another tab holds the lock, so the logout has to wait.
  let release;
  world.locks.request(
    "edgegate:https://app.example.com",
    {},
    () => new Promise((resolve) => (release = resolve)),
  );
  await world.settle();
  const logout = one.client.logout();
  await world.settle();
  world.freeze(one);
  await world.run(elsewhere(world).client.login(bob));
  await world.advance(10 * MINUTE);
  release();
  await world.thaw(one);
  await world.run(logout);
  await world.advance(MINUTE);
  assert.deepEqual(
    [one.client.user, one.events.at(-1), isOver(world, idOf(world))],
    [BOB, "signed-in", false],
  );
  world.close();
});

test("a logout at once ends whoever is signed in in this browser, also when the tab did not hear of them", async () => {
  const world = new World();
  const one = await signedIn(world);
  await world.run(elsewhere(world).client.login(bob));
  const id = idOf(world);
  await world.run(one.client.logout());
  assert.deepEqual(
    [isOver(world, id), world.cookie, one.client.status],
    [true, undefined, "signed_out"],
  );
  world.close();
});

test("a second try to log out is about the session of the first", async () => {
  const world = new World();
  const one = await signedIn(world);
  const id = idOf(world);
  world.service.fault = unheard(() => "offline");
  await world.fails(one.client.logout());
  await world.fails(one.client.logout());
  assert.deepEqual([...world.storage.values()], [id]);
  world.close();
});

test("a wish of another tab, remembered while the first is carried out, is carried out too", async () => {
  const world = new World();
  const one = await signedIn(world, { without: ["locks", "BroadcastChannel"] });
  world.service.fault = unheard(() => "offline");
  await world.fails(one.client.logout());
  one.client.close();
  await world.run(elsewhere(world).client.login(bob));
  world.service.fault = () => undefined;
  world.latency = 1000;
  const next = world.tab();
  const ready = next.client.ready();
  await world.advance(100);
  world.storage.set("edgegate:https://app.example.com:logout", idOf(world));
  assert.deepEqual(await world.run(ready), BOB);
  await world.advance(MINUTE);
  assert.deepEqual(
    [world.cookie, next.client.status, world.storage.size],
    [undefined, "signed_out", 0],
  );
  world.close();
});

test("an unknown value in the storage counts as a pending logout, and ends the session of the cookie", async () => {
  for (const value of ["1", "", "../me", "x".repeat(1 << 16)]) {
    const world = new World();
    (await signedIn(world)).client.close();
    const id = idOf(world);
    world.storage.set("edgegate:https://app.example.com:logout", value);
    assert.equal(await world.run(world.tab().client.ready()), null);
    assert.deepEqual(
      [isOver(world, id), world.storage.size],
      [true, 0],
      JSON.stringify(value.slice(0, 9)),
    );
    world.close();
  }
});

test("without local storage the tab that asked tells the service; a page opened meanwhile does not know of it", async () => {
  const world = new World();
  const one = await signedIn(world, { without: ["storage"] });
  world.service.fault = unheard(() => "offline");
  await world.fails(one.client.logout());
  const next = world.tab({ without: ["storage"] });
  assert.deepEqual(await world.run(next.client.ready()), ADA, "as the README says");
  world.service.fault = () => undefined;
  one.window.dispatchEvent(new Event("online"));
  await world.advance(MINUTE);
  assert.deepEqual(
    [one.client.status, next.client.status, world.cookie],
    ["signed_out", "signed_out", undefined],
  );
  world.close();
});

test("another tab carries the logout out in vain: the tab that asked for it learns who is signed in", async () => {
  const world = new World();
  const [one, two] = [await signedIn(world), world.tab({ without: ["BroadcastChannel"] })];
  await world.run(two.client.ready());
  await world.run(elsewhere(world).client.login(bob));
  await world.sleep(20 * MINUTE);
  let release;
  world.locks.request(
    "edgegate:https://app.example.com",
    {},
    () => new Promise((resolve) => (release = resolve)),
  );
  await world.settle();
  two.client.fetch("https://app.example.com/api").catch(() => {});
  await world.settle();
  const logout = one.client.logout();
  await world.settle();
  release();
  await world.run(logout);
  await world.advance(MINUTE);
  assert.deepEqual([one.client.user, two.client.user, world.storage.size], [BOB, BOB, 0]);
  assert.deepEqual(one.events.slice(-2), ["signed-out: logout", "signed-in"]);
  world.close();
});

// RFC 7009 section 2.2 says that a client ignores the body of the answer. But a body that the
// service would never send, such as the page of a captive portal, shows that the answer does not
// come from the service.
test("a logout has arrived when its answer is empty or an empty object", async () => {
  for (const [body, isDone] of /** @type {const} */ ([
    [null, true],
    ["", true],
    ["{}", true],
    ["<html></html>", false],
    ['{"hello":"world"}', false],
    ["[]", false],
  ])) {
    const world = new World();
    const { client } = await signedIn(world);
    const headers = { "Content-Type": "application/json" };
    world.service.fault = unheard(() => new Response(body, { status: 200, headers }));
    if (isDone) await world.run(client.logout());
    else assert.equal((await world.fails(client.logout())).code, "network_error", String(body));
    assert.equal(client.status, "signed_out");
    assert.equal(world.storage.size, isDone ? 0 : 1, String(body));
    world.close();
  }
});
