// Tests AuthClient in Chromium with the real Worker, on the service's own origin.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startBrowser } from "../browser.mjs";
import { startEdgegate } from "../edgegate.mjs";
import { ADA, openProfile, outdate, ROOT } from "./pages.mjs";

const RENEWAL = "POST /auth/token";
const LOCKLESS = ["navigator.locks", "BroadcastChannel"];

let browser, edgegate;
before(async () => {
  [browser, edgegate] = await Promise.all([
    startBrowser(),
    // With these settings every renewal rotates the refresh token. This is the hardest case for
    // tabs that renew at the same time.
    startEdgegate({ vars: { LIMITS: "off", ROTATE_AFTER: "0", REUSE: "strict" } }),
  ]);
});
after(() => Promise.all([browser?.close(), edgegate?.stop()]));

const profile = (t, options) => openProfile(t, browser, edgegate.origin, options);

/** Opens `count` tabs of a browser profile, and signs Ada in. */
async function tabsOf(opened, count) {
  const tabs = [await opened.open()];
  await tabs[0].login(ADA);
  while (tabs.length < count) {
    tabs.push(await opened.open());
    await tabs.at(-1).ready();
  }
  return tabs;
}

// Returns the browser's cookies, except the cookie that recognizes the device. A logout does not
// delete that cookie.
const sessionCookies = async (context) =>
  (await context.cookies()).filter(({ name }) => !name.endsWith("-device"));

test("a login lasts over a reload, and no script can find a token", async (t) => {
  const opened = await profile(t);
  const [tab] = await tabsOf(opened, 1);
  await tab.reload();
  assert.equal((await tab.ready()).first_name, "Ada");
  assert.equal(await tab.fetch("/auth/me"), 200);
  const found = await tab.page.evaluate(async () => ({
    cookie: document.cookie,
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    url: location.href,
    name: window.name,
  }));
  const nothing = { cookie: "", local: {}, session: {}, databases: [], caches: [], name: "" };
  assert.deepEqual(found, { ...nothing, url: `${edgegate.origin}/client-test` });
  // The sign-on cookie lets the user enter apps without signing in again. It is SameSite=Lax, so
  // the browser sends it even when the user comes from another site. No request with this
  // cookie alone is answered with a token.
  const { port } = new URL(edgegate.origin);
  const attributes = (await opened.context.cookies())
    .map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])
    .sort();
  assert.deepEqual(attributes, [
    [`edgegate-${port}`, true, "Strict"],
    [`edgegate-${port}-device`, true, "Strict"],
    [`edgegate-sso-${port}`, true, "Lax"],
  ]);
});

test("a first visit: nobody", async (t) => {
  const opened = await profile(t);
  const tab = await opened.open();
  assert.equal(await tab.ready(), null);
  assert.deepEqual(
    [await tab.status(), await tab.events(), await tab.fetch("/auth/me")],
    ["signed_out", [], "signed_out"],
  );
});

test("a proof by the password: one session, in every tab; a wrong password changes nothing", async (t) => {
  const opened = await profile(t);
  const [one, two] = await tabsOf(opened, 2);
  const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  const before = await one.token();
  const wrong = "client.reauthenticate('wrong wrong wrong')";
  assert.equal(await one.code(wrong), "invalid_credentials");
  assert.deepEqual([await one.token(), await one.status()], [before, "signed_in"]);

  // A tab keeps its own token if the new token has the same `iat` and the same `auth_time`. Both
  // are in seconds, so wait until the next second has begun.
  const { iat } = claimsOf(await two.token());
  while (Math.floor(Date.now() / 1000) <= iat) await sleep(50);
  await two.page.evaluate("events.length = 0");
  await one.page.evaluate((password) => window.client.reauthenticate(password), ADA.password);
  await two.told("renewed");
  const after = await one.token();
  assert.notEqual(after, before);
  assert.equal(await two.token(), after);
  assert.equal(claimsOf(after).sid, claimsOf(before).sid);
  assert.ok(claimsOf(after).auth_time >= claimsOf(before).auth_time);
  assert.equal(opened.count(RENEWAL), 1, "the second tab's ready alone");
  for (const tab of [one, two]) {
    await tab.reload();
    assert.equal((await tab.ready()).first_name, "Ada");
    assert.equal(await tab.fetch("/auth/me"), 200);
  }
});

