// Tests the page /account. It shows who is signed in and on which other devices, and what the user
// can change. These tests fake the service's answers. session.test.mjs uses real answers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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
import { ADA, fakeSession, GRANTS, NOBODY, renewed, SESSIONS, signedIn } from "./signed-in.mjs";

const GOOD = "violet tram hums at noon";
let browser;
let www;

before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

async function open(t, user = ADA) {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, user);
  await page.goto("/account");
  await page.getByText("On this device and 2 others.").waitFor();
  return page;
}

test("shows who is signed in", async (t) => {
  const page = await open(t);
  await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
  for (const text of [ADA.email, "Verified", ADA.id, ...ADA.roles])
    await page.getByText(text, { exact: true }).first().waitFor();
  assert.equal(await page.locator("#unverified").isVisible(), false);
});

test("a password manager's link opens the change of password, also after signing in", async (t) => {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, ADA);
  await page.goto("/account#change-password");
  await page.locator("#current-password:focus").waitFor();
  assert.equal(await page.locator("#delete-form").isVisible(), false);

  const signedOut = await openPage(t, browser, www.url);
  await fakeSession(signedOut, null);
  await signedOut.goto("/account#change-password");
  await signedOut.waitForURL("**/sign-in?return_to=%2Faccount%23change-password");
});

test("whoever is not signed in goes to sign in and comes back", async (t) => {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, null);
  await page.goto("/account");
  await page.waitForURL("**/sign-in?return_to=%2Faccount");
});

test("no answer at first: it says so and can be tried again", async (t) => {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, ADA);
  await fake(page, "/auth/token", (time) => (time === 1 ? "offline" : renewed()));
  await page.goto("/account");
  await page.getByText("No answer came.").waitFor();
  // The client also retries by itself. If its retry succeeds first, the button has disappeared and
  // the click fails.
  await page
    .getByRole("button", { name: "Try again" })
    .click()
    .catch(() => {});
  await page.getByText("On this device and 2 others.").waitFor();
});

test("sessions: device, place and time; each can be ended, this one by signing out", async (t) => {
  const page = await open(t);
  const entries = page.locator("#sessions > li");
  const texts = (await entries.allInnerTexts()).map((text) => text.replace(/\s+/g, " "));
  assert.match(
    texts[0],
    /^Firefox on Linux ?This device ?Leipzig, Germany · 203\.0\.113\.0 · Last used just now · Signed in just now$/,
  );
  assert.match(
    texts[1],
    /^Mobile Safari on iOS ?France · 203\.0\.113\.0 · Last used 1 hour ago · Signed in yesterday ?End$/,
  );
  assert.match(
    texts[2],
    /^Unknown device ?T1 · Last used 2 hours ago · Signed in 2 days ago ?End$/,
  );
  assert.equal(await entries.nth(0).getByRole("button").count(), 0);

  const ended = await fake(page, `/auth/sessions/${SESSIONS[1].id}`, { status: 204 });
  await page
    .getByRole("button", { name: "End: Mobile Safari on iOS, last used 1 hour ago" })
    .dblclick();
  await page.getByText("Ended: Mobile Safari on iOS. 1 other left.").waitFor();
  assert.deepEqual(
    ended.map(({ method }) => method),
    ["DELETE"],
    "once",
  );
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute("aria-label")),
    "End: Unknown device, last used 2 hours ago",
  );
  assert.equal(await entries.count(), 2);

  // The answer 404 means that the session was already ended on another device. The user wanted the
  // session to end, so the page reports success.
  await fake(page, `/auth/sessions/${SESSIONS[2].id}`, problem(404, "not_found"));
  await page.keyboard.press("Enter");
  await page.getByText("Ended: Unknown device. Only this device is left.").waitFor();
  assert.equal(await focused(page), "where");
  assert.equal(await page.getByRole("button", { name: "End all others" }).isVisible(), false);
});

