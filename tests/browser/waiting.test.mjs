// When the service answers 429 or 503, the page counts the seconds of `Retry-After` down. Then the
// user can try again. After each request for a mail, the user has to wait a minute before "Send it
// again" works. The tests move the page's clock.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fakeApp, REQUEST } from "./app-requests.mjs";
import {
  fake,
  focused,
  openPage,
  problem,
  servePages,
  startBrowser,
  stopTime,
  waitOver,
} from "./browser.mjs";
import { fakeSession, signedIn } from "./signed-in.mjs";

let browser;
let www;
before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

test("a countdown ends in time if the clock of the device is set back meanwhile", async (t) => {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, null);
  await fake(page, "/auth/login", problem(429, "rate_limited", {}, { "Retry-After": "37" }));
  await page.goto("/sign-in");
  await page.locator("#email").fill("ada@example.com");
  await page.locator("#password").fill("correct horse battery staple");
  await stopTime(page);
  const send = page.getByRole("button", { name: "Sign in" });
  await send.click();
  await page.getByText("Wait 37 seconds, then try again.").waitFor();
  await page.clock.setSystemTime(Date.now() - 5 * 3600_000);
  await page.clock.runFor(7000);
  await page.getByText("Wait 30 seconds, then try again.").waitFor();
  await waitOver(page, 30);
  assert.equal(await send.getAttribute("aria-disabled"), null);
});

test("a limit counts down, nothing is sent meanwhile, and at its end the button works again", async (t) => {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, null);
  const asked = await fake(page, "/auth/login", (time) =>
    time === 1 ? problem(429, "rate_limited", {}, { "Retry-After": "37" }) : signedIn(),
  );
  await page.goto("/sign-in");
  await page.locator("#email").fill("ada@example.com");
  await page.locator("#password").fill("correct horse battery staple");
  await stopTime(page);
  const send = page.getByRole("button", { name: "Sign in" });
  await send.click();
  const alert = page.locator(".problem");
  await alert.getByText("Wait 37 seconds, then try again.").waitFor();
  // The page takes the waiting time from `Retry-After` (RFC 9110 section 10.2.3) and counts it
  // down. A screen reader reads it out only once, not every second.
  assert.equal(await alert.getByRole("timer").textContent(), "37 seconds");
  assert.equal(await send.getAttribute("aria-disabled"), "true");
  assert.equal(await focused(page), "button: Sign in");
  await page.clock.runFor(7000);
  await alert.getByText("Wait 30 seconds, then try again.").waitFor();
  await send.click({ force: true });
  await page.keyboard.press("Enter");
  // The countdown stays visible while the user types.
  await page.locator("#password").pressSequentially("x");
  await alert.getByText("Wait 30 seconds, then try again.").waitFor();
  assert.equal(asked.length, 1);
  await page.clock.runFor(29_000);
  await alert.getByText("Wait 1 second, then try again.").waitFor();
  await waitOver(page, 1);
  assert.equal(await send.getAttribute("aria-disabled"), null);
  await send.click();
  await page.waitForURL("**/account");
  assert.equal(asked.length, 2);
});

test("a device that slept has waited too", async (t) => {
  const page = await openPage(t, browser, www.url);
  await fake(
    page,
    "/auth/password/reset",
    problem(503, "unavailable", {}, { "Retry-After": "90" }),
  );
  await page.goto("/forgot-password");
  await page.locator("#email").fill("ada@example.com");
  await stopTime(page);
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByText("Wait 2 minutes, then try again.").waitFor();
  // Two minutes pass in which the countdown is not updated, as when the device sleeps.
  await page.clock.fastForward(120_000);
  await page.getByText("You can try again now.").waitFor();
});

test("a wait of a day is shown in full", async (t) => {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, null);
  await fakeApp(page, problem(429, "rate_limited", {}, { "Retry-After": "86400" }));
  await page.goto(`/sign-in#request=${REQUEST}`);
  await page.getByText("24 hours").waitFor({ timeout: 10_000 });
});

for (const { at, path, button } of [
  { at: "/forgot-password", path: "/auth/password/reset", button: "Send the link" },
  { at: "/register", path: "/auth/register", button: "Create the account" },
]) {
  test(`${at}: another mail can be asked for after a minute, for the same address`, async (t) => {
    const page = await openPage(t, browser, www.url);
    await fakeSession(page, null);
    const asked = await fake(page, path, (time) =>
      time === 3 ? problem(429, "rate_limited", {}, { "Retry-After": "20" }) : { status: 202 },
    );
    await page.goto(at);
    await page.locator("#email").fill("ada@example.com");
    await stopTime(page);
    await page.getByRole("button", { name: button }).click();
    await page.getByText("You can ask for another mail in 60 seconds.").waitFor();
    const again = page.getByRole("button", { name: "Send it again" });
    await again.click({ force: true });
    await page.clock.runFor(59_000);
    await page.getByText("You can ask for another mail in 1 second.").waitFor();
    assert.equal(asked.length, 1);
    await page.clock.runFor(1000);
    await page.getByText("You can ask for another mail now.").waitFor();
    await again.click();
    await page.getByText("Asked again. You can ask for another mail in 60 seconds.").waitFor();
    assert.deepEqual(asked[1].body, asked[0].body);
    await page.clock.runFor(61_000);
    await again.click();
    await page.getByText("Wait 20 seconds, then try again.").waitFor();
    await waitOver(page, 20);
    await again.click();
    await page.getByText("Asked again.").waitFor();
    assert.equal(asked.length, 4);
  });
}