test("two tabs that renew at once make one request, and both stay signed in", async (t) => {
  const opened = await profile(t);
  const tabs = await tabsOf(opened, 2);
  // Both tabs must renew at the same time. So hold the renewals back until the service has rejected
  // the calls of both tabs.
  let refused = 0;
  let bothRefused;
  opened.context.on("response", (answer) => {
    if (answer.status() !== 401) return;
    refused += 1;
    if (refused === 2) bothRefused.resolve();
  });
  await opened.context.route("**/auth/token", async (route) => {
    await bothRefused.promise;
    await route.continue();
  });
  for (let round = 1; round <= 3; round += 1) {
    [refused, bothRefused] = [0, Promise.withResolvers()];
    const before = opened.count(RENEWAL);
    await outdate(edgegate);
    // After the service has rejected a token, the client renews at most once in half a minute.
    await opened.context.clock.fastForward("00:40");
    assert.deepEqual(await Promise.all(tabs.map((tab) => tab.fetch("/auth/me"))), [200, 200]);
    const tokens = await Promise.all(tabs.map((tab) => tab.token()));
    assert.equal(tokens[0], tokens[1]);
    assert.equal(opened.count(RENEWAL) - before, 1, `round ${round}`);
  }
});

test("without locks and channel each renews for itself, and both stay signed in", async (t) => {
  const opened = await profile(t, { without: LOCKLESS });
  const tabs = await tabsOf(opened, 2);
  assert.equal(
    await tabs[0].page.evaluate("navigator.locks ?? globalThis.BroadcastChannel"),
    undefined,
  );
  for (let round = 1; round <= 3; round += 1) {
    await outdate(edgegate);
    // After the service has rejected a token, the client renews at most once in half a minute.
    await opened.context.clock.fastForward("00:40");
    assert.deepEqual(await Promise.all(tabs.map((tab) => tab.fetch("/auth/me"))), [200, 200]);
  }
  assert.deepEqual(await Promise.all(tabs.map((tab) => tab.status())), ["signed_in", "signed_in"]);
});

test("a tab asleep past the token's end renews before it asks", async (t) => {
  const opened = await profile(t);
  const [tab] = await tabsOf(opened, 1);
  const first = await tab.token();
  const before = opened.count(RENEWAL);
  await opened.context.clock.fastForward("08:00:00");
  assert.equal(await tab.fetch("/auth/me"), 200);
  assert.notEqual(await tab.token(), first);
  assert.equal(opened.count(RENEWAL) - before, 1);
  // The next renewal happens without a call by the page: the tab renews by itself.
  await opened.context.clock.fastForward("08:00:00");
  await tab.page.waitForFunction(() => window.events.filter((it) => it === "renewed").length === 2);
});

test("offline and back: nobody is signed out, and it goes on by itself", async (t) => {
  const opened = await profile(t);
  const [tab] = await tabsOf(opened, 1);
  await opened.context.setOffline(true);
  await opened.context.clock.fastForward("30:00");
  assert.equal(await tab.fetch("/auth/me"), "network_error");
  assert.deepEqual([await tab.status(), await tab.events()], ["signed_in", ["signed-in"]]);
  await opened.context.setOffline(false);
  await tab.told("renewed");
  assert.equal(await tab.fetch("/auth/me"), 200);
});

test("a captive portal: nobody is signed out", async (t) => {
  const opened = await profile(t);
  const [tab] = await tabsOf(opened, 1);
  const portal = (route) =>
    route.fulfill({ contentType: "text/html", body: "<title>Welcome to the hotel</title>" });
  await opened.context.route("**/auth/**", portal);
  await opened.context.clock.fastForward("30:00");
  assert.equal(await tab.fetch("/auth/me"), "network_error");
  assert.equal(await tab.code("client.logout()"), "network_error");
  await opened.context.unroute("**/auth/**", portal);
  await opened.context.clock.fastForward("02:00");
  assert.equal(await tab.ready(), null);
  assert.deepEqual(await sessionCookies(opened.context), []);
});

