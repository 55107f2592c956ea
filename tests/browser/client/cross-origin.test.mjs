// Tests AuthClient in Chromium on a page of another origin, which calls the service with CORS. The
// page and the service have the same host and different ports. Therefore they are on the same site,
// but have different origins.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "../browser.mjs";
import { freePort, startEdgegate } from "../edgegate.mjs";
import { ADA, openProfile, outdate, ROOT, servePages } from "./pages.mjs";

let browser, edgegate, listed, alsoListed, unlisted;
before(async () => {
  const ports = [await freePort(), await freePort()];
  browser = await startBrowser();
  const origins = ports.map((port) => `http://127.0.0.1:${port}`).join(" ");
  const vars = { LIMITS: "off", ROTATE_AFTER: "0", ALLOWED_ORIGINS: origins };
  edgegate = await startEdgegate({ vars });
  [listed, alsoListed] = await Promise.all(ports.map((port) => servePages(port, edgegate.origin)));
  unlisted = await servePages(await freePort(), edgegate.origin);
});
after(() => {
  const servers = [edgegate, listed, alsoListed, unlisted].map((server) => server?.stop());
  return Promise.all([browser?.close(), ...servers]);
});

// Returns the browser's cookies, except the cookie that recognizes the device. A logout does not
// delete that cookie.
const sessionCookies = async (context) =>
  (await context.cookies()).filter(({ name }) => !name.endsWith("-device"));

test("from an origin in ALLOWED_ORIGINS everything works", async (t) => {
  const opened = await openProfile(t, browser, listed.origin, { url: edgegate.origin });
  const [one, two] = [await opened.open(), await opened.open()];
  assert.equal(await one.ready(), null);
  assert.equal(
    await one.code('client.login({ email: "ada@example.com", password: "wrong wrong wrong" })'),
    "invalid_credentials",
  );
  assert.equal((await one.login(ADA)).first_name, "Ada");
  assert.equal((await two.ready()).first_name, "Ada");
  for (const tab of [one, two]) assert.equal(await tab.page.evaluate("document.cookie"), "");

  const before = opened.count("POST /auth/token");
  await outdate(edgegate);
  const address = `${edgegate.origin}/auth/me`;
  assert.deepEqual(await Promise.all([one, two].map((tab) => tab.fetch(address))), [200, 200]);
  assert.equal(opened.count("POST /auth/token") - before, 1);

  await one.reload();
  assert.equal((await one.ready()).first_name, "Ada");
  const sessions = await one.page.evaluate("client.sessions()");
  assert.ok(sessions.some(({ current }) => current));
  // The client sends the token only to the service's origin. It refuses to send the token to any
  // other origin.
  assert.equal(await one.fetch("/client-test"), "invalid_argument");

  await one.logout();
  await two.told("signed-out: other_tab");
  assert.deepEqual(await sessionCookies(opened.context), []);
});

test("a refused token is renewed: the challenge can be read across origins", async (t) => {
  const opened = await openProfile(t, browser, listed.origin, { url: edgegate.origin });
  const tab = await opened.open();
  await tab.login(ADA);
  const token = await tab.token();
  let refused = 0;
  await opened.context.route("**/auth/sessions", async (route) => {
    const headers = { ...(await route.request().allHeaders()) };
    if (headers.authorization === `Bearer ${token}`) {
      refused += 1;
      headers.authorization = "Bearer x";
    }
    return route.continue({ headers });
  });
  assert.equal(await tab.fetch(`${edgegate.origin}/auth/sessions`), 200);
  assert.equal(refused, 1);
  assert.notEqual(await tab.token(), token);
});

test("a logout that one origin could not tell leaves a later login on another alone", async (t) => {
  const opened = await openProfile(t, browser, listed.origin, { url: edgegate.origin });
  const one = await opened.open();
  await one.login(ADA);
  await opened.context.route("**/auth/revoke", (route) => route.abort("internetdisconnected"));
  assert.equal(await one.code("client.logout()"), "network_error");
  await one.page.close();
  const two = await opened.open(alsoListed.origin);
  await two.login(ROOT);
  await opened.context.unroute("**/auth/revoke");
  // The first page might have repeated its failed request, so count only the requests from now on.
  const failed = opened.count("POST /auth/revoke");

  const again = await opened.open();
  assert.equal((await again.ready()).email, ROOT.email);
  assert.equal(opened.count("POST /auth/revoke") - failed, 1);
  assert.deepEqual(await again.page.evaluate("({ ...localStorage })"), {});
  assert.equal(await two.fetch(`${edgegate.origin}/auth/me`), 200);
  await two.reload();
  assert.equal((await two.ready()).email, ROOT.email);
  await again.logout();
  assert.deepEqual(await sessionCookies(opened.context), []);
});

test("from another origin nothing can be had, and that signs nobody in or out", async (t) => {
  const opened = await openProfile(t, browser, unlisted.origin, {
    url: edgegate.origin,
    // Chromium reports each request that CORS blocked as an error. The error message comes some
    // time after the request.
    complaints: /blocked by CORS policy/,
  });
  const tab = await opened.open();
  assert.equal(
    await tab.code(
      "client.login({ email: 'ada@example.com', password: 'correct horse battery staple' })",
    ),
    "network_error",
  );
  assert.equal(await tab.code("client.ready()"), "network_error");
  const { reason, message } = await tab.page.evaluate(
    "client.requestPasswordReset('ada@example.com').catch(({ reason, message }) => ({ reason, message }))",
  );
  assert.equal(reason, "origin_not_allowed");
  assert.match(
    message,
    new RegExp(`${edgegate.origin} is up.* add ${unlisted.origin} to .*ALLOWED_ORIGINS`),
  );
  assert.deepEqual([await tab.status(), await sessionCookies(opened.context)], ["unknown", []]);
});

test("a service that is down is not taken for one that does not list the page", async (t) => {
  const port = await freePort();
  const page = await servePages(await freePort(), `http://127.0.0.1:${port}`);
  t.after(() => page.stop());
  const opened = await openProfile(t, browser, page.origin, { url: `http://127.0.0.1:${port}` });
  const tab = await opened.open();
  const { code, reason } = await tab.page.evaluate(
    "client.ready().catch(({ code, reason }) => ({ code, reason }))",
  );
  assert.deepEqual([code, reason], ["network_error", undefined]);
});
