// After a reload, the client finds out who is signed in. For this it makes a single redirect to the
// service and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADA, BOB, CLIENT_ID, ISSUER } from "./issuer.mjs";
import { HOME, RedirectWorld } from "./redirect-world.mjs";

const FLAG = `edgegate:${ISSUER}:${CLIENT_ID}:signed-in`;
const TRIPS = `edgegate:${ISSUER}:${CLIENT_ID}:trips`;

/** Returns whether `promise` is still pending after a minute. */
async function isPending(world, promise) {
  let settled = false;
  const mark = () => (settled = true);
  promise.then(mark, mark);
  await world.advance(60_000);
  return !settled;
}

const comesBack = (page) =>
  page.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));

test("one round trip that shows nothing brings the session back", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  tab.load("https://app.example.com/settings#profile");
  assert.equal(tab.client.status, "unknown");
  assert.ok(await isPending(world, tab.client.ready()));
  assert.equal(tab.client.status, "unknown", "the page does not say that nobody is signed in");
  assert.equal(tab.page.how, "replace", "the back button does not lead to the service");
  const { searchParams } = new URL(tab.page.left ?? "");
  assert.equal(searchParams.get("prompt"), "none");
  tab.follow();
  const user = await world.run(tab.client.ready());
  assert.equal(user?.email, ADA.email);
  assert.equal(tab.page.href, "https://app.example.com/settings#profile");
  assert.equal(world.issuer.asked.length, 2);
  world.close();
});

test("accessToken() and fetch() find the session too", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  tab.reload();
  assert.ok(await isPending(world, tab.client.accessToken()));
  tab.follow();
  assert.match(await world.run(tab.client.accessToken()), /^ey/);
  world.close();
});

test("a visitor who was never signed in is not sent anywhere", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  const states = [];
  tab.client.subscribe((state) => states.push(state));
  await world.settle();
  assert.deepEqual(states, [{ status: "signed_out", user: null }]);
  assert.equal(await world.run(tab.client.ready()), null);
  assert.equal((await world.fails(tab.client.accessToken())).code, "signed_out");
  assert.equal(tab.page.left, undefined);
  world.close();
});

for (const error of ["login_required", "interaction_required", "consent_required"]) {
  test(`${error}: nobody is signed in, without an error, and the next load asks nobody`, async () => {
    const world = new RedirectWorld();
    const tab = await world.signedIn();
    tab.reload();
    tab.leave(tab.client.ready());
    await world.settle();
    tab.follow({ user: null, error });
    const [result, user] = await world.run(
      Promise.all([tab.client.handleRedirect(), tab.client.ready()]),
    );
    assert.deepEqual(result, { user: null, returnTo: "/orders?page=2#top" });
    assert.equal(user, null);
    assert.equal(tab.page.href, HOME);
    assert.equal(tab.client.status, "signed_out");
    assert.deepEqual(tab.page.events, []);
    assert.deepEqual([...world.storage], []);
    tab.reload();
    assert.equal(await world.run(tab.client.ready()), null);
    assert.equal(tab.page.left, undefined);
    world.close();
  });
}

test("that the service has nobody signed in leaves other tabs alone", async () => {
  const world = new RedirectWorld();
  const [one, two] = [await world.signedIn(), await world.signedIn()];
  one.reload();
  one.leave(one.client.ready());
  await world.settle();
  one.follow({ user: null });
  await world.run(one.client.ready());
  const event = { key: FLAG, newValue: null };
  two.page.window.dispatchEvent(Object.assign(new Event("storage"), event));
  assert.equal(two.client.status, "signed_in");
  world.close();
});

test("the service has an outage: the error is told, and this load asks no more", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  tab.reload();
  tab.leave(tab.client.ready());
  await world.settle();
  tab.follow({ user: null, error: "temporarily_unavailable" });
  const error = await world.fails(tab.client.ready());
  assert.deepEqual([error.code, error.reason], ["sign_in_refused", "temporarily_unavailable"]);
  assert.equal(await world.run(tab.client.ready()), null);
  assert.equal(tab.page.left, undefined);
  tab.reload();
  assert.ok(await isPending(world, tab.client.ready()), "the next load asks again");
  world.close();
});

test("the token endpoint is down after a silent answer: this load does not ask again", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  tab.reload();
  tab.leave(tab.client.ready());
  await world.settle();
  tab.follow();
  world.issuer.fault = () => "offline";
  assert.equal((await world.fails(tab.client.ready())).code, "network_error");
  assert.equal(await world.run(tab.client.ready()), null);
  assert.equal(tab.page.left, undefined);
  world.close();
});