test("a logout in one tab is seen in the other", async (t) => {
  const opened = await profile(t);
  const [one, two] = await tabsOf(opened, 2);
  await one.logout();
  await two.told("signed-out: other_tab");
  assert.deepEqual(await Promise.all([one, two].map((tab) => tab.status())), [
    "signed_out",
    "signed_out",
  ]);
  assert.deepEqual(await sessionCookies(opened.context), []);
  await two.reload();
  assert.equal(await two.ready(), null);
});

test("a logout on the way to another page is carried out", async (t) => {
  const opened = await profile(t);
  const [tab] = await tabsOf(opened, 1);
  await tab.page.evaluate("void client.logout().catch(() => {}); location.href = 'about:blank'");
  await tab.page.waitForURL("about:blank");
  const next = await opened.open();
  assert.equal(await next.ready(), null);
  assert.deepEqual(await sessionCookies(opened.context), []);
});

test("a logout offline: out at once, the next page does not sign in, and the service hears of it", async (t) => {
  const opened = await profile(t);
  const [one, two] = await tabsOf(opened, 2);
  const { sid } = JSON.parse(
    Buffer.from((await one.token()).split(".")[1], "base64url").toString(),
  );
  await opened.context.route("**/auth/**", (route) => route.abort("internetdisconnected"));
  assert.equal(await one.code("client.logout()"), "network_error");
  await two.told("signed-out: other_tab");
  assert.equal(await one.status(), "signed_out");
  const stored = await one.page.evaluate("JSON.stringify({ ...localStorage })");
  assert.equal(stored, JSON.stringify({ [`edgegate:${edgegate.origin}:logout`]: sid }));
  await two.reload();
  assert.equal(await two.code("client.ready()"), "network_error");
  await opened.context.unroute("**/auth/**");
  assert.equal(await two.ready(), null);
  assert.deepEqual(await sessionCookies(opened.context), []);
  assert.equal(await two.page.evaluate("localStorage.length"), 0);
});

test("another user's login in another tab signs the first one out", async (t) => {
  const opened = await profile(t);
  const [one, two] = await tabsOf(opened, 2);
  await one.login(ROOT);
  await two.told("signed-out: other_user");
  await two.page.waitForFunction(() => window.client.user?.email === "root@example.com");
  assert.equal(await two.fetch("/auth/me"), 200);
});

test("a session that is ended elsewhere ends here at the next refusal", async (t) => {
  const [here, away] = [await profile(t), await profile(t)];
  const [tab] = await tabsOf(here, 1);
  const [other] = await tabsOf(away, 1);
  await other.page.evaluate("client.endOtherSessions()");
  assert.equal(await tab.fetch("/auth/me"), "signed_out");
  await tab.told("signed-out: session_ended");
  assert.deepEqual(await sessionCookies(here.context), []);
  assert.equal(await other.fetch("/auth/me"), 200);
});

test("a change of password goes on in every tab of this browser", async (t) => {
  const opened = await profile(t);
  const owner = { email: `grace-${Date.now()}@example.com`, password: "a passphrase nobody knows" };
  const [root] = await tabsOf(await profile(t), 1);
  await root.login(ROOT);
  // Use a new account for this test, because other tests sign in to Ada's account.
  await register(owner);
  const one = await opened.open();
  await one.login(owner);
  const two = await opened.open();
  await two.ready();
  const next = { ...owner, password: "another passphrase nobody knows" };
  assert.equal(
    await one.code(
      `client.changePassword({ current_password: "wrong wrong wrong", new_password: "${next.password}" })`,
    ),
    "invalid_credentials",
  );
  await one.page.evaluate(
    ({ from, to }) => window.client.changePassword({ current_password: from, new_password: to }),
    {
      from: owner.password,
      to: next.password,
    },
  );
  assert.deepEqual(await Promise.all([one, two].map((tab) => tab.fetch("/auth/me"))), [200, 200]);
  await one.page.evaluate(
    (current_password) => window.client.deleteAccount({ current_password }),
    next.password,
  );
  await two.told("signed-out: account_deleted");
  assert.deepEqual(await sessionCookies(opened.context), []);
});

// Registers an account with the mailed link, as users do.
async function register({ email, password }) {
  await edgegate.post("/auth/register", { email, first_name: "Grace" });
  for (;;) {
    const mail = (await edgegate.outbox()).find(({ to }) => to === email);
    const token = mail?.text.match(/#(\S+)/)?.[1];
    if (token) return edgegate.post("/auth/email/verify", { token, password });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