test("apps with access: each can be withdrawn, and their sessions end with it; without apps no word of them", async (t) => {
  const page = await open(t);
  assert.ok(await page.locator("#apps-card").isHidden());
  await fake(page, "/auth/grants", { json: { grants: GRANTS } });
  const sessions = await fake(page, "/auth/sessions", {
    json: {
      sessions: [...SESSIONS, { ...SESSIONS[1], id: "s4", app: { client_id: "c", name: "Notes" } }],
    },
  });
  await page.reload();
  await page.getByText("On this device and 2 others. In 1 app.").waitFor();
  await page.getByText("Notes, in Mobile Safari on iOS").waitFor();
  const texts = (await page.locator("#apps > li").allInnerTexts()).map((text) =>
    text.replace(/\s+/g, " "),
  );
  assert.match(
    texts[0],
    /^Notes ?Since \w+ \d+, \d+ · recognise you by an id that stays the same · see your email address ?Withdraw$/,
  );
  assert.match(
    texts[1],
    /^Command line ?Since .* · books:read · stay signed in .* · https:\/\/api\.example\.com ?Withdraw$/,
  );
  const withdrawn = await fake(page, `/auth/grants/${GRANTS[0].id}`, (time) =>
    time === 1 ? problem(503, "unavailable", {}, { "Retry-After": "5" }) : { status: 204 },
  );
  const withdraw = page.getByRole("button", { name: "Withdraw the access of Notes" });
  await stopTime(page);
  await withdraw.click();
  await page.getByText("Wait 5 seconds, then try again.").waitFor();
  await waitOver(page, 5);
  await withdraw.click();
  await page.getByText("Notes has no access any more").waitFor();
  assert.deepEqual(
    withdrawn.map(({ method }) => method),
    ["DELETE", "DELETE"],
  );
  assert.equal(sessions.length, 2, "the sessions are read again");
  // The answer 404 means that the grant was already withdrawn on another device. The user wanted to
  // withdraw it, so the page reports success.
  await fake(page, `/auth/grants/${GRANTS[1].id}`, problem(404, "not_found"));
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute("aria-label")),
    "Withdraw the access of Command line",
  );
  await page.keyboard.press("Enter");
  await page.getByText("Command line has no access any more").waitFor();
  assert.equal(await focused(page), "apps-title");
});

test("all others are ended at once; a failure is shown, and the list stays", async (t) => {
  const page = await open(t);
  await fake(page, "/auth/sessions", (time) =>
    time === 1 ? problem(503, "unavailable", {}, { "Retry-After": "5" }) : { status: 204 },
  );
  const all = page.getByRole("button", { name: "End all others" });
  await stopTime(page);
  await all.click();
  await page.getByText("Wait 5 seconds, then try again.").waitFor();
  await waitOver(page, 5);
  assert.equal(await page.locator("#sessions > li").count(), 3);
  await all.click();
  await page.getByText("All other sessions have ended.").waitFor();
  assert.equal(await page.locator("#sessions > li").count(), 1);
  assert.equal(await focused(page), "where");
});

test("what a session says is text, never markup", async (t) => {
  const page = await openPage(t, browser, www.url);
  const evil = "<img src=x onerror=alert(1)>";
  await fakeSession(page, { ...ADA, first_name: evil, roles: [evil] });
  const session = {
    ...SESSIONS[0],
    device: { browser: evil, os: evil, type: evil },
    place: { country: "DE", city: evil },
  };
  await fake(page, "/auth/sessions", { json: { sessions: [session] } });
  await page.goto("/account");
  await page.getByText(`${evil} on ${evil}`).waitFor();
  assert.equal(await page.locator("main img").count(), 0);
});

test("the password is changed: refusals at their fields, the form closes, the list is read again", async (t) => {
  const page = await open(t);
  const answers = [
    problem(401, "invalid_credentials"),
    problem(422, "weak_password", { reasons: ["contains_address"] }),
  ];
  const asked = await fake(
    page,
    "/auth/password/change",
    (time) => answers[time - 1] ?? signedIn(),
  );
  const summary = page.getByText("Change the password").first();
  await summary.click();
  const form = page.locator("#password-form");
  const send = form.getByRole("button", { name: "Change the password" });
  await send.click();
  await page.getByText("Type your current password.").waitFor();
  await form.getByLabel("Current password", { exact: true }).fill("old");
  await send.click();
  await page.getByText("Type a password.").waitFor();
  assert.equal(await focused(page), "new-password");
  await form.getByLabel("New password", { exact: true }).fill(GOOD);
  await send.click();
  await page.getByText("This is not your current password.").waitFor();
  assert.equal(await focused(page), "current-password");
  await form.getByLabel("Current password", { exact: true }).fill("right");
  await send.click();
  await page.getByText("It contains your email address").waitFor();
  assert.equal(await focused(page), "new-password");
  await send.click();
  await page
    .getByText("Your password is changed. All your other devices are signed out.")
    .waitFor();
  assert.equal(await focused(page), "summary: Change the password");
  assert.equal(await form.isVisible(), false);
  assert.equal(await form.locator("#new-password").inputValue(), "");
  assert.deepEqual(asked.at(-1).body, {
    current_password: "right",
    new_password: GOOD,
    cookie: true,
  });
});

