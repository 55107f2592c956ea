// Tests several tabs of one browser. One tab renews the token, and all tabs use it. Each tab learns
// of logins and logouts in other tabs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, BOB, PASSWORD, page } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const MINUTE = 60_000;
const LOCK = `edgegate:${ORIGIN}`;
const bob = { email: BOB.email, password: PASSWORD };

/** Opens `count` tabs in which Ada is signed in. */
async function tabsOf(world, count, options) {
  const tabs = [await signedIn(world, options)];
  while (tabs.length < count) {
    const tab = world.tab(options);
    await world.run(tab.client.ready());
    tabs.push(tab);
  }
  return tabs;
}

const allSignedIn = (tabs, user = ADA) =>
  tabs.every(({ client }) => client.status === "signed_in" && client.user.id === user.id);

test("two tabs that renew at once make one request", async () => {
  const world = new World();
  // Both tabs get the same "random" delay. So their timers for the renewal fire in the same
  // millisecond.
  const tabs = await tabsOf(world, 2);
  const before = world.service.count("/auth/token");
  await world.advance(10 * MINUTE);
  assert.equal(world.service.count("/auth/token") - before, 1);
  assert.ok(allSignedIn(tabs));
  const [one, two] = await Promise.all(tabs.map(({ client }) => client.accessToken()));
  assert.equal(one, two);
  assert.deepEqual(
    tabs.map(({ events }) => events.at(-1)),
    ["renewed", "renewed"],
  );
  world.close();
});

test("ten tabs, an hour: one renewal each time", async () => {
  const world = new World();
  const tabs = await tabsOf(world, 10, { random: Math.random });
  const before = world.service.count("/auth/token");
  await world.advance(60 * MINUTE);
  assert.ok(world.service.count("/auth/token") - before <= 7);
  assert.ok(allSignedIn(tabs));
  world.close();
});

