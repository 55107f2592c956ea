// Tests sessions in the pages, with the real Worker. First, a user signs in, ends the session of
// another device, and signs out. Then the verdicts of the page /console are compared with those of
// the server. Finally, a new user registers, changes the password and deletes the account.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openPage, startBrowser } from "./browser.mjs";
import { linkIn, startEdgegate } from "./edgegate.mjs";

const DEMO = "correct horse battery staple";
const NEW = "violet tram hums at noon";

let browser;
let edge;

before(
  async () => {
    [browser, edge] = await Promise.all([startBrowser(), startEdgegate()]);
  },
  { timeout: 600_000 },
);
after(async () => {
  await browser?.close();
  await edge?.stop();
});

const login = (email, password) => edge.post("/auth/login", { email, password });
const bearer = ({ access_token }) => ({ Authorization: `Bearer ${access_token}` });
const me = (tokens) => fetch(`${edge.origin}/auth/me`, { headers: bearer(tokens) });

async function signIn(page, email, password, path = "/sign-in") {
  await page.goto(path);
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
}

/** Returns the cookie of the session, as the browser stores it. */
const cookies = async (page) =>
  (await page.context().cookies()).filter(({ name }) => /^edgegate-\d+$/.test(name));

test("sign in, see one's sessions, end another, sign out", { timeout: 180_000 }, async (t) => {
  const page = await openPage(t, browser, edge.origin);
  await signIn(page, "ada@example.com", "not her password");
  await page.getByText("The email address or the password is wrong.").waitFor();
  assert.deepEqual(await cookies(page), []);
  await signIn(page, "ada@example.com", DEMO);
  await page.getByRole("heading", { name: "Your account" }).waitFor();
  await page.getByText("Only on this device.").waitFor();
  const [cookie] = await cookies(page);
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, "Strict", "/"]);
  assert.equal(await page.evaluate(() => document.cookie), "", "no script sees it");

  const elsewhere = await (await login("ada@example.com", DEMO)).json();
  await page.reload();
  await page.getByText("On this device and 1 other.").waitFor();
  assert.equal((await me(elsewhere)).status, 200);
  await page.getByRole("button", { name: /^End: / }).click();
  await page.getByText("Only this device is left.").waitFor();
  assert.equal((await me(elsewhere)).status, 401);

  const others = await Promise.all(
    [1, 2].map(async () => (await login("ada@example.com", DEMO)).json()),
  );
  await page.reload();
  await page.getByText("On this device and 2 others.").waitFor();
  await page.getByRole("button", { name: "End all others" }).click();
  await page.getByText("All other sessions have ended.").waitFor();
  for (const tokens of others) assert.equal((await me(tokens)).status, 401);

  await page.goto("/");
  await page.getByText("Signed in as Ada Lovelace").waitFor();
  await page.getByRole("link", { name: "Your account" }).first().click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("This device is signed out.").waitFor();
  // Wait for the cookie to disappear. The page says that the user is signed out before the service
  // has answered.
  for (const begun = Date.now(); (await cookies(page)).length > 0; await sleep(50))
    assert.ok(Date.now() - begun < 60_000, "the cookie stays");
  await page.goto("/account");
  await page.waitForURL("**/sign-in?return_to=%2Faccount");
});

test("the console agrees with the server, and differs when the server knows more", {
  timeout: 180_000,
}, async (t) => {
  const page = await openPage(t, browser, edge.origin);
  await page.goto("/console");
  await page.getByRole("button", { name: "Try as root@example.com" }).click();
  await page.getByText("It is valid").waitFor();
  const both = page.getByRole("button", { name: "Check here and on the server" });
  const verdicts = () =>
    page
      .locator("[data-check]")
      .evaluateAll((rows) =>
        rows.map((row) =>
          [".local strong", ".server strong"].map((place) => row.querySelector(place).textContent),
        ),
      );
  await both.click();
  await page.getByText("This page and the server agree.").waitFor();
  assert.deepEqual(await verdicts(), Array(3).fill(["Yes", "Yes"]));

  await page.locator("#check-role").fill("editor");
  await page.locator("#check-user-id").fill("somebody-else");
  await page.locator("#check-email").fill("ada@example.com");
  await page.locator("#checked").evaluate((line) => {
    line.textContent = "";
  });
  await both.click();
  await page.getByText("This page and the server agree.").waitFor();
  assert.deepEqual(await verdicts(), Array(3).fill(["No", "No"]));

  // End all sessions of the user without telling the page. The token's signature and its times are
  // still valid. Only the server knows that the session has ended.
  const token = await page.getByLabel("Access token").inputValue();
  const { id } = await (await me({ access_token: token })).json();
  assert.equal(
    (await edge.post(`/auth/users/${id}/revoke`, {}, bearer({ access_token: token }))).status,
    204,
  );
  await page.locator("#check-role").fill("admin");
  await page.locator("#check-user-id").fill(id);
  await page.locator("#check-email").fill("ROOT@example.com");
  await both.click();
  await page.getByText("This page and the server differ in 3 of 3 checks.").waitFor();
  assert.deepEqual(await verdicts(), Array(3).fill(["Yes", "No"]));
  await page.getByText("the server knows that its session has ended").first().waitFor();
});

test("register, choose a password behind the mailed link, change it, delete the account", {
  timeout: 180_000,
}, async (t) => {
  const email = "grace@example.com";
  const page = await openPage(t, browser, edge.origin);
  await page.goto("/register?return_to=/console");
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("First name").fill("Grace");
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByText(`A mail to ${email} is on its way.`).waitFor();
  await page.goto(linkIn(await mailTo(email)));
  await page.getByLabel("Password", { exact: true }).fill(DEMO.replace("horse", "mule"));
  await page.getByRole("button", { name: "Confirm the address" }).click();
  await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
  await signIn(page, email, DEMO.replace("horse", "mule"));
  await page.getByRole("heading", { name: "Grace", exact: true }).waitFor();

  const elsewhere = await (await login(email, DEMO.replace("horse", "mule"))).json();
  await page.getByText("Change the password").first().click();
  await page
    .getByLabel("Current password", { exact: true })
    .first()
    .fill(DEMO.replace("horse", "mule"));
  await page.getByLabel("New password", { exact: true }).fill(NEW);
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("Your password is changed.").waitFor();
  await page.getByText("Only on this device.").waitFor();
  assert.equal((await me(elsewhere)).status, 401);
  assert.equal((await login(email, NEW)).status, 200);
  await page.reload();
  await page.getByRole("heading", { name: "Grace", exact: true }).waitFor();

  await page.getByText("Delete the account").click();
  await page.locator("#delete-password").fill(NEW);
  await page.getByRole("button", { name: "Delete my account for good" }).click();
  await page.getByRole("heading", { name: "Your account is deleted" }).waitFor();
  assert.equal((await login(email, NEW)).status, 401);
  await page.goto("/account");
  await page.waitForURL("**/sign-in?return_to=%2Faccount");
});

/** Waits until the queue has delivered a mail to this address. Returns its text. */
async function mailTo(email) {
  for (const begun = Date.now(); Date.now() - begun < 60_000; await sleep(200)) {
    const mail = (await edge.outbox()).find(({ to }) => to === email);
    if (mail) return mail.text;
  }
  throw new Error(`no mail came for ${email}`);
}
