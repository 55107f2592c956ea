// A page is never blank. Its form is part of the HTML, and its script makes the form work. If the
// script fails, the page says so. If the page only waits for a slow answer, its form works before
// the answer arrives.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fake, openPage, servePages, startBrowser } from "./browser.mjs";
import { ADA, fakeSession, renewed, signedIn } from "./signed-in.mjs";

const FAILED = "This page did not load completely";
const TICKET = "#AbC-dEf_123";
const PAGES = [
  { at: "/sign-in", entry: "/sign-in.js", form: true },
  { at: "/register", entry: "/register.js", form: true },
  { at: "/forgot-password", entry: "/forgot-password.js", form: true },
  { at: `/reset-password${TICKET}`, entry: "/mailed-link.js", form: true },
  { at: `/verify-email${TICKET}`, entry: "/mailed-link.js", form: true },
  { at: `/confirm-email${TICKET}`, entry: "/mailed-link.js", form: true },
  { at: "/account", entry: "/account.js" },
  { at: "/console", entry: "/console.js" },
  { at: "/outbox", entry: "/outbox.js" },
];
const script = (body) => ({ contentType: "text/javascript", body });

let browser;
let www;
before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

/**
 * Opens a page without `openPage`. `openPage` would fail the test if the browser reports an error,
 * but these tests cause errors on purpose.
 */
async function open(
  t,
  /** @type {(page: import("playwright-core").Page) => Promise<unknown>} */ break_ = async () => {},
) {
  const page = await browser.newPage({ baseURL: www.url });
  t.after(() => page.close());
  await fakeSession(page, null);
  await break_(page);
  return page;
}

for (const { at, entry, form } of PAGES) {
  test(`${at}: a script that fails in any way is said at once, and no secret can be sent`, async (t) => {
    /** @type {[how: string, path: string, answer: unknown][]} */
    const faults = [
      ["throws", entry, script("throw new Error('a fault');")],
      ["does not load", entry, "offline"],
      ["cannot be read", entry, script("class { static {")],
      ["imports what does not load", "/dom.js", { status: 404, body: "" }],
      ["imports what is blocked", "/words.js", "offline"],
      ["rejects", entry, script("Promise.reject(new Error('a fault'));")],
    ];
    for (const [how, path, answer] of faults.slice(0, at === "/sign-in" ? undefined : 1)) {
      const page = await open(t, (page) => fake(page, path, answer));
      await page.goto(at);
      await page.getByRole("alert").getByText(FAILED).waitFor();
      assert.equal(await page.locator("h1:visible").count(), 1, how);
      if (form) {
        const send = page.locator("[type=submit]:visible");
        assert.equal(await send.isDisabled(), true, how);
        assert.equal(await page.locator("form:visible").getAttribute("method"), "post", how);
      }
      await page.close();
    }
  });
}

test("a page whose script never arrives says so after some time, also without watch.js", async (t) => {
  const page = await open(t, async (page) => {
    await page.route("**/sign-in.js", () => {});
    await page.route("**/watch.js", (route) => route.abort());
  });
  await page.goto("/sign-in", { waitUntil: "commit" });
  const failure = page.getByText(FAILED);
  await page.locator("#email").waitFor();
  assert.equal(await failure.isVisible(), false, "not while it may still load");
  // The message appears with an animation. Finish the animation at once.
  await page.evaluate(() => {
    for (const animation of document.getAnimations()) animation.finish();
  });
  await failure.waitFor();
});

test("Enter that is pressed before the script has armed the form sends it once", async (t) => {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, null);
  let arrive;
  const held = new Promise((resolve) => (arrive = resolve));
  await page.route("**/sign-in.js", async (route) => {
    await held;
    await route.continue();
  });
  let logins = 0;
  await fake(page, "/auth/login", () => {
    logins += 1;
    return signedIn();
  });
  await page.goto("/sign-in", { waitUntil: "commit" });
  await page.locator("#email").fill("ada@example.com");
  await page.locator("#password").fill("correct horse battery staple");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  arrive();
  await page.waitForURL("**/account", { waitUntil: "commit" });
  assert.equal(logins, 1);
});

test("a page that works does not say that it failed", async (t) => {
  for (const { at } of PAGES) {
    const page = await openPage(t, browser, www.url);
    await fakeSession(page, at === "/account" ? ADA : null);
    await fake(page, "/dev/outbox", { json: [] });
    await page.goto(at);
    await page.locator("[data-state=ready]").waitFor();
    assert.equal(await page.getByText(FAILED).isVisible(), false, at);
  }
});

describe("while it is looked up who is signed in", () => {
  async function slow(t, user) {
    const page = await openPage(t, browser, www.url);
    await fakeSession(page, user);
    let answer;
    const held = new Promise((resolve) => (answer = resolve));
    await fake(page, "/auth/token", () => held);
    await page.goto("/sign-in");
    await page.locator("[data-state=ready]").waitFor();
    return { page, answer };
  }

  test("the form is there and works", async (t) => {
    const { page, answer } = await slow(t, null);
    await fake(page, "/auth/login", signedIn());
    await page.locator("#email").fill("ada@example.com");
    await page.locator("#password").fill("correct horse battery staple");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/account", { waitUntil: "commit" });
    answer(renewed());
  });

  test("what somebody types is not taken from them when the answer comes", async (t) => {
    const { page, answer } = await slow(t, ADA);
    await page.locator("#email").pressSequentially("root@");
    answer(renewed());
    await page.waitForResponse("**/auth/me");
    await page.waitForLoadState("networkidle");
    assert.equal(await page.locator("#email").isVisible(), true);
    assert.equal(await page.locator("#email").inputValue(), "root@");
  });
});