test("tabs whose token is refused in the second in which it was issued make one request", async () => {
  const world = new World();
  world.latency = 10;
  const tabs = await tabsOf(world, 3);
  const before = world.service.count("/auth/token");
  world.service.user(ADA.id).version += 1;
  const answers = await world.run(
    Promise.all(tabs.map(({ client }) => client.fetch(`${ORIGIN}/api`))),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal(world.service.count("/auth/token") - before, 1);
  world.close();
});

test("ten tabs that need a token at once make one request", async () => {
  const world = new World();
  const tabs = await tabsOf(world, 10);
  const before = world.service.count("/auth/token");
  await world.sleep(20 * MINUTE);
  const answers = await world.run(
    Promise.all(tabs.map(({ client }) => client.fetch(`${ORIGIN}/api`))),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    Array(10).fill(200),
  );
  assert.equal(world.service.count("/auth/token") - before, 1);
  world.close();
});

for (const without of [
  ["locks"],
  ["BroadcastChannel"],
  ["storage"],
  ["locks", "BroadcastChannel", "storage"],
  ["document", "window"],
]) {
  test(`without ${without.join(", ")} it is correct all the same`, async () => {
    const world = new World();
    const tabs = await tabsOf(world, 3, { without });
    await world.advance(60 * MINUTE);
    assert.ok(allSignedIn(tabs));
    for (const { client } of tabs)
      assert.ok(world.service.check(`Bearer ${await world.run(client.accessToken())}`));
    await world.run(tabs[0].client.logout());
    assert.equal(world.cookie, undefined);
    await world.advance(15 * MINUTE);
    assert.deepEqual(
      tabs.map(({ client }) => client.status),
      Array(3).fill("signed_out"),
    );
    world.close();
  });
}

test("locks and channels that throw are treated as missing", async () => {
  const world = new World();
  const tab = world.tab();
  tab.platform.locks = {
    request: () => {
      throw new DOMException("no", "SecurityError");
    },
  };
  const broken = {
    locks: tab.platform.locks,
    BroadcastChannel: class {
      constructor() {
        throw new Error("no");
      }
    },
  };
  const storage = {
    getItem() {
      throw new Error();
    },
    setItem() {
      throw new Error();
    },
    removeItem() {
      throw new Error();
    },
  };
  // @ts-expect-error: a BroadcastChannel whose constructor throws has no methods
  const other = world.tab({ platform: { ...tab.platform, ...broken, storage } });
  await world.run(other.client.login({ email: ADA.email, password: PASSWORD }));
  await world.advance(20 * MINUTE);
  assert.equal(other.client.status, "signed_in");
  await world.run(other.client.logout());
  assert.equal(world.cookie, undefined);
  world.close();
});

test("a frozen tab that holds the lock is not waited for for ever", async () => {
  const world = new World();
  const [one, two] = await tabsOf(world, 2);
  await world.advance(5 * MINUTE);
  void one.client.fetch(`${ORIGIN}/api`);
  world.locks.request(LOCK, {}, () => new Promise(() => {}));
  await world.settle();
  assert.ok(world.locks.isHeld(LOCK));
  await world.advance(6 * MINUTE);
  assert.ok(world.service.check(`Bearer ${await world.run(two.client.accessToken())}`));
  await world.run(two.client.login(bob), 40_000);
  await world.run(two.client.logout(), 40_000);
  assert.equal(world.cookie, undefined);
  world.close();
});

test("a tab frozen in the middle of its renewal: the others go on, and it comes back well", async () => {
  const world = new World();
  world.latency = 1000;
  const [one, two] = await tabsOf(world, 2);
  world.hide(two);
  await world.advance(8 * MINUTE);
  while (!world.locks.isHeld(LOCK)) await world.advance(100);
  world.freeze(one);
  await world.advance(2 * MINUTE);
  world.show(two);
  await world.advance(15_000);
  assert.ok(world.service.check(`Bearer ${await world.run(two.client.accessToken())}`));
  await world.advance(30 * MINUTE);
  await world.thaw(one);
  await world.advance(5000);
  assert.ok(allSignedIn([one, two]));
  assert.ok(world.service.check(`Bearer ${await world.run(one.client.accessToken())}`));
  world.close();
});

test("a lock that is granted too late is given back", async () => {
  const world = new World();
  const tab = await signedIn(world);
  let release;
  world.locks.request(LOCK, {}, () => new Promise((resolve) => (release = resolve)));
  await world.run(tab.client.logout(), 40_000);
  release();
  await world.settle();
  assert.ok(!world.locks.isHeld(LOCK));
  world.close();
});

test("a logout in one tab is one in all, and asks the service nothing more", async () => {
  const world = new World();
  const [one, two, three] = await tabsOf(world, 3);
  await world.run(one.client.logout());
  await world.advance(100);
  assert.deepEqual(
    [two, three].map(({ client, events }) => [client.status, client.user, events.at(-1)]),
    Array(2).fill(["signed_out", null, "signed-out: other_tab"]),
  );
  const asked = world.service.log.length;
  await world.advance(60 * MINUTE);
  assert.equal(world.service.log.length, asked);
  world.close();
});

test("the end of a session and of an account are heard with their reason", async () => {
  const world = new World();
  const [one, two] = await tabsOf(world, 2);
  world.service.endSessions(ADA.id);
  await world.fails(one.client.fetch(`${ORIGIN}/api`));
  await world.advance(100);
  assert.equal(two.events.at(-1), "signed-out: session_ended");
  await world.run(one.client.login({ email: ADA.email, password: PASSWORD }));
  await world.advance(6000);
  await world.run(one.client.deleteAccount({ current_password: PASSWORD }));
  await world.advance(100);
  assert.equal(two.events.at(-1), "signed-out: account_deleted");
  world.close();
});

test("a login in one tab is found in those where nobody was", async () => {
  const world = new World();
  const [one, two] = [world.tab(), world.tab()];
  await world.run(Promise.all([one.client.ready(), two.client.ready()]));
  await world.run(one.client.login({ email: ADA.email, password: PASSWORD }));
  await world.advance(6000);
  assert.deepEqual([two.client.user, two.events], [ADA, ["signed-in"]]);
  world.close();
});

test("a tab that never asked who is signed in hears nothing", async () => {
  const world = new World();
  const [one, two] = [world.tab(), world.tab()];
  await world.run(one.client.login({ email: ADA.email, password: PASSWORD }));
  await world.advance(60 * MINUTE);
  assert.deepEqual([two.client.status, two.events], ["unknown", []]);
  world.close();
});

for (const without of [[], ["BroadcastChannel"]]) {
  test(`another user's login elsewhere signs out this tab ${without.length ? "at the next renewal" : "at once"}`, async () => {
    const world = new World();
    const [one, two] = await tabsOf(world, 2, { without });
    await world.run(one.client.login(bob));
    await world.advance(without.length ? 11 * MINUTE : 6000);
    assert.deepEqual(one.events.filter((event) => event !== "renewed").slice(-2), [
      "signed-out: other_user",
      "signed-in",
    ]);
    assert.deepEqual(two.events.filter((event) => event !== "renewed").slice(-2), [
      "signed-out: other_user",
      "signed-in",
    ]);
    assert.deepEqual([one.client.user, two.client.user], [BOB, BOB]);
    world.close();
  });
}

test("a call begun for one user is not sent for another", async () => {
  const world = new World();
  const [one, two] = await tabsOf(world, 2, { without: ["BroadcastChannel"] });
  await world.run(one.client.login(bob));
  await world.sleep(20 * MINUTE);
  const error = await world.fails(
    two.client.fetch(`${ORIGIN}/api/ada`, { method: "POST", body: "hers" }),
  );
  assert.equal(error.code, "signed_out");
  assert.equal(world.service.count("/api/ada"), 0);
  assert.equal(two.client.user?.id, BOB.id);
  world.close();
});

test("a new login of the same user goes on in the other tabs", async () => {
  const world = new World();
  const [one, two] = await tabsOf(world, 2);
  await world.run(one.client.login({ email: ADA.email, password: PASSWORD }));
  await world.advance(100);
  assert.equal(await two.client.accessToken(), await one.client.accessToken());
  assert.ok(!two.events.some((event) => event.startsWith("signed-out")));
  await world.run(
    one.client.changePassword({
      current_password: PASSWORD,
      new_password: "a passphrase nobody knows",
    }),
  );
  await world.advance(100);
  assert.equal(await two.client.accessToken(), await one.client.accessToken());
  await world.advance(20 * MINUTE);
  assert.ok(allSignedIn([one, two]));
  world.close();
});

test("a logout while offline: at once here, and on the service as soon as it can be reached", async () => {
  const world = new World();
  const [one, two] = await tabsOf(world, 2);
  // The page of a captive portal with status 200 does not confirm the logout either.
  world.service.fault = () => page();
  assert.equal((await world.fails(one.client.logout())).code, "network_error");
  await world.advance(100);
  assert.deepEqual(
    [one, two].map(({ client, events }) => [client.status, events.at(-1)]),
    [
      ["signed_out", "signed-out: logout"],
      ["signed_out", "signed-out: other_tab"],
    ],
  );
  assert.notEqual(world.cookie, undefined);
  assert.deepEqual(
    [...world.storage.values()],
    [[...world.service.sessions.keys()][0]],
    "the id of the session, and nothing else",
  );
  world.service.fault = () => undefined;
  one.window.dispatchEvent(new Event("online"));
  await world.advance(500);
  assert.deepEqual([world.cookie, world.storage.size], [undefined, 0]);
  assert.ok(world.service.sessions.values().next().value.over);
  world.close();
});

test("a logout that the service did not hear of is carried out by the next page, which does not sign in", async () => {
  for (const without of [[], ["BroadcastChannel"]]) {
    const world = new World();
    const { client } = await signedIn(world, { without });
    world.service.fault = () => "offline";
    await world.fails(client.logout());
    client.close();
    const next = world.tab({ without });
    assert.equal((await world.fails(next.client.ready())).code, "network_error");
    assert.equal(next.client.user, null);
    world.service.fault = () => undefined;
    assert.equal(await world.run(next.client.ready()), null);
    assert.deepEqual([world.cookie, next.events], [undefined, []]);
    assert.equal(world.service.count("/auth/token"), 0);
    world.close();
  }
});

test("a login takes the place of a logout that was not heard", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  world.service.fault = ({ path }) => (path === "/auth/revoke" ? "offline" : undefined);
  await world.fails(client.logout());
  await world.run(client.login(bob));
  world.service.fault = () => undefined;
  await world.advance(60 * MINUTE);
  assert.deepEqual(client.user, BOB);
  assert.equal(
    world.service.log.filter(({ path, status }) => path === "/auth/revoke" && status).length,
    0,
  );
  world.close();
});

test("a tab whose clock is late renews when another tab hands over a token from its future", async () => {
  const world = new World();
  const [one, two] = await tabsOf(world, 2);
  // Neither clock of the device shows that half an hour has passed: the monotonic clock stands
  // still during the sleep, and the wall clock is set back.
  world.skew -= 30 * MINUTE;
  await world.sleep(30 * MINUTE, { stops: true });
  await world.run(two.client.login({ email: ADA.email, password: PASSWORD }));
  await world.advance(MINUTE);
  for (const { client } of [one, two])
    assert.ok(world.service.check(`Bearer ${await world.run(client.accessToken())}`));
  world.close();
});

test("without another tab, the service's refusal renews the token of a tab whose clock is late", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  world.skew -= 30 * MINUTE;
  await world.sleep(30 * MINUTE, { stops: true });
  const { status } = await world.run(client.fetch(`${ORIGIN}/api`));
  assert.equal(status, 200);
  assert.ok(world.service.check(`Bearer ${await world.run(client.accessToken())}`));
  world.close();
});
