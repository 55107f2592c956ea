// Tests the sign-in page when an app has sent the user there. A registration or a password reset
// makes the user leave the page to read a mail. Afterwards the page must still know the app's
// request.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asked, askedOf, CALLBACK, fakeApp, REQUEST } from "./app-requests.mjs";
import {
  addresses,
  fake,
  focused,
  openPage,
  problem,
  servePages,
  startBrowser,
} from "./browser.mjs";
import { ADA, fakeSession, signedIn } from "./signed-in.mjs";

const PASSWORD = "correct horse battery staple";
const GOOD = "violet tram hums at noon";
const APP = "https://notes.example.com";
const AT = `/sign-in#request=${REQUEST}`;
const ROOT = { ...ADA, id: "019ab7a1-2c00-7202-8202-0202020202ff", email: "root@example.com" };
let browser;
let www;
before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages({ MAIL_LOCALE: "en" })]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

/**
 * @param {import("node:test").TestContext} t
 * @param {unknown} about
 * @param {{user?: typeof ADA | null, at?: string, decision?: unknown, options?: object}} [more]
 */
async function open(t, about, { user = null, at = AT, decision, options = {} } = {}) {
  const page = await openPage(t, browser, www.url, options, [APP, "com.example.notes:"]);
  await fakeSession(page, user);
  const seen = await fakeApp(page, about, decision);
  await page.goto(at);
  return { page, ...seen };
}

const type = async (page, email = "ada@example.com") => {
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
};

test("the page names the app and its host; after signing in the browser is back at the app", async (t) => {
  const { page, about, decided } = await open(t, (time) =>
    time === 1 ? asked() : askedOf("done"),
  );
  const login = await fake(page, "/auth/login", () => signedIn());
  await page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
  assert.equal(await page.title(), "Sign in to continue to Notes");
  await page
    .locator(".app-place:visible")
    .getByText("You go back to notes.example.com afterwards.")
    .waitFor();
  assert.deepEqual(await addresses(page), [`${www.url}/sign-in`], "not in the address bar");
  await type(page);
  await page.waitForURL(CALLBACK);
  assert.deepEqual(
    about.map(({ body }) => body),
    [{ request: REQUEST }, { request: REQUEST }],
  );
  assert.equal(login.length, 1);
  assert.deepEqual(
    decided.map(({ body }) => body),
    [{ request: REQUEST, user_id: ADA.id, allow: true }],
  );
  assert.deepEqual(await addresses(page), [CALLBACK], "Back does not lead to the form again");
});

test("the form waits until the page knows the app, and the page says what it waits for", async (t) => {
  let know;
  const known = new Promise((resolve) => (know = resolve));
  const { page } = await open(t, async () => {
    await known;
    return asked();
  });
  await page.getByText("Reading what the app asks for…").waitFor();
  assert.equal(await page.locator("form").isVisible(), false);
  know();
  await page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
  assert.equal(await page.locator("form").isVisible(), true);
  assert.equal(await focused(page), "email");
});

test("before the page's script is there, the form of an app's request is not shown", async (t) => {
  const page = await openPage(t, browser, www.url);
  await page.route("**/sign-in.js", () => {});
  const isShown = async (path) => {
    await page.goto("about:blank");
    await page.goto(path, { waitUntil: "commit" });
    await page.locator("footer").waitFor();
    return page.locator("form").isVisible();
  };
  assert.equal(await isShown("/sign-in"), true);
  assert.equal(await isShown(AT), false);
  // After a reload the page finds the request in the history state, because its script stores the
  // request there.
  await page.evaluate((request) => history.replaceState({ request }, "", "/sign-in"), REQUEST);
  await page.reload({ waitUntil: "commit" });
  await page.locator("footer").waitFor();
  assert.equal(await page.locator("form").isVisible(), false);
});

test("whoever is signed in goes to the app at once, and one who must consent to that page", async (t) => {
  const { page, decided } = await open(t, askedOf("done"), { user: ADA });
  await page.waitForURL(CALLBACK);
  assert.deepEqual(
    decided.map(({ body }) => body.user_id),
    [ADA.id],
  );

  const other = await open(t, askedOf("consent"), { user: ADA });
  await other.page.waitForURL("**/consent");
  await other.page.getByRole("heading", { name: "Notes asks for access" }).waitFor();
  assert.equal(other.decided.length, 0);
});