test("never in a frame, and never twice for one load", async () => {
  const world = new RedirectWorld();
  await world.signedIn();
  const framed = world.open(HOME, { platform: { isFramed: true } });
  assert.equal(await world.run(framed.client.ready()), null);
  assert.equal(framed.page.left, undefined);
  const tab = world.open();
  const all = [tab.client.ready(), tab.client.ready(), tab.client.accessToken()];
  tab.client.subscribe(() => {});
  assert.ok(await isPending(world, Promise.any(all)));
  assert.equal(JSON.parse(tab.stored.get(TRIPS)).length, 1, "one round trip");
  // The user presses the browser's back button. The browser then shows the page from its
  // back/forward cache.
  tab.page.left = undefined;
  comesBack(tab.page);
  assert.equal(await world.run(/** @type {Promise<unknown>} */ (all[0])), null);
  assert.equal(await world.run(tab.client.ready()), null);
  assert.equal(tab.page.left, undefined);
  assert.equal(tab.client.status, "signed_out");
  await assert.rejects(all[2], { code: "signed_out" });
  world.close();
});

test("the back button from the sign-in: the page works as before", async () => {
  const world = new RedirectWorld();
  const tab = world.open();
  await world.run(tab.client.ready());
  const left = tab.client.signInWithRedirect();
  assert.ok(await isPending(world, left));
  comesBack(tab.page);
  assert.equal(await world.run(left), undefined);
  assert.equal(tab.client.status, "signed_out");
  await tab.signIn();
  assert.equal(tab.client.status, "signed_in");
  world.close();
});

test("offline: the page stays, and may ask again", async () => {
  const world = new RedirectWorld();
  await world.signedIn();
  let online = false;
  const tab = world.open(HOME, { platform: { isOnline: () => online } });
  assert.equal((await world.fails(tab.client.ready())).code, "network_error");
  assert.equal(tab.client.status, "unknown");
  assert.equal(tab.page.left, undefined);
  online = true;
  assert.ok(await isPending(world, tab.client.ready()));
  assert.ok(tab.page.left);
  world.close();
});

test("a page that loads itself after each answer is stopped", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  let trips = 0;
  for (; trips < 20; trips += 1) {
    tab.load(HOME);
    const ready = tab.client.ready();
    tab.leave(ready);
    await world.settle();
    if (tab.page.left === undefined) {
      const error = await world.fails(ready);
      assert.deepEqual([error.code, error.reason], ["redirect_failed", "redirect_loop"]);
      break;
    }
    tab.follow();
    await world.run(tab.client.handleRedirect());
  }
  assert.equal(trips, 5);
  assert.equal(tab.client.status, "signed_out");
  // The client counts only the redirects of the last minute. So a minute later it may redirect to
  // the service again.
  await world.advance(60_001);
  tab.load(HOME);
  assert.ok(await isPending(world, tab.client.ready()));
  world.close();
});

test("another person has signed in at the service: the next load shows them", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  tab.reload();
  tab.leave(tab.client.ready());
  await world.settle();
  tab.follow({ user: BOB });
  assert.equal((await world.run(tab.client.ready()))?.email, BOB.email);
  world.close();
});

test("a flag that somebody has written is no session, and can't do more than ask", async () => {
  const world = new RedirectWorld();
  for (const value of ["", "{", "null", "5", "out", "true", '{"scope":5}', "[]"]) {
    world.storage.set(FLAG, value);
    const tab = world.open();
    assert.equal(await world.run(tab.client.ready()), null, value);
    assert.equal(tab.page.left, undefined, value);
  }
  world.storage.set(FLAG, '{"scope":"openid","resource":5}');
  const tab = world.open();
  assert.ok(await isPending(world, tab.client.ready()));
  const { origin, searchParams } = new URL(tab.page.left ?? "");
  assert.equal(origin, ISSUER);
  assert.equal(searchParams.get("resource"), null);
  world.close();
});

test("close: the client listens to nothing any more", async () => {
  const world = new RedirectWorld();
  const tab = await world.signedIn();
  tab.client.close();
  const event = { key: FLAG, newValue: "out" };
  tab.page.window.dispatchEvent(Object.assign(new Event("storage"), event));
  assert.equal(tab.client.status, "signed_in");
  assert.equal((await world.fails(tab.client.signInWithRedirect())).code, "invalid_argument");
  world.close();
});
