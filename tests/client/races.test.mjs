// Tests what happens when a login, a logout and a renewal overlap.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, BOB, PASSWORD } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const MINUTE = 60_000;
const ada = { email: ADA.email, password: PASSWORD };
const bob = { email: BOB.email, password: PASSWORD };

// Moments during a renewal, in milliseconds after the renewal began. A renewal takes two seconds:
// one second for the request and one for the answer.
const POINTS = [1, 500, 999, 1001, 1500, 1999];

async function duringRenewal(at, work, without = []) {
  const world = new World();
  world.latency = 2000;
  const tab = await signedIn(world, { without });
  await world.advance(20 * MINUTE);
  await world.sleep(20 * MINUTE);
  tab.window.dispatchEvent(new Event("focus"));
  await world.advance(at);
  await work(world, tab);
  world.close();
}

for (const at of POINTS) {
  for (const without of [[], ["locks", "BroadcastChannel"]]) {
    const how = `${at} ms into a renewal${without.length ? ", without locks" : ""}`;

    test(`another user's login ${how}`, () =>
      duringRenewal(
        at,
        async (world, { client, events }) => {
          await world.run(client.login(bob));
          await world.advance(5000);
          assert.deepEqual(client.user, BOB);
          assert.deepEqual(events.slice(-2), ["signed-out: other_user", "signed-in"]);
          await world.advance(30 * MINUTE);
          assert.deepEqual(client.user, BOB);
          assert.ok(world.service.check(`Bearer ${await world.run(client.accessToken())}`));
        },
        without,
      ));

    test(`a logout ${how}`, () =>
      duringRenewal(
        at,
        async (world, { client, events }) => {
          const logout = client.logout();
          assert.equal(client.status, "signed_out", "at once");
          await world.run(logout);
          await world.advance(30 * MINUTE);
          assert.deepEqual(
            [client.status, client.user, events.at(-1), world.cookie],
            ["signed_out", null, "signed-out: logout", undefined],
          );
          assert.ok([...world.service.sessions.values()].every(({ over }) => over));
        },
        without,
      ));

    test(`a change of password ${how}`, () =>
      duringRenewal(
        at,
        async (world, { client, events }) => {
          await world.run(
            client.changePassword({
              current_password: PASSWORD,
              new_password: "a passphrase nobody knows",
            }),
          );
          await world.advance(30 * MINUTE);
          assert.equal(client.status, "signed_in");
          assert.ok(!events.some((event) => event.startsWith("signed-out")));
        },
        without,
      ));

    test(`a wrong password ${how}: the session goes on`, () =>
      duringRenewal(
        at,
        async (world, { client }) => {
          await world.fails(client.login({ ...bob, password: "wrong" }));
          assert.ok(world.service.check(`Bearer ${await world.run(client.accessToken())}`));
          assert.deepEqual(client.user, ADA);
        },
        without,
      ));
  }

  test(`a call that waits for the renewal, and a login ${at} ms into it`, () =>
    duringRenewal(at, async (world, { client }) => {
      const hers = client.fetch(`${ORIGIN}/api/hers`).catch((error) => error);
      await world.run(client.login(bob));
      assert.equal((await world.run(hers)).code, "signed_out");
      assert.equal(world.service.count("/api/hers"), 0);
    }));

  test(`a call that waits for the renewal, and a logout ${at} ms into it`, () =>
    duringRenewal(at, async (world, { client }) => {
      const hers = client.fetch(`${ORIGIN}/api/hers`).catch((error) => error);
      await world.run(client.logout());
      assert.equal((await world.run(hers)).code, "signed_out");
      assert.equal(world.service.count("/api/hers"), 0);
    }));

  test(`a call waits for a login of the same user ${at} ms into a renewal`, () =>
    duringRenewal(at, async (world, { client }) => {
      const call = client.fetch(`${ORIGIN}/api/hers`);
      await world.run(client.login(ada));
      assert.equal((await world.run(call)).status, 200);
    }));
}