test("a program on this device gets an answer only by a button, which names the account", async (t) => {
  const { page, decided } = await open(t, askedOf("continue", {}, { host: "127.0.0.1" }), {
    user: ADA,
  });
  await page.getByRole("heading", { name: "Continue to Notes" }).waitFor();
  await page
    .locator(".app-place:visible")
    .getByText("You go back to a program on this device afterwards.")
    .waitFor();
  await page.getByText("You are signed in as ada@example.com.").waitFor();
  assert.equal(decided.length, 0);
  await page.getByRole("button", { name: "Continue as Ada Lovelace" }).click();
  await page.waitForURL(CALLBACK);
  assert.equal(decided.length, 1);
});

test("another account: its form, and then the app gets that one", async (t) => {
  const { page, decided } = await open(
    t,
    (time) => (time === 1 ? askedOf("continue") : askedOf("done", {}, {}, ROOT)),
    { user: ADA },
  );
  await fake(page, "/auth/login", () => signedIn(ROOT));
  await page.getByRole("button", { name: "Use another account" }).click();
  assert.equal(await focused(page), "email");
  await type(page, ROOT.email);
  await page.waitForURL(CALLBACK);
  assert.deepEqual(
    decided.map(({ body }) => body.user_id),
    [ROOT.id],
  );
});

test("with the mark of the consent page the form appears, although somebody is signed in", async (t) => {
  const { page, decided } = await open(t, askedOf("done"), { user: ADA, at: `${AT}&other=` });
  await page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
  assert.equal(await page.getByLabel("Email address").inputValue(), "");
  await page.reload();
  await page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
  assert.equal(decided.length, 0);
});

test("an app that wants the password again says so, with the address; a hint fills in the address", async (t) => {
  const again = await open(t, askedOf("sign_in"), { user: ADA });
  await again.page.getByText("The app asks for your password again.").waitFor();
  assert.equal(await again.page.getByLabel("Email address").inputValue(), ADA.email);
  assert.equal(await focused(again.page), "password");

  const hinted = await open(t, asked({ login_hint: "grace@example.com" }));
  await hinted.page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
  assert.equal(await hinted.page.getByLabel("Email address").inputValue(), "grace@example.com");
});

test("a hint of somebody else: the form has that address and does not ask for the password again", async (t) => {
  for (const { login_hint, fills, isAgain } of [
    { login_hint: "grace@example.com", fills: "grace@example.com", isAgain: false },
    { login_hint: " Ada@Example.com", fills: ADA.email, isAgain: true },
    { login_hint: "+49 341 555", fills: ADA.email, isAgain: true },
  ]) {
    const { page } = await open(t, askedOf("sign_in", { login_hint }), { user: ADA });
    await page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
    assert.equal(await page.getByLabel("Email address").inputValue(), fills);
    assert.equal(await page.locator("#sign-in-again").isVisible(), isAgain, login_hint);
  }
});

test("the address of the request replaces one that was typed earlier in this tab", async (t) => {
  for (const { answer, user, fills } of [
    { answer: askedOf("sign_in"), user: ADA, fills: ADA.email },
    { answer: asked({ login_hint: "grace@example.com" }), user: null, fills: "grace@example.com" },
    { answer: asked({ login_hint: "+49 341 555" }), user: null, fills: "earlier@example.com" },
  ]) {
    const { page } = await open(t, answer, { user, at: "/register" });
    await page.getByLabel("Email address").fill("earlier@example.com");
    await page.getByLabel("Email address").press("Tab");
    await page.goto(AT);
    await page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
    assert.equal(await page.getByLabel("Email address").inputValue(), fills);
  }
});

test("a request that is not valid any more: what to do next, and nothing is decided", async (t) => {
  const { page, decided } = await open(t, problem(400, "invalid_request"), { user: ADA });
  await page.getByRole("heading", { name: "This request has expired" }).waitFor();
  await page.getByText("Go back to the app and sign in there again.").waitFor();
  assert.equal(decided.length, 0);
});

