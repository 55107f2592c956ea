// Tests the page /consent. It says in words which access an app requests, and sends the user's
// decision to the app.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asked, askedOf, CALLBACK, fakeApp, REQUEST } from "./app-requests.mjs";
import { addresses, focused, openPage, problem, servePages, startBrowser } from "./browser.mjs";
import { ADA, fakeSession } from "./signed-in.mjs";

const APP = "https://notes.example.com";
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
 * @param {unknown} [about] an answer in a form that `fake` accepts
 * @param {{user?: typeof ADA | null, decision?: unknown}} [more]
 */
async function open(t, about = askedOf("consent"), { user = ADA, decision } = {}) {
  const page = await openPage(t, browser, www.url, {}, [APP]);
  await fakeSession(page, user);
  const seen = await fakeApp(page, about, decision);
  await page.goto(`/consent#request=${REQUEST}`);
  return { page, ...seen };
}

const title = (page) => page.getByRole("heading", { name: "Notes asks for access" });
const permissions = (page) => page.locator("#scopes > li").allTextContents();

test("the page says who asks, for what, and for whose account; Allow leads back to the app", async (t) => {
  const { page, decided } = await open(t);
  await title(page).waitFor();
  await page.getByText("You go back to notes.example.com afterwards.").waitFor();
  await page.getByText("Ada Lovelace, ada@example.com").waitFor();
  assert.deepEqual(await permissions(page), [
    "recognise you by an id that stays the same",
    "see your email address",
  ]);
  assert.ok(await page.locator("#described").isHidden());
  assert.deepEqual(await addresses(page), [`${www.url}/consent`], "not in the address bar");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.waitForURL(CALLBACK);
  assert.deepEqual(
    decided.map(({ body }) => body),
    [{ request: REQUEST, user_id: ADA.id, allow: true }],
  );
  assert.deepEqual(await addresses(page), [CALLBACK]);
});

test("by keyboard alone: not you, Allow, Cancel; Cancel refuses", async (t) => {
  const { page, decided } = await open(t);
  await page.locator("[type=submit]:enabled").waitFor();
  assert.equal(await focused(page), "title");
  const order = [];
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press("Tab");
    order.push(await focused(page));
  }
  assert.deepEqual(order, ["not-you", "button: Allow", "cancel"]);
  await page.keyboard.press("Enter");
  await page.waitForURL(CALLBACK);
  assert.deepEqual(
    decided.map(({ body }) => body.allow),
    [false],
  );
});

test("a resource and its scopes, scopes without a resource, and no scope at all", async (t) => {
  const resource = { uri: "https://api.example.com", name: "The library" };
  for (const [scopes, of, says] of [
    [
      ["profile", "offline_access", "books:read", "books:write"],
      resource,
      [
        "see your name",
        "stay signed in until you withdraw this, also after you sign out here",
        "use The library in your name, with: books:read, books:write.https://api.example.com",
      ],
    ],
    [[], resource, ["use The library in your name.https://api.example.com"]],
    [["books:read"], null, ["use these permissions: books:read"]],
    [[], null, ["recognise you by an id that stays the same"]],
    [["constructor"], null, ["use these permissions: constructor"]],
  ]) {
    const { page } = await open(t, askedOf("consent", { scopes, resource: of }));
    await title(page).waitFor();
    assert.deepEqual(await permissions(page), says);
  }
});

test("an app that nobody registered: the host that describes it, and whether it is the same", async (t) => {
  for (const [client_id, says] of [
    ["https://notes.example.com/app.json", "own description at notes.example.com."],
    ["https://evil.example/app.json", "at evil.example, which is not where you go back to."],
  ]) {
    const { page } = await open(t, askedOf("consent", {}, { client_id }));
    await page.locator("#described").getByText(says).waitFor();
  }
});

test("names are text, never markup", async (t) => {
  const bad = "<b>x</b>\u202e";
  const { page } = await open(
    t,
    askedOf(
      "consent",
      { scopes: [bad], resource: { uri: bad, name: bad } },
      { name: bad, host: bad },
    ),
  );
  await page.getByRole("heading", { name: "asks for access" }).waitFor();
  assert.equal(await page.locator("main b").count(), 0);
  assert.equal(await page.locator("#title bdi").textContent(), bad);
});