test("the address is changed by a mail; the same one is refused in words", async (t) => {
  const page = await open(t);
  const unchanged = problem(422, "invalid_field", {
    errors: [{ field: "email", reason: "unchanged" }],
  });
  const asked = await fake(page, "/auth/email/change", (time) =>
    time === 1 ? unchanged : { status: 202 },
  );
  await page.getByText("Change the email address").click();
  const form = page.locator("#email-form");
  await form.locator("#new-email").fill(ADA.email);
  await form.locator("#email-password").fill("right");
  await form.getByRole("button", { name: "Send the link" }).click();
  await page.getByText("This is already your address.").waitFor();
  await form.locator("#new-email").fill("ada@example.org");
  await form.getByRole("button", { name: "Send the link" }).click();
  await page.getByText("A mail is on its way to ada@example.org.").waitFor();
  assert.deepEqual(asked.at(-1).body, { email: "ada@example.org", current_password: "right" });
});

test("an address that is not verified: the mail is sent again, and a limit is shown", async (t) => {
  const page = await open(t, { ...ADA, email_verified: false });
  const asked = await fake(page, "/auth/email/resend", (time) =>
    time === 1 ? problem(429, "rate_limited", {}, { "Retry-After": "9" }) : { status: 202 },
  );
  const send = page.getByRole("button", { name: "Send the mail again" });
  await stopTime(page);
  await send.click();
  await page.getByText("Wait 9 seconds, then try again.").waitFor();
  await page.clock.runFor(10_000);
  await page.getByText("You can try again now.").waitFor();
  await send.click();
  await page
    .getByText(
      `A mail is on its way to ${ADA.email}. If none comes, an earlier link may still work.`,
    )
    .waitFor();
  assert.deepEqual(asked.at(-1).body, { email: ADA.email });
});

test("the account is deleted with the password only", async (t) => {
  const page = await open(t);
  const asked = await fake(page, "/auth/me", (time) =>
    time === 1 ? problem(401, "invalid_credentials") : { status: 204 },
  );
  await page.getByText("Delete the account").click();
  const send = page.getByRole("button", { name: "Delete my account for good" });
  await send.click();
  await page.getByText("Type your current password.").waitFor();
  assert.equal(asked.length, 0);
  await page.locator("#delete-password").fill("wrong");
  await send.click();
  await page.getByText("This is not your current password.").waitFor();
  await page.locator("#delete-password").fill("right");
  await send.click();
  await page.getByRole("heading", { name: "Your account is deleted" }).waitFor();
  assert.equal(await focused(page), "h1: Your account is deleted");
  // The service sends no mail to an address that is not verified, so the page promises none.
  await page.getByText("All your devices are signed out.", { exact: true }).waitFor();
});

test("signed out here: this page says so, and so does another tab", async (t) => {
  const page = await open(t);
  const other = await page.context().newPage();
  await fakeSession(other, ADA);
  await other.goto("/account");
  await other.getByText("On this device and 2 others.").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("This device is signed out.").waitFor();
  assert.equal(await focused(page), "h1: You are signed out");
  await other.getByText("You signed out in another tab.").waitFor();
});

test("signed out while the service is down: the page says that the service does not know it yet", async (t) => {
  const page = await open(t);
  await fake(page, "/auth/revoke", "offline");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("the service can’t be reached now").waitFor();
});

test("a session that was ended elsewhere: the next request shows it", async (t) => {
  const page = await open(t);
  await fake(
    page,
    "/auth/sessions",
    problem(401, "invalid_token", {}, { "WWW-Authenticate": 'Bearer error="invalid_token"' }),
  );
  await fake(page, "/auth/token", NOBODY);
  await page.getByRole("button", { name: "End all others" }).click();
  await page.getByText("Your session has ended").waitFor();
});

test("a session that was ended elsewhere: deleting the account shows it too", async (t) => {
  const page = await open(t);
  await fake(
    page,
    "/auth/me",
    problem(401, "invalid_token", {}, { "WWW-Authenticate": 'Bearer error="invalid_token"' }),
  );
  await fake(page, "/auth/token", NOBODY);
  await page.getByText("Delete the account").click();
  await page.locator("#delete-password").fill("right");
  await page.getByRole("button", { name: "Delete my account for good" }).click();
  await page.getByText("Your session has ended").waitFor({ timeout: 10_000 });
  assert.equal(await focused(page), "h1: You are signed out");
  // Somebody else might sign in in another tab, and this page would show the other account.
  assert.equal(await page.locator("#delete-password").inputValue(), "");
  assert.equal((await page.locator("#delete-form .problem").allTextContents()).join(""), "");
});
