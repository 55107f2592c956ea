// Tests the state of the client, which a page shows. The client dispatches an event for every
// change of the state. It also has a snapshot of the state for user-interface frameworks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthClient } from "./client.mjs";
import { ADA, BOB, PASSWORD } from "./service.mjs";
import { ORIGIN, signedIn, World } from "./world.mjs";

const credentials = { email: ADA.email, password: PASSWORD };

/**
 * Records the state in each event of `client`. When an event is dispatched, the snapshot must
 * already be the new state.
 */
function recordOf(client) {
  const told = [];
  client.addEventListener("change", ({ detail }) => {
    assert.equal(client.getSnapshot(), detail, "the snapshot is the state that was told");
    told.push(detail);
  });
  return told;
}

test("a visitor who is not signed in is told so", async () => {
  const world = new World();
  const { client, events } = world.tab();
  const told = recordOf(client);
  assert.deepEqual(client.getSnapshot(), { status: "unknown", user: null });
  await world.run(client.ready());
  assert.deepEqual(told, [{ status: "signed_out", user: null }]);
  assert.deepEqual(events, []);
  world.close();
});

test("each change of the status or the user is told once, and the snapshot is the same until then", async (t) => {
  const world = new World();
  const { client } = world.tab();
  const told = recordOf(client);
  const statuses = () => told.splice(0).map(({ status, user }) => [status, user?.email ?? null]);
  // At every step of the event loop, the snapshot must be the state that the last event reported.
  let last = client.getSnapshot();
  client.addEventListener("change", ({ detail }) => (last = detail));
  const steady = setInterval(() => assert.equal(client.getSnapshot(), last));
  t.after(() => clearInterval(steady));

  await world.run(client.login(credentials));
  assert.deepEqual(statuses(), [["signed_in", ADA.email]]);
  const before = client.getSnapshot();
  assert.ok(Object.isFrozen(before));

  // If a renewal changes nothing, the client reports no new state.
  await world.advance(3_600_000);
  assert.equal(client.getSnapshot(), before);
  assert.deepEqual(statuses(), []);

  // The token of a renewal also contains the user's new roles.
  world.service.user(ADA.id).roles = ["admin", "user"];
  await world.advance(600_000);
  assert.deepEqual(client.getSnapshot().user?.roles, ["admin", "user"]);
  assert.notEqual(client.getSnapshot(), before);
  assert.deepEqual(statuses(), [["signed_in", ADA.email]]);

  world.service.user(ADA.id).first_name = "Augusta";
  await world.run(client.me());
  assert.equal(client.getSnapshot().user?.first_name, "Augusta");
  assert.deepEqual(statuses(), [["signed_in", ADA.email]]);

  await world.run(client.login({ email: BOB.email, password: PASSWORD }));
  assert.deepEqual(statuses(), [
    ["signed_out", null],
    ["signed_in", BOB.email],
  ]);
  await world.run(client.logout());
  assert.deepEqual(statuses(), [["signed_out", null]]);
  world.close();
});

test("a session that ends elsewhere, and one that another tab ends", async () => {
  const world = new World();
  const one = await signedIn(world);
  const two = world.tab();
  const told = recordOf(two.client);
  await world.run(two.client.ready());
  // At first the client knows only what the token contains. The names come from a later request.
  assert.deepEqual(
    told.map(({ status, user }) => [status, user.first_name]),
    [
      ["signed_in", null],
      ["signed_in", "Ada"],
    ],
  );
  await world.run(one.client.logout());
  await world.advance(10);
  assert.deepEqual(two.client.getSnapshot(), { status: "signed_out", user: null });
  assert.equal(told.length, 3);

  await world.run(one.client.login(credentials));
  await world.advance(10_000);
  assert.equal(two.client.getSnapshot().status, "signed_in");
  world.service.endSessions(ADA.id);
  await world.advance(700_000);
  assert.equal(two.client.getSnapshot().status, "signed_out");
  assert.equal(told.at(-1), two.client.getSnapshot());
  world.close();
});

test("subscribe: torn off its client, not called at once, and silent after it was ended", async () => {
  const world = new World();
  const { client } = world.tab();
  const { subscribe, getSnapshot, getServerSnapshot } = client;
  const calls = /** @type {unknown[][]} */ ([[], []]);
  const listener = (state) => calls[0].push(state);
  const end = [
    subscribe(listener),
    subscribe(listener),
    subscribe((state) => calls[1].push(state)),
  ];
  assert.deepEqual(calls, [[], []]);
  await world.run(client.login(credentials));
  assert.equal(calls[0].length, 2, "a listener that subscribes twice is called twice");
  assert.equal(calls[0][0], getSnapshot());
  assert.deepEqual(calls[1], [getSnapshot()]);
  end[0]();
  end[0]();
  end[2]();
  await world.run(client.logout());
  assert.equal(calls[0].length, 3);
  assert.equal(calls[1].length, 1);
  assert.equal(getServerSnapshot(), getServerSnapshot());
  assert.deepEqual(getServerSnapshot(), { status: "unknown", user: null });
  world.close();
});

