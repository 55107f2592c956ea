// Tests the reset of a forgotten password from beginning to end. `npm start` runs the pages, the
// outbox with the mail, and the real Worker.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addresses, focused, openPage, PHONE, startBrowser } from "./browser.mjs";
import { linkIn, startEdgegate } from "./edgegate.mjs";

const EMAIL = "ada@example.com";
const OLD = "correct horse battery staple";
const NEW = "violet tram hums at noon";

let browser;
let edge;

before(
  async () => {
    [browser, edge] = await Promise.all([startBrowser(), startEdgegate()]);
  },
  { timeout: 300_000 },
);
after(async () => {
  await browser?.close();
  await edge?.stop();
});

test("reset of a demo account in the pages", { timeout: 120_000 }, async (t) => {
  const { refresh_token } = await (await login(OLD)).json();
  assert.equal((await renew(refresh_token)).status, 200);

  const page = await openPage(t, browser, edge.origin, { viewport: PHONE });
  await page.goto("/");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("Email address").fill(EMAIL);
  await page.keyboard.press("Enter");
  await page.getByText(`If an account has the address ${EMAIL}, a mail is on its way.`).waitFor();

  await page.getByRole("link", { name: "see it in the outbox" }).click();
  const mail = page.locator(".mail").first();
  await mail.getByText(`To ${EMAIL}`).waitFor();
  const [{ text, to }] = await edge.outbox();
  assert.equal(to, EMAIL);
  const link = linkIn(text);
  assert.ok(link.startsWith(`${edge.origin}/reset-password#`), link);
  const [, ticket] = link.split("#");
  await scan(link, ticket);

  // The outbox shows the mail in a sandboxed frame. The link is in this frame.
  const inMail = page.frameLocator("iframe").first().locator("a[href*='/reset-password#']").first();
  const [choosing] = await Promise.all([page.context().waitForEvent("page"), inMail.click()]);
  await choosing.getByRole("button", { name: "Change the password" }).waitFor();
  // The form is visible before the script runs. Wait for the script, which removes the ticket from
  // the address.
  await choosing.locator("[data-state=ready]").waitFor();
  assert.deepEqual(await addresses(choosing), [`${edge.origin}/reset-password`]);

  const password = choosing.locator("#password");
  for (const [weak, says] of [
    ["short", "It is too short: use at least 15 characters."],
    [`mine is ${EMAIL}`, "It contains your email address: remove that."],
  ]) {
    await password.fill(weak);
    await password.press("Enter");
    await choosing.locator("#password-error").getByText(says).waitFor();
    assert.equal(await focused(choosing), "password");
  }
  assert.equal((await login(OLD)).status, 200, "nothing is changed yet");

  await password.fill(NEW);
  await password.press("Enter");
  await choosing.getByRole("heading", { name: "Your password is changed" }).waitFor();

  assert.equal((await login(NEW)).status, 200);
  assert.equal((await login(OLD)).status, 401);
  const renewal = await renew(refresh_token);
  assert.equal(renewal.status, 400);
  assert.equal((await renewal.json()).error, "invalid_grant");

  // The service sends the owner of the account a notice by mail. The notice appears in the outbox,
  // which is still open.
  await page.bringToFront();
  await page.locator(".mail").nth(1).waitFor();
  const mails = await edge.outbox();
  assert.deepEqual(
    mails.map((sent) => sent.to),
    [EMAIL, EMAIL],
  );
  assert.ok(!mails[0].text.includes("#"), "the notice holds no link with a ticket");

  // Try to use the same link a second time.
  await choosing.goto(link);
  await password.fill("another one that is good");
  await password.press("Enter");
  await choosing.getByRole("heading", { name: "This link is not valid any more" }).waitFor();
  assert.equal((await login(NEW)).status, 200);
  await choosing.getByRole("link", { name: "Ask for a new link" }).click();
  await choosing.getByRole("heading", { name: "Forgot your password?" }).waitFor();
});

test("the outbox is a page for a browser and JSON for a program", async (t) => {
  const page = await openPage(t, browser, edge.origin);
  await page.goto("/dev/outbox");
  await page.getByRole("heading", { name: "Outbox" }).waitFor();
  assert.equal(page.url(), `${edge.origin}/outbox`);
  const { headers } = await fetch(`${edge.origin}/dev/outbox`);
  assert.match(headers.get("Content-Type") ?? "", /^application\/json/);
});

/** Requests the link as mail scanners do. The link must still be valid afterwards. */
async function scan(link, ticket) {
  for (const method of ["HEAD", "GET", "POST"]) await fetch(link, { method });
  const { status } = await edge.post("/auth/password/confirm", { token: ticket });
  assert.equal(status, 422);
}

const login = (password) => edge.post("/auth/login", { email: EMAIL, password });
const renew = (refresh_token) =>
  fetch(`${edge.origin}/auth/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token }),
  });
