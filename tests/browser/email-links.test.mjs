// Tests the links in mails: the links that complete a registration, and the links that confirm a
// new address. The tests open these links in a browser, with the real Worker.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openPage, startBrowser } from "./browser.mjs";
import { linkIn, startEdgegate } from "./edgegate.mjs";

const PASSWORD = "violet tram hums at noon";

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

test("a registration is finished behind its link, once", { timeout: 120_000 }, async (t) => {
  const email = "grace@example.com";
  assert.equal((await edge.post("/auth/register", { email })).status, 202);
  const link = linkIn(await mailTo(email));
  assert.ok(link.startsWith(`${edge.origin}/verify-email#`), link);

  const page = await openPage(t, browser, edge.origin);
  const choose = async (password) => {
    await page.goto("/");
    await page.goto(link);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Confirm the address" }).click();
  };
  await choose("password");
  await page.getByText("It is too short: use at least 15 characters.").waitFor();
  await choose(PASSWORD);
  await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
  const signedIn = await (await edge.post("/auth/login", { email, password: PASSWORD })).json();
  assert.equal(signedIn.user.email_verified, true);

  await choose("another one that is good");
  await page.getByRole("heading", { name: "This link is not valid any more" }).waitFor();
});

test("a new address is confirmed behind its link, once", { timeout: 120_000 }, async (t) => {
  const [before, email, password] = [
    "ada@example.com",
    "ada@example.org",
    "correct horse battery staple",
  ];
  const { access_token } = await (
    await edge.post("/auth/login", { email: before, password })
  ).json();
  const asked = await edge.post(
    "/auth/email/change",
    { email, current_password: password },
    { Authorization: `Bearer ${access_token}` },
  );
  assert.equal(asked.status, 202);
  const link = linkIn(await mailTo(email));
  assert.ok(link.startsWith(`${edge.origin}/confirm-email#`), link);

  const page = await openPage(t, browser, edge.origin);
  const confirm = async () => {
    await page.goto("/");
    await page.goto(link);
    await page.getByRole("button", { name: "Confirm this address" }).click();
  };
  await confirm();
  await page.getByRole("heading", { name: "Your address is changed" }).waitFor();
  assert.equal((await edge.post("/auth/login", { email, password })).status, 200);
  assert.equal((await edge.post("/auth/login", { email: before, password })).status, 401);

  await confirm();
  await page.getByRole("heading", { name: "This link is not valid any more" }).waitFor();
});

/** Waits until the queue has delivered a mail to this address. Returns its text. */
async function mailTo(email) {
  for (const begun = Date.now(); Date.now() - begun < 60_000; await sleep(200)) {
    const mail = (await edge.outbox()).find(({ to }) => to === email);
    if (mail) return mail.text;
  }
  throw new Error(`no mail came for ${email}`);
}
