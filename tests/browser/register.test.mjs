// Tests the page /register with each value of the setting REGISTRATION.
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
import { fakeSession, signedIn } from "./signed-in.mjs";

const GOOD = "violet tram hums at noon";
const NO_PASSWORD = problem(422, "invalid_field", {
  errors: [{ field: "password", reason: "missing" }],
});
let browser;
let www;

before(async () => {
  [browser, www] = await Promise.all([startBrowser(), servePages()]);
});
after(async () => {
  await browser?.close();
  await www?.stop();
});

async function open(t, answer, at = "/register") {
  const page = await openPage(t, browser, www.url);
  await fakeSession(page, null);
  const asked = await fake(page, "/auth/register", answer);
  await page.goto(at);
  return {
    page,
    asked,
    email: page.getByLabel("Email address"),
    send: page.getByRole("button", { name: "Create the account" }),
  };
}

test("verified: the page says that a mail is on its way, and no more", async (t) => {
  const { page, asked, email, send } = await open(t, { status: 202 });
  await email.fill(" ada@example.com ");
  await page.getByLabel("First name").fill("Ada");
  await send.click();
  await page.getByText("A mail to ada@example.com is on its way.").waitFor();
  await page.getByText("an earlier link may still work").waitFor();
  assert.equal(await focused(page), "h1: Check your mail");
  const [{ body }] = asked;
  assert.deepEqual(
    [body.email, body.first_name, body.last_name, body.password],
    ["ada@example.com", "Ada", undefined, undefined],
  );
  await page.getByRole("button", { name: "Use another address" }).click();
  assert.equal(await focused(page), "email");
  assert.equal(await email.inputValue(), "ada@example.com");
  assert.equal(await page.getByLabel("First name").inputValue(), "Ada");
});

test("a mail is on its way: of the form only the password is cleared", async (t) => {
  const { page, email, send } = await open(t, (time) =>
    time === 1 ? NO_PASSWORD : { status: 202 },
  );
  await email.fill("ada@example.com");
  await send.click();
  await page.locator("#password").fill(GOOD);
  await send.click();
  await page.getByText("A mail to ada@example.com is on its way.").waitFor();
  await page.getByRole("button", { name: "Use another address" }).click();
  assert.equal(await email.inputValue(), "ada@example.com");
  assert.equal(await page.locator("#password").inputValue(), "");
});

test("open: a weak password is rejected, a good one signs in", async (t) => {
  const answers = [NO_PASSWORD, problem(422, "weak_password", { reasons: ["too_common"] })];
  const { page, asked, email, send } = await open(
    t,
    (time) => answers[time - 1] ?? signedIn(undefined, 201),
    "/register?return_to=/outbox",
  );
  await email.fill("ada@example.com");
  assert.equal(await page.locator("#password").isVisible(), false);
  await send.click();
  await page.locator("#password").waitFor();
  assert.equal(await focused(page), "password");
  await send.click();
  await page.getByText("Type a password.").waitFor();
  await page.locator("#password").fill("password12345678");
  await send.click();
  await page.getByText("one of the most common passwords").waitFor();
  await page.locator("#password").fill(GOOD);
  await send.click();
  // Compare only the path. A pattern such as "**/outbox" would match the current address already,
  // because the query of the current address contains the path of the outbox.
  await page.waitForURL(({ pathname }) => pathname === "/outbox");
  assert.deepEqual(
    asked.map(({ body }) => body.password),
    [undefined, "password12345678", GOOD],
  );
  assert.equal(asked.at(-1).body.cookie, true);
});

test("open: a taken address is reported at the field, with what to do instead", async (t) => {
  const { page, email, send } = await open(t, (time) =>
    time === 1 ? problem(409, "email_taken") : { status: 202 },
  );
  await email.fill("ada@example.com");
  await send.click();
  await page.getByText("This address already has an account.").waitFor();
  assert.equal(await focused(page), "email");
  assert.ok(await page.getByText("instead, or").isVisible());
  await email.fill("grace@example.com");
  await send.click();
  await page.getByText("A mail to grace@example.com is on its way.").waitFor();
});

test("closed: it says so", async (t) => {
  const { page, email, send } = await open(t, problem(403, "registration_closed"));
  await email.fill("ada@example.com");
  await send.click();
  await page.getByText("Only an administrator can create accounts here.").waitFor();
  assert.equal(await focused(page), "h1: Registration is closed");
});

test("an error about a field is shown at the field", async (t) => {
  const wrong = (field, reason) => problem(422, "invalid_field", { errors: [{ field, reason }] });
  const answers = [
    wrong("email", "domain"),
    wrong("first_name", "too_long"),
    wrong("last_name", "control_character"),
  ];
  const { page, email, send } = await open(t, (time) => answers[time - 1]);
  await email.fill("ada@exa mple");
  for (const id of ["email", "first-name", "last-name"]) {
    await send.click();
    await page.locator(`#${id}-error`).filter({ hasText: /./ }).waitFor();
    assert.equal(await focused(page), id);
    await page.locator(`#${id}`).pressSequentially("x");
    assert.equal(
      await page.locator(`#${id}-error`).textContent(),
      "",
      "taken back while it is mended",
    );
  }
});

test("limits, failures and no answer are reported, and what was typed stays", async (t) => {
  const answers = [
    [problem(429, "rate_limited", {}, { "Retry-After": "1" }), "Wait 1 second, then", 1],
    [problem(503, "unavailable", {}, { "Retry-After": "5" }), "Wait 5 seconds, then", 5],
    ["offline", "No answer came."],
  ];
  const { page, email, send } = await open(t, (time) => answers[time - 1]?.[0] ?? { status: 202 });
  await email.fill("ada@example.com");
  await stopTime(page);
  for (const [, says, seconds] of answers) {
    await send.click();
    await page.getByRole("alert").getByText(says).waitFor();
    if (seconds) await waitOver(page, seconds);
    assert.equal(await email.inputValue(), "ada@example.com");
  }
  await send.dblclick();
  await page.getByText("is on its way").waitFor();
});