test("a logout while the login is on its way wins", async () => {
  for (const at of POINTS) {
    const world = new World();
    world.latency = 2000;
    const { client, events } = world.tab();
    const login = client.login(ada).catch((error) => error);
    await world.advance(at);
    await world.run(client.logout());
    assert.equal((await login).code, "signed_out");
    await world.advance(30 * MINUTE);
    assert.deepEqual(
      [client.status, client.user, events, world.cookie],
      ["signed_out", null, [], undefined],
      `${at}`,
    );
    assert.ok([...world.service.sessions.values()].every(({ over }) => over));
    world.close();
  }
});

test("a logout after a login that waits for another tab's logout", async () => {
  const world = new World();
  const one = await signedIn(world);
  const two = world.tab();
  await world.run(two.client.ready());
  world.latency = 2000;
  const others = one.client.logout();
  await world.advance(10);
  const login = two.client.login(bob).catch((error) => error);
  const logout = two.client.logout();
  await world.run(Promise.all([others, login, logout]));
  await world.advance(11 * MINUTE);
  assert.equal((await login).code, "signed_out");
  assert.deepEqual(
    [one.client.status, two.client.status, world.cookie],
    ["signed_out", "signed_out", undefined],
  );
  assert.ok([...world.service.sessions.values()].every(({ over }) => over));
  world.close();
});

test("a login while the logout is on its way wins", async () => {
  for (const at of POINTS) {
    const world = new World();
    const { client } = await signedIn(world);
    world.latency = 2000;
    const logout = client.logout();
    await world.advance(at);
    await world.run(client.login(bob));
    await world.run(logout);
    await world.advance(30 * MINUTE);
    assert.deepEqual([client.user, client.status], [BOB, "signed_in"], `${at}`);
    world.close();
  }
});

test("two logins at once: the later one stays, the earlier session is over", async () => {
  const world = new World();
  const { client } = world.tab();
  const [one, two] = [client.login(ada), client.login(bob)];
  await world.run(Promise.all([one, two]));
  assert.deepEqual(client.user, BOB);
  assert.deepEqual(
    [...world.service.sessions.values()].map(({ over }) => over),
    [true, false],
  );
  assert.equal((await world.run(client.fetch(`${ORIGIN}/api`))).status, 200);
  world.close();
});

test("a logout in another tab while this one renews", async () => {
  for (const at of POINTS) {
    const world = new World();
    world.latency = 2000;
    const one = await signedIn(world);
    const two = world.tab();
    await world.run(two.client.ready());
    await world.sleep(20 * MINUTE);
    one.window.dispatchEvent(new Event("focus"));
    await world.advance(at);
    await world.run(two.client.logout());
    await world.advance(30 * MINUTE);
    assert.deepEqual(
      [one.client.status, two.client.status, world.cookie],
      ["signed_out", "signed_out", undefined],
      `${at}`,
    );
    world.close();
  }
});

test("a logout whose answer is lost is asked again, and harms no later login", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  world.service.fault = ({ path }) => (path === "/auth/revoke" ? "hang" : undefined);
  const error = await world.fails(client.logout());
  assert.equal(error.code, "network_error");
  world.service.fault = () => undefined;
  await world.run(client.login(ada));
  await world.advance(30 * MINUTE);
  assert.equal(client.status, "signed_in");
  world.close();
});

test("a login whose answer is lost", async () => {
  const world = new World();
  const { client } = await signedIn(world);
  const { answer } = world.service;
  // The service completes the login. Its answer, which sets the cookie, does not arrive.
  world.service.answer = async (...args) => {
    const answered = await answer.apply(world.service, args);
    return args[0].url.endsWith("/auth/login") ? { response: "offline" } : answered;
  };
  assert.equal((await world.fails(client.login(bob))).code, "network_error");
  world.service.answer = answer;
  assert.deepEqual(client.user, ADA);
  // The login replaced the old session. So the service has ended the session of the old cookie.
  await world.advance(11 * MINUTE);
  assert.equal(client.getSnapshot().status, "signed_out");
  await world.run(client.login(bob));
  assert.deepEqual(client.user, BOB);
  world.close();
});

