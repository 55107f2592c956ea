// The tabs of one browser wait in a queue for a lock. A tab waits long enough for all tabs that are
// before it in the queue, however many they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LONGEST_HOLD_MS } from "../../npm/edgegate/client/timeouts.js";
import { ADA, BOB, PASSWORD } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const MINUTE = 60_000;
const SECOND = 1000;
const LOCK = `edgegate:${ORIGIN}`;
const ada = { email: ADA.email, password: PASSWORD };
const bob = { email: BOB.email, password: PASSWORD };
const NEW_PASSWORD = "a passphrase nobody knows";

/**
 * Makes the service wait before it answers. `delays` contains the number of milliseconds for each
 * path.
 */
function slow(world, delays) {
  const [{ platform }] = world.tabs;
  world.service.fault = ({ path }) =>
    new Promise((resolve) => platform.setTimeout(() => resolve(undefined), delays[path] ?? 0));
}

for (const without of [[], ["BroadcastChannel"]]) {
  for (const logins of [1, 2, 3]) {
    const how = `${logins} ${logins === 1 ? "login that takes" : "logins that take"} 29 s${without.length ? ", without a channel" : ""}`;
    test(`a renewal waits for ${how}: nobody is signed out`, async () => {
      const world = new World();
      const stale = await signedIn(world, { without });
      const others = Array.from({ length: logins }, () => world.tab({ without }));
      await world.advance(5 * MINUTE);
      world.service.endSessions(ADA.id);
      // The answer to a renewal of an ended session clears the cookie. If the tabs did not wait for
      // each other, this answer could arrive after the answer to a login. Then it would clear the
      // cookie of the new session.
      slow(world, { "/auth/login": 29 * SECOND, "/auth/token": 10 * SECOND });
      const answers = others.map(({ client }) => client.login(ada));
      await world.advance(10);
      stale.client.fetch(`${ORIGIN}/api`).catch(() => {});
      await world.run(Promise.all(answers), 5 * MINUTE);
      await world.advance(MINUTE);
      assert.equal(world.overwritten, 0, "no two requests about the cookie crossed");
      assert.equal(world.service.sessions.get(world.cookie?.split(".")[0])?.over, false);
      assert.deepEqual(
        world.tabs.map(({ client }) => client.status),
        world.tabs.map(() => "signed_in"),
      );
      world.close();
    });
  }
}

const WORK = {
  login: ({ client }) => client.login(bob),
  logout: ({ client }) => client.logout(),
  register: ({ client }) => client.register({ email: "eve@example.com", password: PASSWORD }),
  changePassword: ({ client }) =>
    client.changePassword({ current_password: PASSWORD, new_password: NEW_PASSWORD }),
  deleteAccount: ({ client }) => client.deleteAccount({ current_password: PASSWORD }),
  endSession: ({ client }, world) => client.endSession(world.cookie.split(".")[0]),
  renewal: async ({ client }, world) => {
    world.service.user(ADA.id).version += 1;
    await client.me();
  },
  "renewal after a logout that was not heard": async ({ client }, world) => {
    world.storage.set(`${LOCK}:logout`, world.cookie.split(".")[0]);
    world.service.user(ADA.id).version += 1;
    await client.me();
  },
};

for (const [name, work] of Object.entries(WORK)) {
  test(`${name}: the lock is given back before others stop waiting, whatever the service and fetch do`, async () => {
    for (const deaf of [false, true]) {
      const world = new World();
      const tab = await signedIn(world);
      // An app can supply its own `fetch` function, and this function might ignore the AbortSignal.
      const { fetch } = tab.platform;
      const { client } = deaf
        ? world.tab({
            platform: {
              fetch: (input, init) =>
                fetch(input, { ...init, signal: new AbortController().signal }),
            },
          })
        : tab;
      await world.run(client.ready());
      world.service.fault = ({ path }) =>
        path === "/auth/me" && name.startsWith("renewal") ? undefined : "hang";
      work({ client }, world).catch(() => {});
      let begun;
      let longest = 0;
      for (let at = 0; at < 2 * MINUTE; at += 500) {
        await world.advance(500);
        begun = world.locks.isHeld(LOCK) ? (begun ?? at) : undefined;
        if (begun !== undefined) longest = Math.max(longest, at - begun);
      }
      assert.ok(longest > 5 * SECOND, `${longest} ms: this test must see it held`);
      assert.ok(
        longest < LONGEST_HOLD_MS,
        `held for ${longest} ms, others wait for ${LONGEST_HOLD_MS}`,
      );
      world.close();
    }
  });
}

test("a browser whose locks can't be counted, or never answer that, is waited for as for one holder", async () => {
  for (const query of [
    undefined,
    () => Promise.reject(new Error("no")),
    () => new Promise(() => {}),
    () => ({}),
    () => null,
  ]) {
    const world = new World();
    const locks = { request: (...args) => world.locks.request(...args), query };
    // @ts-expect-error: some of these `query` functions return a wrong type
    const { client } = world.tab({ platform: { locks } });
    world.locks.request(LOCK, {}, () => new Promise(() => {}));
    await world.run(client.login(ada), 2 * LONGEST_HOLD_MS);
    assert.equal(client.status, "signed_in");
    world.close();
  }
});
