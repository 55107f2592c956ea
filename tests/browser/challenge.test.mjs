// If TURNSTILE_SECRET is set, the service requires that the user solves a challenge of Cloudflare
// Turnstile. If the pages know the site key, they show Turnstile's widget. Otherwise they say that
// the check is missing. In this test, a fake script replaces Cloudflare's script.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  fake,
  openPage,
  problem,
  servePages,
  startBrowser,
  stopTime,
  watchButton,
} from "./browser.mjs";
import { fakeSession, signedIn } from "./signed-in.mjs";

const VENDOR = "https://challenges.cloudflare.com";
const KEY = "1x00000000000000000000AA";
// This fake script renders a button. Each click on the button solves the challenge and returns a
// new token.
const WIDGET = `
  let made = 0;
  window.turnstile = {
    render(place, options) {
      if (options.sitekey !== "${KEY}") throw new Error("another site key");
      const button = document.createElement("button");
      button.style.height = "65px";
      Object.assign(button, { type: "button", id: "human", textContent: "I am human" });
      button.addEventListener("click", () => options.callback("token-" + ++made));
      place.append(button);
      window.language = options.language;
      return "widget";
    },
    reset() { window.resets = (window.resets ?? 0) + 1; },
    remove() { document.querySelector("#human").remove(); },
  };`;
const refused = (reason) =>
  problem(422, "invalid_field", { errors: [{ field: "challenge", reason }] });
const DOORS = [
  { at: "/sign-in", path: "/auth/login", fields: { "#email": "a@example.com", "#password": "x" } },
  { at: "/register", path: "/auth/register", fields: { "#email": "a@example.com" } },
  { at: "/forgot-password", path: "/auth/password/reset", fields: { "#email": "a@example.com" } },
];

let browser, without, www;
before(async () => {
  [browser, without, www] = await Promise.all([
    startBrowser(),
    servePages(),
    servePages({ TURNSTILE_SITE_KEY: KEY }),
  ]);
});
after(async () => {
  await browser?.close();
  await Promise.all([without?.stop(), www?.stop()]);
});

/**
 * @param {import("node:test").TestContext} t
 * @param {string} origin
 * @param {{ at: string, path: string, fields: { [selector: string]: string | undefined } }} door
 * @param {unknown} answer
 * @param {{ body: string } | "offline"} [vendor]
 */
async function open(t, origin, { at, path, fields }, answer, vendor = { body: WIDGET }) {
  const page = await openPage(t, browser, origin, { locale: "de" }, [VENDOR]);
  await fakeSession(page, null);
  const asked = await fake(page, path, answer);
  const loaded = await fake(
    page,
    "/turnstile/v0/api.js?render=explicit",
    vendor === "offline" ? vendor : { contentType: "text/javascript", ...vendor },
  );
  await page.goto(`${at}?ui_locales=en`);
  await page.locator("[data-state=ready]").waitFor();
  for (const [selector, text] of Object.entries(fields)) await page.locator(selector).fill(text);
  return { page, asked, loaded, send: page.locator("[type=submit]:visible") };
}

for (const door of DOORS) {
  describe(door.at, () => {
    test("the widget's token is sent with the form, and the next try gets a new one", async (t) => {
      const answer = door.at === "/sign-in" ? () => signedIn() : { status: 202 };
      const { page, asked, send } = await open(t, www.url, door, (time) =>
        time === 1 ? refused("not_met") : typeof answer === "function" ? answer() : answer,
      );
      await page.getByRole("button", { name: "I am human" }).waitFor();
      assert.equal(await page.evaluate(() => window.language), "en");
      await send.click();
      const said = page.locator("#challenge-error");
      await said.getByText("Complete the check that you are human").waitFor();
      assert.equal(asked.length, 0, "nothing is sent before the check");
      await page.locator("#human").click();
      assert.equal(await said.textContent(), "");
      await send.click();
      await said.getByText("Complete the check that you are human").waitFor();
      assert.equal(await page.evaluate(() => window.resets), 1);
      assert.equal(await page.getByText("password is wrong").count(), 0, "nothing else is blamed");
      await page.locator("#human").click();
      await send.click();
      if (door.at === "/sign-in") await page.waitForURL("**/account");
      else await page.getByRole("heading", { name: "Check your mail" }).waitFor();
      assert.deepEqual(
        asked.map(({ body }) => body.challenge),
        ["token-1", "token-2"],
      );
    });

    test("a widget that does not load is reported, and the service decides", async (t) => {
      const { page, asked, send } = await open(t, www.url, door, refused("missing"), "offline");
      await page.getByText("Allow scripts of challenges.cloudflare.com").waitFor();
      await Promise.all([page.waitForResponse(`**${door.path}`), send.click()]);
      await page.getByText("Allow scripts of challenges.cloudflare.com").waitFor();
      assert.equal(asked[0].body.challenge, undefined);
    });

    test("a page that has no site key says that it can't show the check, and blames nothing else", async (t) => {
      const { page, loaded, send } = await open(t, without.url, door, refused("missing"));
      await send.click();
      await page.getByRole("alert").getByText("this page can’t show it").waitFor();
      assert.equal(await page.locator("[aria-invalid]").count(), 0);
      assert.equal(loaded.length, 0, "nothing is asked of the vendor");
    });
  });
}

test("the widget appears where a place is kept for it, so the button does not move", async (t) => {
  for (const { at } of DOORS) {
    const page = await openPage(t, browser, www.url, {}, [VENDOR]);
    const places = await watchButton(page);
    await fakeSession(page, null);
    let load;
    const loaded = new Promise((resolve) => (load = resolve));
    await page.route("**/turnstile/v0/api.js*", async (route) => {
      await loaded;
      await route.fulfill({ contentType: "text/javascript", body: WIDGET });
    });
    await page.goto(at, { waitUntil: "commit" });
    await places();
    load();
    await page.locator("#human").waitFor();
    assert.equal((await places()).length, 1, at);
  }
});

test("another mail needs another token, in the view that is shown", async (t) => {
  const { page, asked, send } = await open(t, www.url, DOORS[2], { status: 202 });
  await page.locator("#human").click();
  await stopTime(page);
  await send.click();
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  await page.clock.runFor(61_000);
  await page.getByRole("button", { name: "Send it again" }).click();
  await page
    .locator("#resend-problem")
    .getByText("Complete the check that you are human")
    .waitFor({ timeout: 10_000 });
  assert.equal(asked.length, 1, "nothing is sent before the check");
  await page.locator("[data-view=sent] #human").click();
  await page.getByRole("button", { name: "Send it again" }).click();
  await page.getByText("Asked again.").waitFor();
  assert.deepEqual(
    asked.map(({ body }) => body.challenge),
    ["token-1", "token-2"],
  );
});

test("the policy allows the vendor only with a site key, and then only what its widget needs", async () => {
  const policyOf = async (origin, path) =>
    (await fetch(origin + path)).headers.get("Content-Security-Policy");
  const [strict, opened] = [
    await policyOf(without.url, "/sign-in"),
    await policyOf(www.url, "/sign-in"),
  ];
  assert.doesNotMatch(strict ?? assert.fail("no policy"), /cloudflare|frame-src/);
  assert.equal(
    opened,
    `default-src 'none'; style-src 'self'; script-src 'self' ${VENDOR}; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; frame-src ${VENDOR}`,
  );
  for (const path of ["/account", "/reset-password", "/console", "/nothing", "/"])
    assert.doesNotMatch((await policyOf(www.url, path)) ?? "", /cloudflare/, path);
});