test("a listener that logs out at once", async () => {
  const world = new World();
  const { client } = world.tab();
  let logout;
  client.addEventListener("signed-in", () => (logout ??= client.logout()));
  assert.equal((await world.fails(client.login(ada))).code, "signed_out");
  await world.run(logout);
  await world.advance(11 * MINUTE);
  assert.deepEqual([client.status, world.cookie], ["signed_out", undefined]);
  world.close();
});

test("a listener that logs out when another user takes over", async () => {
  const world = new World();
  const tab = await signedIn(world);
  let logout;
  tab.client.addEventListener("signed-out", () => (logout ??= tab.client.logout()));
  await world.fails(tab.client.login(bob));
  await world.run(logout);
  assert.deepEqual([tab.client.status, world.cookie], ["signed_out", undefined]);
  world.close();
});

// After an answer has arrived, some turns of the microtask queue pass before the client processes
// the answer. A logout in any of these turns must take precedence over the answer.
test("a logout in the very moment of a renewal's answer", async () => {
  for (let turns = 0; turns < 60; turns += 1) {
    const world = new World();
    const tab = world.tab();
    const { fetch } = tab.platform;
    let logout;
    // The last thing for which the client waits is the end of the answer's body. Log out `turns`
    // turns after the end of the body.
    const spying = async (input, init) => {
      const response = await fetch(input, init);
      if (!input.href.endsWith("/auth/token") || response.status !== 200) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(bytes),
        async pull(controller) {
          controller.close();
          for (let turn = 0; turn < turns; turn += 1) await null;
          logout ??= client.logout();
        },
      });
      return new Response(body, { status: 200, headers: response.headers });
    };
    const { client, events } = world.tab({ platform: { ...tab.platform, fetch: spying } });
    await world.run(client.login(ada));
    await world.advance(10 * MINUTE);
    await world.run(logout);
    await world.advance(11 * MINUTE);
    assert.deepEqual(
      [client.status, client.user, world.cookie],
      ["signed_out", null, undefined],
      `after ${turns} turns`,
    );
    assert.equal(events.at(-1), "signed-out: logout");
    world.close();
  }
});

test("a logout while the password is changed, with another tab's logout before it", async () => {
  const world = new World();
  const one = await signedIn(world);
  const two = world.tab();
  await world.run(two.client.ready());
  world.latency = 2000;
  const change = one.client.changePassword({
    current_password: PASSWORD,
    new_password: "a passphrase nobody knows",
  });
  await world.advance(1500);
  await world.run(Promise.all([change.catch(() => {}), one.client.logout(), two.client.logout()]));
  await world.advance(11 * MINUTE);
  assert.deepEqual(
    [one.client.status, two.client.status, world.cookie],
    ["signed_out", "signed_out", undefined],
  );
  assert.ok([...world.service.sessions.values()].every(({ over }) => over));
  world.close();
});

test("another tab says that the session has ended, while this one changes the password", async () => {
  const world = new World();
  const { client, events } = await signedIn(world);
  const { sub, sid } = JSON.parse(
    Buffer.from((await client.accessToken()).split(".")[1], "base64url").toString(),
  );
  world.latency = 2000;
  const change = client.changePassword({
    current_password: PASSWORD,
    new_password: "a passphrase nobody knows",
  });
  await world.advance(1500);
  world.say({ version: 1, type: "signed_out", reason: "session_ended", sub, sid });
  await world.advance(10);
  assert.equal(client.status, "signed_out");
  await world.run(change);
  await world.advance(5000);
  assert.deepEqual([client.status, client.user], ["signed_in", ADA]);
  assert.deepEqual(events.slice(-2), ["signed-out: session_ended", "signed-in"]);
  world.close();
});