test("two clicks, and a click right after the page came to the front, allow nothing twice or unseen", async (t) => {
  const { page, decided } = await open(t);
  const allow = page.getByRole("button", { name: "Allow", exact: true });
  await page.locator("[type=submit]:enabled").waitFor();
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await allow.click();
  await page.getByText("This page has just come to the front.").waitFor();
  assert.equal(decided.length, 0);
  await page.waitForTimeout(600);
  await allow.dblclick();
  await page.waitForURL(CALLBACK);
  assert.equal(decided.length, 1);
});

test("Allow can't be pressed in the first half second, Cancel can", async (t) => {
  const page = await openPage(t, browser, www.url, {}, [APP]);
  await fakeSession(page, ADA);
  const { decided } = await fakeApp(page, askedOf("consent"));
  // A script in the page clicks as soon as the form appears. A click from the test's process could
  // arrive later than half a second after the form appeared. The page accepts such late clicks.
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (document.querySelector("[data-view=ask]")?.checkVisibility() !== true) return;
      observer.disconnect();
      /** @type {HTMLElement | null} */ (document.querySelector("form [type=submit]"))?.click();
      document.getElementById("cancel")?.click();
    }).observe(document, { subtree: true, childList: true, attributes: true });
  });
  await page.goto(`/consent#request=${REQUEST}`);
  await page.waitForURL(CALLBACK);
  assert.deepEqual(
    decided.map(({ body }) => body.allow),
    [false],
  );
});

test("another account in another tab: the page shows it, and the choice is made again", async (t) => {
  const { page, decided } = await open(
    t,
    (time) => askedOf("consent", {}, {}, time === 1 ? ADA : ROOT),
    {
      decision: (time) =>
        time === 1 ? problem(409, "other_user") : { json: { redirect: CALLBACK } },
    },
  );
  const allow = page.getByRole("button", { name: "Allow", exact: true });
  await allow.click();
  await page.getByText("Another account is signed in now.").waitFor();
  assert.equal(await page.locator("#who").textContent(), ROOT.email);
  await page.waitForTimeout(600);
  await allow.click();
  await page.waitForURL(CALLBACK);
  assert.deepEqual(
    decided.map(({ body }) => body.user_id),
    [ADA.id, ROOT.id],
  );
});

test("not you: the form of the sign-in page, with the request", async (t) => {
  const { page, decided } = await open(t);
  await page.getByRole("link", { name: "Not you?" }).click();
  await page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
  assert.ok(await page.getByLabel("Password", { exact: true }).isVisible());
  assert.equal(decided.length, 0);
});

test("nobody is signed in: the sign-in page, with the request", async (t) => {
  const { page } = await open(t, asked(), { user: null });
  await page.waitForURL("**/sign-in");
  await page.getByRole("heading", { name: "Sign in to continue to Notes" }).waitFor();
});

test("an expired or foreign request, no request, and no answer each say what to do next", async (t) => {
  const expired = await open(t, problem(400, "invalid_request"));
  await expired.page.getByRole("heading", { name: "This request has expired" }).waitFor();
  await expired.page.getByText("Go back to the app and sign in there again.").first().waitFor();

  // If the request is sent with the cookies, the service rejects it. If the same request is sent
  // without cookies, the service accepts it or gives no verdict.
  for (const withoutCookies of [asked(), problem(503, "unavailable"), "offline"]) {
    const unread = problem(400, "invalid_request");
    const answers = [unread, withoutCookies, askedOf("consent")];
    const { page } = await open(t, (time) => answers[time - 1]);
    await page
      .getByText("The service could not do this (invalid_request, request 5f0c).")
      .waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await title(page).waitFor();
  }

  const page = await openPage(t, browser, www.url);
  await fakeSession(page, ADA);
  await page.goto("/consent");
  await page.getByRole("heading", { name: "There is no app to allow" }).waitFor();

  const offline = await open(t, (time) => (time === 1 ? "offline" : askedOf("consent")));
  await offline.page.getByText("No answer came.").waitFor();
  await offline.page.getByRole("button", { name: "Try again" }).click();
  await title(offline.page).waitFor();
});

test("a refused decision is said at the buttons, and the page stays", async (t) => {
  const { page } = await open(t, undefined, {
    decision: problem(503, "unavailable", {}, { "Retry-After": "5" }),
  });
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.getByRole("alert").getByText("The service can’t do this at the moment.").waitFor();
  assert.equal(new URL(page.url()).pathname, "/consent");
});