test("subscribe finds out who is signed in, once, and tries again by itself", async () => {
  const world = new World();
  (await signedIn(world)).client.close();
  const before = world.service.count("/auth/token");
  world.service.fault = () => "offline";
  const { client } = world.tab();
  const states = [];
  for (let i = 0; i < 3; i += 1) client.subscribe(({ status }) => states.push(status))();
  client.subscribe(({ status }) => states.push(status));
  await world.advance(500);
  assert.equal(world.service.count("/auth/token") - before, 1);
  assert.deepEqual([states, client.status], [[], "unknown"]);
  world.service.fault = () => undefined;
  await world.advance(10_000);
  assert.deepEqual([client.status, client.user], ["signed_in", ADA]);
  assert.equal(states[0], "signed_in");
  world.close();
});

test("subscribe where there is no page sends nothing", async () => {
  const world = new World();
  const { client } = world.tab({ without: ["document"] });
  client.subscribe(() => {})();
  await world.advance(60_000);
  assert.equal(world.service.log.length, 0);
  world.close();
});

test("a listener that signs out during a login: the login is rejected, and nobody is signed in", async () => {
  for (const type of ["change", "signed-in"]) {
    for (const method of ["login", "register"]) {
      const world = new World();
      const { client } = world.tab();
      const out = [];
      client.addEventListener(type, () => {
        if (client.status === "signed_in") out.push(client.logout());
      });
      const given = { ...credentials, ...(method === "register" && { email: "new@example.com" }) };
      const error = await world.fails(client[method](given));
      assert.deepEqual(
        [error.name, error.code],
        ["EdgegateError", "signed_out"],
        `${type} ${method}`,
      );
      await world.run(Promise.all(out));
      assert.equal(out.length, 1);
      assert.equal(client.status, "signed_out");
      assert.equal(world.cookie, undefined);
      assert.equal(await world.run(client.ready()), null);
      world.close();
    }
  }
});

test("now() is the service's time, whatever the device's clock says", async () => {
  const DAY = 86_400_000;
  for (const skew of [DAY, -DAY]) {
    const world = new World();
    world.skew = skew;
    const { client } = world.tab();
    const { now } = client;
    assert.equal(now(), world.time + skew, "before the first answer");
    await world.run(client.login(credentials));
    assert.ok(Math.abs(now() - world.time) <= 1000, `${now() - world.time}`);
    await world.advance(5_000_000);
    assert.ok(Math.abs(now() - world.time) <= 1000, `${now() - world.time}`);
    world.close();
  }
});

test("an address loses the spaces around it, wherever one is taken", async () => {
  const world = new World();
  const { client } = world.tab();
  for (const [before, after] of [
    ["", " "],
    [" ", ""],
    ["\t", "\r\n"],
    ["\u00a0", "\u3000"],
    ["\ufeff", "\u2009"],
  ]) {
    const email = `${before}${ADA.email}${after}`;
    assert.deepEqual(await world.run(client.login({ email, password: PASSWORD })), ADA);
    await world.run(client.requestPasswordReset(email));
    await world.run(client.requestEmailVerification(email));
    await world.run(client.changeEmail({ email, current_password: PASSWORD }));
    await world.run(client.register({ email }));
    const sent = world.service.log.flatMap(({ body }) => (body ? [JSON.parse(body)] : []));
    const emails = sent.filter((body) => "email" in body).map((body) => body.email);
    assert.equal(new Set(emails).size, 1, JSON.stringify(emails));
  }
  // Spaces are part of a password, so they are not removed from its beginning and end.
  const spaced = { ...credentials, password: ` ${PASSWORD} ` };
  assert.equal((await world.fails(client.login(spaced))).code, "invalid_credentials");
  world.close();
});

test("a misspelt option is an error", () => {
  for (const name of ["baseUrl", "baseURL", "URL", "origin", "onChange"]) {
    const make = () => new AuthClient({ url: ORIGIN, [name]: ORIGIN });
    assert.throws(
      make,
      ({ code, message }) => code === "invalid_argument" && message.includes(name),
    );
  }
});