test("no answer: said, and tried again by a button", async (t) => {
  const { page } = await open(t, (time) => (time === 1 ? "offline" : askedOf("done")), {
    user: ADA,
  });
  await page.getByText("No answer came.").waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForURL(CALLBACK);
});

test("the account changed in another tab: the service is asked again, and a button ends the circle", async (t) => {
  const { page, about, decided } = await open(t, askedOf("done"), {
    user: ADA,
    decision: problem(409, "other_user"),
  });
  await page.getByRole("button", { name: "Continue as Ada Lovelace" }).waitFor();
  assert.deepEqual([about.length, decided.length], [3, 2]);
});

test("reloading keeps the request, and another visit to the page in the same tab does not", async (t) => {
  const { page } = await open(t, asked());
  const named = page.getByRole("heading", { name: "Sign in to continue to Notes" });
  await named.waitFor();
  await page.reload();
  await named.waitFor();
  await page.goto("/register");
  await page.goBack();
  await named.waitFor();
  // Go to another page first. If Chromium is sent to the address that it already shows, it reloads
  // the page, and a reload keeps the request (see above).
  await page.goto("/register");
  await page.goto("/sign-in");
  await page.locator("[data-state=ready]").waitFor();
  assert.equal(await page.locator("h1:visible").textContent(), "Sign in");
});

test("an app's name is text, never markup, and can't turn the text around it", async (t) => {
  const name = '<img src=x onerror="alert(1)">\u202etxt.exe';
  const { page } = await open(t, asked({}, { name }));
  const heading = page.locator("h1:visible");
  await heading.getByText("<img").waitFor();
  assert.equal(await heading.locator("img").count(), 0);
  assert.equal(await heading.locator("bdi").textContent(), name);
});

test("an address that would run in the page is never followed", async (t) => {
  const context = await browser.newContext({ baseURL: www.url });
  t.after(() => context.close());
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  await fakeSession(page, ADA);
  await fakeApp(page, askedOf("continue"), {
    json: { redirect: "javascript:document.title='run'" },
  });
  await page.goto(AT);
  await page.getByRole("button", { name: "Continue as Ada Lovelace" }).click();
  await page.getByRole("alert").getByText("could not do this").waitFor();
  assert.deepEqual(errors, ["An app at javascript:"]);
  assert.equal(new URL(page.url()).pathname, "/sign-in");
});

test("an app on this device: the page stays and has a button that opens the app", async (t) => {
  const redirect = "com.example.notes:/callback?code=1";
  const { page } = await open(t, askedOf("continue", {}, { host: "" }), {
    user: ADA,
    decision: { json: { redirect } },
  });
  // The tests' browser has no program that opens the addresses of this app, so stop the request.
  await page.route("com.example.notes:**", (route) => route.abort());
  await page.getByRole("button", { name: "Continue as Ada Lovelace" }).click();
  await page.getByRole("heading", { name: "Go back to Notes" }).waitFor();
  const link = page.getByRole("link", { name: "Open the app" });
  assert.equal(await link.getAttribute("href"), redirect);
});

test("the app's language, unless the address names one", async (t) => {
  const { page } = await open(t, asked({ ui_locales: "de-AT en" }));
  await page.getByRole("heading", { name: "Anmelden und weiter zu Notes" }).waitFor();
  assert.equal(new URL(page.url()).search, "?ui_locales=de-AT+en");
  await page.getByRole("link", { name: "Konto anlegen" }).click();
  await page.getByRole("heading", { name: "Konto anlegen" }).waitFor();

  const named = await open(t, asked({ ui_locales: "de" }), {
    at: `/sign-in?ui_locales=en#request=${REQUEST}`,
  });
  await named.page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
});

// Returns the requests that the pages have stored. The pages store requests for the time in which
// the user reads a mail.
const kept = (page) =>
  page.evaluate(() =>
    Object.entries(localStorage)
      .filter(([name]) => name.startsWith("edgegate:request:"))
      .map(([name, text]) => [name.slice("edgegate:request:".length), JSON.parse(text)]),
  );

test("registering keeps the request through the mail: the link leads on in the same browser", async (t) => {
  const { page } = await open(t, asked());
  const registered = await fake(page, "/auth/register", { status: 202 });
  await page.getByRole("link", { name: "Create one" }).click();
  await page.getByLabel("Email address").fill("grace@example.com");
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  const { email, request_id: id } = registered[0].body;
  assert.equal(email, "grace@example.com");
  assert.match(id, /^[A-Za-z0-9_-]{21}[AQgw]$/);
  const [[keptId, { request, until }], ...rest] = await kept(page);
  assert.deepEqual([keptId, request, rest], [id, REQUEST, []]);
  assert.ok(until <= Date.now() + 3_600_000 && until > Date.now() + 3_500_000);

  // The test opens the mail's link in another tab, as a user would.
  const tab = await page.context().newPage();
  await fakeSession(tab, null);
  await fake(tab, "/auth/email/verify", { status: 204 });
  await tab.goto(`/verify-email?request_id=${id}#egl_1`);
  await tab.getByLabel("Password", { exact: true }).fill(GOOD);
  await tab.getByRole("button", { name: "Confirm the address" }).click();
  await tab.getByText("you go on to the app that you came from").waitFor();
  await fakeApp(tab, (time) => (time === 1 ? asked() : askedOf("done")));
  await fake(tab, "/auth/login", () => signedIn());
  await tab.locator("[data-view=done]").getByRole("link", { name: "Sign in" }).click();
  await tab.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
  assert.equal(await tab.getByLabel("Email address").inputValue(), "grace@example.com");
  await type(tab, "grace@example.com");
  await tab.waitForURL(CALLBACK);
  assert.deepEqual(await kept(page), [], "nothing is kept after the app has its answer");
});

test("a new password keeps it too; each of several mails has the same id", async (t) => {
  const { page } = await open(t, asked());
  const mailed = await fake(page, "/auth/password/reset", { status: 202 });
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("Email address").fill("ada@example.com");
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByRole("button", { name: "Use another address" }).click();
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  const ids = mailed.map(({ body }) => body.request_id);
  assert.equal(ids.length, 2);
  assert.equal(ids[0], ids[1]);
  await page.goto(`/reset-password?request_id=${ids[0]}#egl_1`);
  await fake(page, "/auth/password/confirm", { status: 204 });
  await page.getByLabel("New password").fill(GOOD);
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.locator("[data-view=done]").getByRole("link", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
});

test("on another device, after an hour, and with a forged id: back to the app; without an id no word of it", async (t) => {
  const done = async (page, search) => {
    await page.goto(`/verify-email${search}#egl_1`);
    await page.getByLabel("Password", { exact: true }).fill(GOOD);
    await page.getByRole("button", { name: "Confirm the address" }).click();
    await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
    const link = page.locator("[data-view=done]").getByRole("link", { name: "Sign in" });
    return {
      here: await page.getByText("you go on to the app").isVisible(),
      elsewhere: await page.getByText("Did an app send you here?").isVisible(),
      href: await link.getAttribute("href"),
    };
  };
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, null);
  await fake(page, "/auth/email/verify", { status: 204 });
  await page.goto("/verify-email");
  const ids = ["AAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBA"];
  await page.evaluate(([old, far]) => {
    const keep = (id, until) =>
      localStorage.setItem(`edgegate:request:${id}`, JSON.stringify({ request: "egq_1", until }));
    keep(old, Date.now() - 1);
    // The pages store a request for at most an hour. So an entry that claims to expire later is
    // ignored.
    keep(far, Date.now() + 4_000_000);
  }, ids);
  const elsewhere = { here: false, elsewhere: true, href: "/sign-in" };
  for (const id of [...ids, "CCCCCCCCCCCCCCCCCCCCCA"])
    assert.deepEqual(await done(page, `?request_id=${id}`), elsewhere, id);
  assert.deepEqual(await kept(page), [], "what has expired is removed");
  for (const search of ["", "?request_id=", "?request_id=__proto__"])
    assert.deepEqual(await done(page, search), { ...elsewhere, elsewhere: false }, search);
});
